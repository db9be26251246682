// SPDX-License-Identifier: Apache-2.0
#include <atomic>
#include <fltKernel.h>
#include <gtest/gtest.h>
#include <thread>
#include <vector>

namespace {

template <class Body>
void inThreads(int count, Body body) {
    std::vector<std::thread> threads;
    for (int i = 0; i < count; i++) {
        threads.emplace_back(body, i);
    }
    for (auto &thread : threads) {
        thread.join();
    }
}

TEST(FastMutex, letsOneThreadInAtATime) {
    FAST_MUTEX mutex;
    ExInitializeFastMutex(&mutex);
    int counter = 0;
    inThreads(4, [&](int) {
        for (int i = 0; i < 3000; i++) {
            ExAcquireFastMutex(&mutex);
            counter++;
            ExReleaseFastMutex(&mutex);
        }
    });
    EXPECT_EQ(counter, 12000);
    EXPECT_TRUE(ExTryToAcquireFastMutex(&mutex));
    std::thread([&] { EXPECT_FALSE(ExTryToAcquireFastMutex(&mutex)); }).join();
    ExReleaseFastMutex(&mutex);
}

TEST(FastMutexDeathTest, isNotRecursive) {
    testing::FLAGS_gtest_death_test_style = "threadsafe";
    FAST_MUTEX mutex;
    ExInitializeFastMutex(&mutex);
    ExAcquireFastMutex(&mutex);
    EXPECT_DEATH(ExAcquireFastMutex(&mutex), "not recursive");
    ExReleaseFastMutex(&mutex);
    EXPECT_DEATH(ExReleaseFastMutex(&mutex), "does not hold");
}

TEST(SpinLock, letsOneThreadInAtATime) {
    KSPIN_LOCK lock;
    KeInitializeSpinLock(&lock);
    int counter = 0;
    inThreads(4, [&](int) {
        for (int i = 0; i < 3000; i++) {
            KIRQL irql;
            KeAcquireSpinLock(&lock, &irql);
            counter++;
            KeReleaseSpinLock(&lock, irql);
        }
    });
    EXPECT_EQ(counter, 12000);
}

TEST(PushLock, letsReadersInTogetherAndWritersAlone) {
    EX_PUSH_LOCK lock;
    FltInitializePushLock(&lock);
    FltAcquirePushLockShared(&lock);
    std::thread([&] {
        FltAcquirePushLockShared(&lock);
        FltReleasePushLock(&lock);
    }).join();
    FltReleasePushLock(&lock);
    int value = 0;
    std::atomic<int> wrong{0};
    inThreads(4, [&](int number) {
        for (int i = 0; i < 2000; i++) {
            if (number == 0) {
                FltAcquirePushLockExclusive(&lock);
                value++;
                value++;
                FltReleasePushLock(&lock);
            } else {
                FltAcquirePushLockShared(&lock);
                wrong += value % 2;
                FltReleasePushLock(&lock);
            }
        }
    });
    EXPECT_EQ(value, 4000);
    EXPECT_EQ(wrong, 0);
    FltDeletePushLock(&lock);
}

TEST(Resource, isRecursiveForItsOwner) {
    ERESOURCE resource;
    ASSERT_EQ(ExInitializeResourceLite(&resource), STATUS_SUCCESS);
    FltAcquireResourceExclusive(&resource);
    EXPECT_TRUE(ExAcquireResourceExclusiveLite(&resource, FALSE));
    EXPECT_TRUE(ExAcquireResourceSharedLite(&resource, FALSE));
    std::thread([&] { EXPECT_FALSE(ExAcquireResourceSharedLite(&resource, FALSE)); }).join();
    FltReleaseResource(&resource);
    FltReleaseResource(&resource);
    FltReleaseResource(&resource);
    std::thread([&] {
        EXPECT_TRUE(ExAcquireResourceExclusiveLite(&resource, FALSE));
        ExReleaseResourceLite(&resource);
    }).join();
    EXPECT_EQ(ExDeleteResourceLite(&resource), STATUS_SUCCESS);
}

TEST(Resource, wakesWhoWaits) {
    ERESOURCE resource;
    ASSERT_EQ(ExInitializeResourceLite(&resource), STATUS_SUCCESS);
    int counter = 0;
    inThreads(3, [&](int) {
        for (int i = 0; i < 1000; i++) {
            FltAcquireResourceExclusive(&resource);
            counter++;
            FltReleaseResource(&resource);
            FltAcquireResourceShared(&resource);
            FltReleaseResource(&resource);
        }
    });
    EXPECT_EQ(counter, 3000);
    EXPECT_EQ(ExDeleteResourceLite(&resource), STATUS_SUCCESS);
}

TEST(Rundown, waitsForTheLastAndRefusesTheNext) {
    EX_RUNDOWN_REF rundown;
    ExInitializeRundownProtection(&rundown);
    std::atomic<bool> released{false};
    ASSERT_TRUE(ExAcquireRundownProtection(&rundown));
    std::thread holder([&] {
        while (ExAcquireRundownProtection(&rundown)) {
            ExReleaseRundownProtection(&rundown);
        }
        released = true;
        ExReleaseRundownProtection(&rundown);
    });
    ExWaitForRundownProtectionRelease(&rundown);
    EXPECT_TRUE(released);
    EXPECT_FALSE(ExAcquireRundownProtection(&rundown));
    holder.join();
}

} // namespace
