// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <cstring>
#include <thread>

#include "plain_kernel.h"
#include "ring_reader.h"

namespace {

// Writers against one reader. Outcomes of a write: it stands in the ring with the next number, or it is lost and its
// number is missing. Nothing else: no event twice, out of order, or half.
TEST(RingRace, manyWritersAndOneReaderAccountForEachEvent) {
    constexpr int kWriters = 6;
    constexpr RING_U64 kEach = 20000;
    RING ring;
    resetKernel();
    ASSERT_EQ(RingInit(&ring, 8192), STATUS_SUCCESS);
    RingReader reader(&ring);
    std::atomic<RING_U64> written{0};
    std::vector<std::thread> writers;
    for (int i = 0; i < kWriters; i++) {
        writers.emplace_back([&ring, &written, i] {
            char bytes[100];
            for (RING_U64 n = 0; n < kEach; n++) {
                const ULONG length = static_cast<ULONG>(n % sizeof(bytes));
                std::memset(bytes, static_cast<int>(n), length);
                if (RingWrite(&ring, static_cast<ULONG>(i), bytes, length / 2, bytes + length / 2,
                              length - length / 2) == STATUS_SUCCESS) {
                    written++;
                }
            }
        });
    }
    RING_U64 last = 0;
    RING_U64 read = 0;
    RING_U64 missing = 0;
    while (last < kWriters * kEach) {
        const auto lost = static_cast<RING_U64>(reader.lost()); // before what is published
        for (const RingRead &event : reader.read()) {
            ASSERT_GT(event.sequence, last);
            missing += event.sequence - last - 1;
            last = event.sequence;
            read++;
            ASSERT_EQ(event.bytes.find_first_not_of(event.bytes.empty() ? '\0' : event.bytes[0]), std::string::npos);
        }
        if (lost > last) {
            missing += lost - last;
            last = lost;
        }
        reader.commit();
    }
    for (std::thread &writer : writers) {
        writer.join();
    }
    EXPECT_EQ(read, written);
    EXPECT_EQ(read + missing, kWriters * kEach);
    RING_COUNTERS counters;
    RingQuery(&ring, &counters);
    EXPECT_EQ(counters.Refused, 0);
    EXPECT_TRUE(marginsAreIntact(ring));
    RingFini(&ring);
}

// The reader sleeps whenever there is nothing; a lost wake-up would leave it asleep for ever, and the test with it.
TEST(RingRace, noWakeUpIsLost) {
    constexpr RING_U64 kEvents = 20000;
    RING ring;
    PFLT_PORT port = nullptr;
    RING_VIEWS views;
    resetKernel();
    ASSERT_EQ(RingInit(&ring, 1 << 20), STATUS_SUCCESS);
    ASSERT_EQ(RingAttach(&ring, nullptr, &port, &views), STATUS_SUCCESS);
    RingReader reader(&ring);
    std::thread writer([&ring] {
        for (RING_U64 n = 0; n < kEvents; n++) {
            while (RingWrite(&ring, 0, &n, sizeof(n), nullptr, 0) != STATUS_SUCCESS) {
                std::this_thread::yield();
            }
            if (n % 3 == 0) {
                std::this_thread::yield();
            }
        }
    });
    const auto wakesOf = [](RING_U64 sleep) {
        std::lock_guard<std::mutex> guard(kernel.lock);
        return !kernel.wakes.empty() && kernel.wakes.back().Sleep == sleep;
    };
    RING_U64 read = 0;
    RING_U64 sleeps = 0;
    while (read < kEvents) {
        read += reader.read().size();
        reader.commit();
        reader.sleep(static_cast<LONG64>(++sleeps));
        __atomic_fetch_add(&reader.page()->Reserved1[0], 0, __ATOMIC_SEQ_CST);
        while (read < kEvents && reader.published() == reader.position() && !wakesOf(sleeps)) {
            std::this_thread::yield();
        }
        reader.sleep(0);
    }
    writer.join();
    RingDetach(&ring, &port);
    RingFini(&ring);
}

// Detach waits for a wake that is under way: afterwards nobody touches the port's place.
TEST(RingRace, afterDetachNobodyIsWoken) {
    RING ring;
    resetKernel();
    ASSERT_EQ(RingInit(&ring, 4096), STATUS_SUCCESS);
    RingReader reader(&ring);
    std::atomic<bool> stop{false};
    std::thread writer([&] {
        for (LONG64 n = 1; !stop; n++) {
            reader.sleep(n);
            RingWrite(&ring, 0, nullptr, 0, nullptr, 0);
        }
    });
    for (int i = 0; i < 300; i++) {
        PFLT_PORT port = nullptr;
        RING_VIEWS views;
        ASSERT_EQ(RingAttach(&ring, nullptr, &port, &views), STATUS_SUCCESS);
        RingDetach(&ring, &port);
        std::lock_guard<std::mutex> guard(kernel.lock);
        kernel.woken.clear();
        kernel.wakes.clear();
    }
    std::this_thread::yield();
    {
        std::lock_guard<std::mutex> guard(kernel.lock);
        EXPECT_TRUE(kernel.woken.empty());
    }
    stop = true;
    writer.join();
    RingFini(&ring);
}

} // namespace
