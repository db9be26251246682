// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <cstring>
#include <random>

#include "plain_kernel.h"
#include "ring_reader.h"

namespace {

constexpr ULONG kLength = 4096;

class Ring : public testing::Test {
  protected:
    void SetUp() override {
        resetKernel();
        ASSERT_EQ(RingInit(&ring_, kLength), STATUS_SUCCESS);
    }
    void TearDown() override {
        EXPECT_TRUE(marginsAreIntact(ring_));
        RingFini(&ring_);
        EXPECT_EQ(kernel.memories, 0);
    }

    RING_VIEWS attach() {
        RING_VIEWS views;
        EXPECT_EQ(RingAttach(&ring_, filter_, &port_, &views), STATUS_SUCCESS);
        return views;
    }
    void detach() { RingDetach(&ring_, &port_); }

    NTSTATUS write(const std::string &bytes, ULONG kind = 7) {
        return RingWrite(&ring_, kind, bytes.data(), static_cast<ULONG>(bytes.size()), nullptr, 0);
    }
    RING_COUNTERS counters() {
        RING_COUNTERS counters;
        RingQuery(&ring_, &counters);
        return counters;
    }
    /** Until one is lost; how many got in. */
    int fill(size_t length) {
        int count = 0;
        while (write(std::string(length, 'x')) == STATUS_SUCCESS) {
            count++;
        }
        return count;
    }

