// SPDX-License-Identifier: Apache-2.0
#include <atomic>
#include <chrono>
#include <gtest/gtest.h>
#include <thread>
#include <vector>

#include "../../../core/platform.h"

namespace {

constexpr int64_t millisecond = 10000; // in units of 100 ns

fm_deadline forever() {
    return {FM_FOREVER, 0};
}
fm_deadline within(int64_t milliseconds) {
    return {FM_MONOTONIC, fm_clock_monotonic() + milliseconds * millisecond};
}

struct Waiter : fm_waiter {
    Waiter() { fm_waiter_init(this); }
    ~Waiter() { fm_waiter_fini(this); }
    fm_wait_result wait(fm_deadline deadline) { return fm_waiter_wait(this, &deadline); }
};

TEST(PlatformWaiter, keepsAWakeThatComesBeforeTheWait) {
    Waiter waiter;
    fm_waiter_wake(&waiter);
    EXPECT_EQ(waiter.wait(forever()), FM_WOKEN);
    EXPECT_EQ(waiter.wait(within(1)), FM_TIMED_OUT) << "one wake ends one wait";
}

TEST(PlatformWaiter, countsSeveralWakesAsOne) {
    Waiter waiter;
    fm_waiter_wake(&waiter);
    fm_waiter_wake(&waiter);
    EXPECT_EQ(waiter.wait(forever()), FM_WOKEN);
    EXPECT_EQ(waiter.wait(within(1)), FM_TIMED_OUT);
}

TEST(PlatformWaiter, aDeadlineInThePastReturnsAtOnceAndStillTakesAWake) {
    Waiter waiter;
    EXPECT_EQ(waiter.wait({FM_MONOTONIC, 0}), FM_TIMED_OUT);
    EXPECT_EQ(waiter.wait({FM_REALTIME, 0}), FM_TIMED_OUT);
    fm_waiter_wake(&waiter);
    EXPECT_EQ(waiter.wait({FM_MONOTONIC, 0}), FM_WOKEN);
}

TEST(PlatformWaiter, waitsAtLeastUntilTheDeadline) {
    Waiter waiter;
    const int64_t monotonic = fm_clock_monotonic() + 30 * millisecond;
    EXPECT_EQ(waiter.wait({FM_MONOTONIC, monotonic}), FM_TIMED_OUT);
    EXPECT_GE(fm_clock_monotonic(), monotonic);
    const int64_t system = fm_clock_system() + 30 * millisecond;
    EXPECT_EQ(waiter.wait({FM_REALTIME, system}), FM_TIMED_OUT);
    EXPECT_GE(fm_clock_system(), system);
}

TEST(PlatformWaiter, losesNoWakeBetweenTwoThreads) {
    Waiter ping, pong;
    std::thread other([&] {
        for (int i = 0; i < 20000; i++) {
            EXPECT_EQ(ping.wait(forever()), FM_WOKEN);
            fm_waiter_wake(&pong);
        }
    });
    for (int i = 0; i < 20000; i++) {
        fm_waiter_wake(&ping);
        EXPECT_EQ(pong.wait(within(20000)), FM_WOKEN);
    }
    other.join();
}

TEST(PlatformWaiter, aWakeThatRacesTheTimeoutIsKeptOrTaken) {
    for (int i = 0; i < 300; i++) {
        Waiter waiter;
        std::thread waker([&] { fm_waiter_wake(&waiter); });
        const fm_wait_result first = waiter.wait({FM_MONOTONIC, fm_clock_monotonic() + i % 60});
        waker.join();
        const fm_wait_result second = waiter.wait({FM_MONOTONIC, 0});
        EXPECT_NE(first == FM_WOKEN, second == FM_WOKEN) << "exactly one wait takes the wake";
    }
}

TEST(PlatformMutex, letsOneThreadInAtATime) {
    fm_mutex mutex;
    fm_mutex_init(&mutex);
    int counter = 0;
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; t++) {
        threads.emplace_back([&] {
            for (int i = 0; i < 5000; i++) {
                fm_mutex_lock(&mutex);
                counter++;
                fm_mutex_unlock(&mutex);
            }
        });
    }
    for (auto &thread : threads) {
        thread.join();
    }
    EXPECT_EQ(counter, 20000);
    fm_mutex_fini(&mutex);
}

TEST(PlatformMemory, isZeroedAndAligned) {
    for (size_t size : {1u, 16u, 100u, 5000u}) {
        auto *memory = static_cast<unsigned char *>(fm_allocate(size));
        ASSERT_NE(memory, nullptr);
        EXPECT_EQ(reinterpret_cast<uintptr_t>(memory) % 16, 0u);
        for (size_t i = 0; i < size; i++) {
            ASSERT_EQ(memory[i], 0);
        }
        fm_release(memory);
    }
    fm_release(nullptr);
}

TEST(PlatformClock, systemTimeCountsFrom1601) {
    const auto unix_seconds =
        std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch()).count();
    EXPECT_NEAR(static_cast<double>(fm_clock_system()) / 1e7, static_cast<double>(unix_seconds) + 11644473600.0, 5);
}

} // namespace
