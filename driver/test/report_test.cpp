// SPDX-License-Identifier: Apache-2.0
//
// Reports through an event ring.

#include "driver_fixture.h"
#include "ring/ring_format.h"

namespace {

class Report : public Driver {
  protected:
    NTSTATUS openRing(const Client &client, FP_U32 length, RING_VIEWS *views) {
        FP_OPEN_RING in{{FP_MAGIC, FP_PROTOCOL_VERSION, FP_COMMAND_OPEN_RING, sizeof(in), 0}, length, 0};
        return command(client, &in, sizeof(in), views);
    }
    static RING_PRODUCER *ring(const RING_VIEWS &views) {
        return reinterpret_cast<RING_PRODUCER *>(ULONG_PTR{views.Producer});
    }
    static const RING_RECORD *record(const RING_VIEWS &views, size_t position = 0) {
        return reinterpret_cast<const RING_RECORD *>(reinterpret_cast<const char *>(ring(views)) +
                                                     ring(views)->DataOffset + position);
    }
    static const FP_EVENT *eventOf(const RING_RECORD *record) { return reinterpret_cast<const FP_EVENT *>(record + 1); }
};

TEST_F(Report, goes_into_the_ring_once_there_is_one_and_no_message_is_sent) {
    const Client watcher = observer();
    RING_VIEWS views{};
    ASSERT_EQ(openRing(watcher, FP_MIN_RING_BYTES, &views), STATUS_SUCCESS);
    EXPECT_EQ(views.Magic, RING_VIEWS_MAGIC);
    Open open;
    EXPECT_EQ(open.run(), STATUS_SUCCESS);
    EXPECT_TRUE(kernel.sent.empty());
    EXPECT_GT(ring(views)->Published, 0);
    EXPECT_EQ(record(views)->Kind, FP_KIND_OPEN);
    EXPECT_EQ(record(views)->Sequence, 1u);
    EXPECT_EQ(eventOf(record(views))->Magic, FP_MAGIC);
    EXPECT_EQ(eventOf(record(views))->Size, record(views)->Length);
    EXPECT_EQ(eventOf(record(views))->Outcome, FP_OUTCOME_NO_CLIENT);
    EXPECT_NE(eventOf(record(views))->Flags & FP_EVENT_REPORT, 0u);
    EXPECT_EQ(counters().Reported, 1u);
}

TEST_F(Report, wakes_a_reader_that_sleeps) {
    const Client watcher = observer();
    RING_VIEWS views{};
    ASSERT_EQ(openRing(watcher, FP_MIN_RING_BYTES, &views), STATUS_SUCCESS);
    reinterpret_cast<RING_CONSUMER *>(ULONG_PTR{views.Consumer})->Sleeping = 1;
    Open open;
    EXPECT_EQ(open.run(), STATUS_SUCCESS);
    ASSERT_EQ(kernel.sent.size(), 1u);
    EXPECT_EQ(kernel.sent[0].port, watcher.port);
    EXPECT_EQ(kernel.sent[0].bytes.size(), sizeof(RING_WAKE));
    EXPECT_EQ(kernel.sent[0].timeout, 0);
}

TEST_F(Report, that_finds_the_ring_full_is_counted) {
    RING_VIEWS views{};
    ASSERT_EQ(openRing(observer(), FP_MIN_RING_BYTES, &views), STATUS_SUCCESS);
    for (int i = 0; i < 200; i++) {
        Open open;
        EXPECT_EQ(open.run(), STATUS_SUCCESS);
    }
    const FP_COUNTERS c = counters();
    EXPECT_GT(c.Reported, 0u);
    EXPECT_GT(c.ReportsLost, 0u);
    EXPECT_EQ(c.Reported + c.ReportsLost, 200u);
    EXPECT_EQ(static_cast<FP_U64>(ring(views)->Dropped), c.ReportsLost);
    EXPECT_EQ(ring(views)->Lost, 200);
}

TEST_F(Report, cuts_the_path_to_what_a_ring_takes) {
    kernel.name.assign(9000, u'x');
    RING_VIEWS views{};
    ASSERT_EQ(openRing(observer(), FP_MIN_RING_BYTES, &views), STATUS_SUCCESS);
    Open open;
    EXPECT_EQ(open.run(), STATUS_SUCCESS);
    EXPECT_EQ(record(views)->Kind, FP_KIND_OPEN);
    EXPECT_NE(eventOf(record(views))->Flags & FP_EVENT_PATH_CUT, 0u);
    EXPECT_LE(record(views)->Length, ring(views)->LongestEvent);
}

TEST_F(Report, that_could_not_be_made_is_a_gap) {
    RING_VIEWS views{};
    ASSERT_EQ(openRing(observer(), FP_MIN_RING_BYTES, &views), STATUS_SUCCESS);
    kernel.poolIsEmpty = true;
    Open open;
    EXPECT_EQ(open.run(), STATUS_SUCCESS);
    kernel.poolIsEmpty = false;
    EXPECT_EQ(record(views)->Kind, RING_KIND_NOT_MADE);
    EXPECT_EQ(counters().ReportsLost, 1u);
}

TEST_F(Report, ring_is_for_observers_one_each_and_of_a_fitting_length) {
    RING_VIEWS views{};
    EXPECT_EQ(openRing(decider(), FP_MIN_RING_BYTES, &views), STATUS_ACCESS_DENIED);
    const Client watcher = observer();
    for (FP_U32 length : {0u, 1u, FP_MIN_RING_BYTES / 2, FP_MIN_RING_BYTES + 16, FP_MAX_RING_BYTES * 2}) {
        EXPECT_EQ(openRing(watcher, length, &views), STATUS_INVALID_PARAMETER) << length;
    }
    kernel.poolIsEmpty = true;
    EXPECT_EQ(openRing(watcher, FP_MIN_RING_BYTES, &views), STATUS_INSUFFICIENT_RESOURCES);
    kernel.poolIsEmpty = false;
    kernel.mapStatus = STATUS_INSUFFICIENT_RESOURCES;
    EXPECT_EQ(openRing(watcher, FP_MIN_RING_BYTES, &views), STATUS_INSUFFICIENT_RESOURCES);
    kernel.mapStatus = STATUS_SUCCESS;
    EXPECT_EQ(kernel.sections, 0);
    EXPECT_EQ(openRing(watcher, FP_MIN_RING_BYTES, &views), STATUS_SUCCESS);
    EXPECT_EQ(openRing(watcher, FP_MIN_RING_BYTES, &views), STATUS_SHARING_VIOLATION);
    EXPECT_EQ(openRing(observer(), FP_MIN_RING_BYTES, &views), STATUS_SUCCESS);
    EXPECT_EQ(kernel.sections, 4);
    disconnect(watcher);
    EXPECT_EQ(kernel.sections, 2);
}

} // namespace