    RING ring_;
    PFLT_FILTER filter_ = reinterpret_cast<PFLT_FILTER>(0x10);
    PFLT_PORT port_ = reinterpret_cast<PFLT_PORT>(0x20);
};

TEST_F(Ring, eventsHaveKindNumberAndBytes) {
    RingReader reader(&ring_);
    EXPECT_EQ(RingWrite(&ring_, 1, "head", 4, "tail", 4), STATUS_SUCCESS);
    EXPECT_EQ(RingWrite(&ring_, 2, nullptr, 0, "only", 4), STATUS_SUCCESS);
    EXPECT_EQ(RingWrite(&ring_, 3, nullptr, 0, nullptr, 0), STATUS_SUCCESS);
    auto events = reader.read();
    ASSERT_EQ(events.size(), 3u);
    EXPECT_EQ(events[0].kind, 1u);
    EXPECT_EQ(events[0].sequence, 1u);
    EXPECT_EQ(events[0].bytes, "headtail");
    EXPECT_EQ(events[1].bytes, "only");
    EXPECT_EQ(events[2].bytes, "");
    EXPECT_EQ(events[2].sequence, 3u);
}

TEST_F(Ring, isInitialisedWithAPowerOfTwoOnly) {
    for (ULONG length : {0u, 1u, 2048u, 4097u, 6144u, 0x80000000u}) {
        RING other;
        EXPECT_EQ(RingInit(&other, length), STATUS_INVALID_PARAMETER) << length;
        RingFini(&other);
    }
    RING other;
    kernel.memoryIsShort = true;
    EXPECT_EQ(RingInit(&other, kLength), STATUS_INSUFFICIENT_RESOURCES);
    RingFini(&other);
}

TEST_F(Ring, fullDropsTheNewEventAndCountsIt) {
    RingReader reader(&ring_);
    int fitted = fill(48);
    EXPECT_EQ(fitted, 4096 / 64);
    EXPECT_EQ(write("x"), STATUS_INSUFFICIENT_RESOURCES);
    EXPECT_EQ(counters().Dropped, 2);
    EXPECT_EQ(counters().Events, fitted + 2);
    EXPECT_EQ(counters().Unread, 4096);
    EXPECT_EQ(reader.lost(), fitted + 2);
    EXPECT_EQ(reader.read().back().sequence, static_cast<RING_U64>(fitted));
}

TEST_F(Ring, aLossIsAGapInTheNumbers) {
    RingReader reader(&ring_);
    auto fitted = static_cast<RING_U64>(fill(48));
    reader.read();
    reader.commit();
    EXPECT_EQ(write("next"), STATUS_SUCCESS);
    auto events = reader.read();
    ASSERT_EQ(events.size(), 1u);
    EXPECT_EQ(events[0].sequence, fitted + 2);
}

TEST_F(Ring, eventsOfEachLengthPassTheEnd) {
    RingReader reader(&ring_);
    RING_U64 sequence = 0;
    for (size_t length = 0; length <= ring_.LongestEvent; length++) {
        std::string bytes(length, static_cast<char>(length));
        ASSERT_EQ(write(bytes), STATUS_SUCCESS) << length;
        auto events = reader.read();
        ASSERT_EQ(events.size(), 1u);
        ASSERT_EQ(events[0].bytes, bytes);
        ASSERT_EQ(events[0].sequence, ++sequence);
        reader.commit();
    }
    EXPECT_EQ(counters().Refused, 0);
}

TEST_F(Ring, whatIsTooLongLeavesAMark) {
    RingReader reader(&ring_);
    EXPECT_EQ(write(std::string(ring_.LongestEvent + 1, 'x')), STATUS_INVALID_BUFFER_SIZE);
    EXPECT_EQ(RingWrite(&ring_, 1, "x", 0xFFFFFFFF, "x", 0xFFFFFFFF), STATUS_INVALID_BUFFER_SIZE);
    RingLose(&ring_);
    auto events = reader.read();
    ASSERT_EQ(events.size(), 3u);
    EXPECT_EQ(events[0].kind, RING_KIND_TOO_LONG);
    EXPECT_EQ(events[1].kind, RING_KIND_TOO_LONG);
    EXPECT_EQ(events[2].kind, RING_KIND_NOT_MADE);
    EXPECT_EQ(events[2].sequence, 3u);
}

TEST_F(Ring, manyAtOnceAreSeenTogether) {
    RingReader reader(&ring_);
    RING_EVENT events[] = {{1, 4, "four"}, {2, ring_.LongestEvent + 1, "never read"}, {3, 0, nullptr}};
    ULONG written = 99;
    EXPECT_EQ(RingWriteMany(&ring_, events, 3, &written), STATUS_INVALID_BUFFER_SIZE);
    EXPECT_EQ(written, 2u);
    auto read = reader.read();
    ASSERT_EQ(read.size(), 3u);
    EXPECT_EQ(read[0].bytes, "four");
    EXPECT_EQ(read[1].kind, RING_KIND_TOO_LONG);
    EXPECT_EQ(read[2].sequence, 3u);
    EXPECT_EQ(RingWriteMany(&ring_, events, 0, nullptr), STATUS_SUCCESS);
}

TEST_F(Ring, whatTheReaderSaysIsCheckedAndOtherwiseNotHeard) {
    RingReader reader(&ring_);
    int fitted = fill(48);
    reader.read();
    const LONG64 tail = reader.position();
    for (LONG64 nonsense : {LONG64{-16}, tail + 16, tail - 8, LONG64{1}, LONG64{INT64_MIN}, LONG64{INT64_MAX}}) {
        reader.consume(nonsense);
        EXPECT_EQ(write("x"), STATUS_INSUFFICIENT_RESOURCES) << nonsense;
    }
    EXPECT_EQ(counters().Dropped, 1 + 6);
    EXPECT_GE(counters().Refused, 6);
    reader.consume(tail);
    EXPECT_EQ(fill(48), fitted);
    reader.consume(0); // back to where it was
    EXPECT_EQ(write("x"), STATUS_INSUFFICIENT_RESOURCES);
}

TEST_F(Ring, aReaderThatScribblesOverItsPageHarmsItselfAlone) {
    RingReader reader(&ring_);
    std::mt19937_64 random(4711);
    attach();
    for (int i = 0; i < 20000; i++) {
        auto *words = reinterpret_cast<LONG64 *>(reader.page());
        auto value = static_cast<LONG64>(random());
        for (unsigned j = 0; j < sizeof(RING_CONSUMER) / sizeof(LONG64); j++) {
            __atomic_store_n(&words[j], random() % 4 == 0 ? value & 0xFFF0 : value, __ATOMIC_RELAXED);
        }
        write(std::string(random() % 600, 'x'));
        ASSERT_LE(counters().Unread, counters().Capacity);
        ASSERT_GE(counters().Unread, 0);
    }
    EXPECT_EQ(counters().Events, 20000);
    detach();
}

TEST_F(Ring, aSleepingReaderIsWokenOnceForEachSleep) {
    RingReader reader(&ring_);
    attach();
    write("awake");
    EXPECT_TRUE(kernel.wakes.empty());
    reader.sleep(1);
    write("one");
    write("two");
    ASSERT_EQ(kernel.wakes.size(), 1u);
    EXPECT_EQ(kernel.wakes[0].Magic, RING_WAKE_MAGIC);
    EXPECT_EQ(kernel.wakes[0].Sleep, 1u);
    EXPECT_EQ(kernel.woken[0], &port_);
    reader.sleep(0);
    write("awake");
    EXPECT_EQ(kernel.wakes.size(), 1u);
    reader.sleep(2);
    RING_EVENT events[] = {{1, 4, "many"}, {2, 2, "at"}};
    RingWriteMany(&ring_, events, 2, nullptr);
    EXPECT_EQ(kernel.wakes.size(), 2u);
    reader.sleep(3);
    RingLose(&ring_);
    EXPECT_EQ(kernel.wakes.size(), 3u);
    detach();
}

TEST_F(Ring, aReaderThatSleepsOnAFullRingLearnsOfTheLoss) {
    RingReader reader(&ring_);
    attach();
    fill(48);
    reader.sleep(1);
    EXPECT_EQ(write("x"), STATUS_INSUFFICIENT_RESOURCES);
    EXPECT_EQ(kernel.wakes.size(), 1u);
    detach();
}

TEST_F(Ring, nobodyIsWokenBeforeAttachAndAfterDetach) {
    RingReader reader(&ring_);
    reader.sleep(1);
    write("x");
    EXPECT_TRUE(kernel.wakes.empty());
    attach();
    detach();
    reader.sleep(2);
    write("x");
    EXPECT_TRUE(kernel.wakes.empty());
}

TEST_F(Ring, detachOfAnEarlierReaderLeavesTheLaterOne) {
    PFLT_PORT other = reinterpret_cast<PFLT_PORT>(0x30);
    RING_VIEWS views;
    attach();
    ASSERT_EQ(RingAttach(&ring_, filter_, &other, &views), STATUS_SUCCESS);
    detach();
    RingReader(&ring_).sleep(5);
    write("x");
    ASSERT_EQ(kernel.woken.size(), 1u);
    EXPECT_EQ(kernel.woken[0], &other);
    RingDetach(&ring_, &other);
}

TEST_F(Ring, aFailedMappingAttachesNobody) {
    RING_VIEWS views;
    kernel.mapStatus = STATUS_INSUFFICIENT_RESOURCES;
    EXPECT_EQ(RingAttach(&ring_, filter_, &port_, &views), STATUS_INSUFFICIENT_RESOURCES);
    RingReader(&ring_).sleep(1);
    write("x");
    EXPECT_TRUE(kernel.wakes.empty());
}

TEST_F(Ring, theNextReaderBeginsBehindTheLastCommitThatMadeSense) {
    RingReader reader(&ring_);
    EXPECT_EQ(attach().Position, 0u);
    write("one");
    reader.read();
    reader.commit();
    const auto committed = static_cast<RING_U64>(reader.position());
    write("two");
    detach();
    reader.consume(INT64_MAX - 15);
    EXPECT_EQ(attach().Position, committed);
    detach();
}

TEST_F(Ring, theNextReaderMayCountItsSleepsAnew) {
    RingReader reader(&ring_);
    attach();
    reader.sleep(1);
    write("x");
    detach();
    attach();
    reader.sleep(1);
    write("x");
    EXPECT_EQ(kernel.wakes.size(), 2u);
    detach();
}

TEST_F(Ring, closeWakesTheReaderAndEndsWriting) {
    RingReader reader(&ring_);
    attach();
    write("last");
    reader.sleep(1);
    RingClose(&ring_);
    RingClose(&ring_);
    EXPECT_EQ(kernel.wakes.size(), 1u);
    EXPECT_EQ(ring_.Producer->State, RING_CLOSED);
    EXPECT_EQ(write("x"), STATUS_PORT_DISCONNECTED);
    RING_EVENT event = {1, 0, nullptr};
    ULONG written = 1;
    EXPECT_EQ(RingWriteMany(&ring_, &event, 1, &written), STATUS_PORT_DISCONNECTED);
    EXPECT_EQ(written, 0u);
    RingLose(&ring_);
    EXPECT_EQ(counters().Events, 1);
    EXPECT_EQ(reader.read().size(), 1u);
    detach();
    RING_VIEWS views;
    EXPECT_EQ(RingAttach(&ring_, filter_, &port_, &views), STATUS_PORT_DISCONNECTED);
}

} // namespace
