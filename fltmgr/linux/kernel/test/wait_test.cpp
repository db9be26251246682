// SPDX-License-Identifier: Apache-2.0
#include <atomic>
#include <fltKernel.h>
#include <gtest/gtest.h>
#include <thread>
#include <unistd.h>
#include <vector>

extern "C" {
#include "../../host/requestor.h"
#include "../process.h"
}

namespace {

constexpr LONGLONG millisecond = 10000;

NTSTATUS wait(void *object) {
    return KeWaitForSingleObject(object, Executive, KernelMode, FALSE, nullptr);
}
NTSTATUS wait(void *object, LONGLONG timeout) {
    LARGE_INTEGER limit;
    limit.QuadPart = timeout;
    return KeWaitForSingleObject(object, Executive, KernelMode, FALSE, &limit);
}

TEST(KernelEvent, notificationLetsEverybodyThroughUntilItIsReset) {
    KEVENT event;
    KeInitializeEvent(&event, NotificationEvent, FALSE);
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; i++) {
        threads.emplace_back([&] { EXPECT_EQ(wait(&event), STATUS_SUCCESS); });
    }
    EXPECT_EQ(KeSetEvent(&event, 0, FALSE), 0);
    for (auto &thread : threads) {
        thread.join();
    }
    EXPECT_EQ(wait(&event, 0), STATUS_SUCCESS);
    EXPECT_EQ(KeResetEvent(&event), 1);
    EXPECT_EQ(wait(&event, 0), STATUS_TIMEOUT);
}

TEST(KernelEvent, synchronizationLetsOneThroughEachTime) {
    KEVENT event;
    KeInitializeEvent(&event, SynchronizationEvent, TRUE);
    EXPECT_EQ(wait(&event, 0), STATUS_SUCCESS);
    EXPECT_EQ(wait(&event, 0), STATUS_TIMEOUT);
    std::atomic<int> passed{0};
    std::vector<std::thread> threads;
    for (int i = 0; i < 3; i++) {
        threads.emplace_back([&] {
            EXPECT_EQ(wait(&event), STATUS_SUCCESS);
            passed++;
            KeSetEvent(&event, 0, FALSE);
        });
    }
    KeSetEvent(&event, 0, FALSE);
    for (auto &thread : threads) {
        thread.join();
    }
    EXPECT_EQ(passed, 3);
    EXPECT_EQ(KeReadStateEvent(&event), 1);
}

TEST(KernelEvent, timeOutIsRelativeWhenNegativeAndASystemTimeWhenPositive) {
    KEVENT event;
    KeInitializeEvent(&event, NotificationEvent, FALSE);
    LARGE_INTEGER before, after;
    KeQuerySystemTime(&before);
    EXPECT_EQ(wait(&event, -20 * millisecond), STATUS_TIMEOUT);
    KeQuerySystemTime(&after);
    EXPECT_GE(after.QuadPart - before.QuadPart, 20 * millisecond);
    EXPECT_EQ(wait(&event, after.QuadPart + 20 * millisecond), STATUS_TIMEOUT);
    EXPECT_EQ(wait(&event, 1), STATUS_TIMEOUT) << "long ago";
}

TEST(KernelEvent, aSetThatRacesTheTimeOutIsTakenOnce) {
    for (int i = 0; i < 200; i++) {
        KEVENT event;
        KeInitializeEvent(&event, SynchronizationEvent, FALSE);
        std::thread setter([&] { KeSetEvent(&event, 0, FALSE); });
        const NTSTATUS first = wait(&event, -(i % 80));
        setter.join();
        const NTSTATUS second = wait(&event, 0);
        EXPECT_NE(first == STATUS_SUCCESS, second == STATUS_SUCCESS);
    }
}

TEST(KernelSemaphore, countsDownToZero) {
    KSEMAPHORE semaphore;
    KeInitializeSemaphore(&semaphore, 1, 3);
    EXPECT_EQ(wait(&semaphore, 0), STATUS_SUCCESS);
    EXPECT_EQ(wait(&semaphore, 0), STATUS_TIMEOUT);
    EXPECT_EQ(KeReleaseSemaphore(&semaphore, 0, 2, FALSE), 0);
    EXPECT_EQ(wait(&semaphore), STATUS_SUCCESS);
    EXPECT_EQ(wait(&semaphore), STATUS_SUCCESS);
    EXPECT_EQ(wait(&semaphore, 0), STATUS_TIMEOUT);
}

struct Started {
    std::atomic<ULONG_PTR> thread_id{0};
    std::atomic<bool> system{false};
    bool terminate = false;
};

VOID NTAPI threadMain(PVOID context) {
    auto *started = static_cast<Started *>(context);
    started->thread_id = reinterpret_cast<ULONG_PTR>(PsGetCurrentThreadId());
    started->system = PsIsSystemThread(PsGetCurrentThread()) != FALSE;
    if (started->terminate) {
        PsTerminateSystemThread(STATUS_SUCCESS);
    }
}

class SystemThread : public testing::TestWithParam<bool> {
  protected:
    void SetUp() override { fm_requestors_init(); }
    void TearDown() override { fm_requestors_fini(); }
};

TEST_P(SystemThread, canBeWaitedForByItsObject) {
    Started started;
    started.terminate = GetParam();
    HANDLE handle = nullptr;
    CLIENT_ID id{};
    ASSERT_EQ(PsCreateSystemThread(&handle, THREAD_ALL_ACCESS, nullptr, nullptr, &id, threadMain, &started),
              STATUS_SUCCESS);
    PVOID object = nullptr;
    EXPECT_EQ(ObReferenceObjectByHandle(handle, THREAD_ALL_ACCESS, *PsProcessType, KernelMode, &object, nullptr),
              STATUS_OBJECT_TYPE_MISMATCH);
    ASSERT_EQ(ObReferenceObjectByHandle(handle, THREAD_ALL_ACCESS, *PsThreadType, KernelMode, &object, nullptr),
              STATUS_SUCCESS);
    EXPECT_EQ(ZwClose(handle), STATUS_SUCCESS);
    EXPECT_EQ(ZwClose(handle), STATUS_INVALID_HANDLE);
    EXPECT_EQ(wait(object), STATUS_SUCCESS);
    EXPECT_EQ(started.thread_id, reinterpret_cast<ULONG_PTR>(id.UniqueThread));
    EXPECT_TRUE(started.system);
    EXPECT_EQ(reinterpret_cast<ULONG_PTR>(id.UniqueProcess), static_cast<ULONG_PTR>(getpid()));
    ObDereferenceObject(object);
    EXPECT_EQ(fm_system_threads(), 0u);
}

INSTANTIATE_TEST_SUITE_P(, SystemThread, testing::Bool(),
                         [](const auto &test) { return test.param ? "terminates" : "returns"; });

} // namespace
