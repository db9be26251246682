// SPDX-License-Identifier: Apache-2.0
//
// What a question carries, and every way it can end.

#include "driver_fixture.h"

namespace {

using Ask = Driver;

TEST_F(Ask, a_question_says_what_is_opened_by_whom_and_until_when) {
    decider();
    answer(FP_VERDICT_ALLOW);
    Open open;
    open.information = FILE_CREATED;
    open.disposition = FILE_OPEN_IF;
    EXPECT_EQ(open.run(), STATUS_SUCCESS);
    ASSERT_EQ(kernel.sent.size(), 1u);
    const FP_EVENT &e = event(0);
    EXPECT_EQ(e.Magic, FP_MAGIC);
    EXPECT_EQ(e.Version, FP_PROTOCOL_VERSION);
    EXPECT_EQ(e.Kind, FP_KIND_OPEN);
    EXPECT_EQ(e.Size, kernel.sent[0].bytes.size());
    EXPECT_EQ(e.Flags, FP_EVENT_HAS_FILE_ID | FP_EVENT_CREATED);
    EXPECT_EQ(e.Sequence, 1u);
    EXPECT_EQ(e.Deadline - e.Time, FP_DEFAULT_TIMEOUT_MILLISECONDS * 10000u);
    EXPECT_EQ(kernel.sent[0].timeout, -static_cast<LONGLONG>(FP_DEFAULT_TIMEOUT_MILLISECONDS) * 10000);
    EXPECT_EQ(e.ProcessId, 200u);
    EXPECT_EQ(e.ProcessStart, 2000u);
    EXPECT_EQ(e.ThreadId, 201u);
    EXPECT_EQ(e.FileId, 4711u);
    EXPECT_EQ(e.FileSize, 7u);
    EXPECT_EQ(e.DesiredAccess, FILE_READ_DATA);
    EXPECT_EQ(e.Disposition, FILE_OPEN_IF);
    EXPECT_EQ(e.CreateOptions, FILE_NON_DIRECTORY_FILE);
    EXPECT_EQ(e.Outcome, FP_OUTCOME_NONE);
    EXPECT_EQ(path(0), kernel.name);
    EXPECT_EQ(e.ContentLength, 0u);
}

TEST_F(Ask, content_comes_where_the_policy_wants_it) {
    const Client client = decider();
    answer(FP_VERDICT_ALLOW);
    ASSERT_EQ(setPolicy(client, FP_KIND_OPEN, policy(FP_ACTION_ALLOW, 1000)), STATUS_SUCCESS);
    Open open;
    kernel.content = std::string(1000, 'a');
    EXPECT_EQ(open.run(), STATUS_SUCCESS);
    EXPECT_EQ(content(0), kernel.content);
    EXPECT_EQ(event(0).Flags, FP_EVENT_HAS_FILE_ID);
    kernel.content = std::string(100000, 'b');
    EXPECT_EQ(open.run(), STATUS_SUCCESS);
    EXPECT_EQ(content(1), std::string(1000, 'b'));
    EXPECT_EQ(event(1).Flags, FP_EVENT_HAS_FILE_ID | FP_EVENT_CONTENT_CUT);
    kernel.content.clear();
    EXPECT_EQ(open.run(), STATUS_SUCCESS);
    EXPECT_EQ(event(2).ContentLength, 0u);
    EXPECT_EQ(event(2).ContentOffset, 0u);
    EXPECT_EQ(event(2).Size, event(2).PathOffset + event(2).PathLength);
    EXPECT_EQ(event(2).Flags, FP_EVENT_HAS_FILE_ID) << "an empty file is read, not failed";
}

TEST_F(Ask, unreadable_content_is_said_and_the_question_still_asked) {
    const Client client = decider();
    answer(FP_VERDICT_ALLOW);
    ASSERT_EQ(setPolicy(client, FP_KIND_OPEN, policy(FP_ACTION_DENY, 65536)), STATUS_SUCCESS);
    kernel.readStatus = STATUS_IO_DEVICE_ERROR;
    Open open;
    EXPECT_EQ(open.run(), STATUS_SUCCESS);
    kernel.readStatus = STATUS_SUCCESS;
    open.result = STATUS_OPLOCK_BREAK_IN_PROGRESS;
    EXPECT_EQ(open.run(), STATUS_OPLOCK_BREAK_IN_PROGRESS);
    for (size_t i : {0u, 1u}) {
        EXPECT_EQ(event(i).Flags & FP_EVENT_CONTENT_FAILED, FP_EVENT_CONTENT_FAILED);
        EXPECT_EQ(event(i).ContentLength, 0u);
    }
}

TEST_F(Ask, events_are_cut_to_what_the_client_can_receive) {
    const Client client = decider(0, 512);
    answer(FP_VERDICT_ALLOW);
    ASSERT_EQ(setPolicy(client, FP_KIND_OPEN, policy(FP_ACTION_DENY, 65536)), STATUS_SUCCESS);
    kernel.name = std::u16string(30000, u'x');
    kernel.content = std::string(5000, 'c');
    Open open;
    EXPECT_EQ(open.run(), STATUS_SUCCESS);
    EXPECT_EQ(event(0).Size, 512u);
    EXPECT_EQ(path(0), std::u16string(192, u'x'));
    EXPECT_EQ(event(0).Flags, FP_EVENT_HAS_FILE_ID | FP_EVENT_PATH_CUT | FP_EVENT_CONTENT_CUT);
}

TEST_F(Ask, the_openers_spelling_serves_where_names_cannot_be_normalized) {
    decider();
    answer(FP_VERDICT_ALLOW);
    kernel.normalizedName = STATUS_FLT_NAME_CACHE_MISS;
    Open open;
    EXPECT_EQ(open.run(), STATUS_SUCCESS);
    EXPECT_EQ(event(0).Flags & FP_EVENT_PATH_NOT_NORMALIZED, FP_EVENT_PATH_NOT_NORMALIZED);
    EXPECT_EQ(path(0), kernel.name);
}

TEST_F(Ask, what_cannot_be_built_fails_by_policy) {
    const Client client = decider();
    answer(FP_VERDICT_ALLOW);
    ASSERT_EQ(setPolicy(client, FP_KIND_OPEN, policy(FP_ACTION_ERROR)), STATUS_SUCCESS);
    kernel.normalizedName = kernel.openedName = STATUS_FLT_INVALID_NAME_REQUEST;
    Open open;
    EXPECT_EQ(open.run(), STATUS_UNSUCCESSFUL);
    kernel.normalizedName = STATUS_SUCCESS;
    kernel.poolIsEmpty = true;
    EXPECT_EQ(open.run(), STATUS_UNSUCCESSFUL);
    kernel.poolIsEmpty = false;
    EXPECT_TRUE(kernel.sent.empty());
    EXPECT_EQ(counters().Failed, 2u);
}

TEST_F(Ask, every_way_to_have_no_verdict_ends_by_its_own_action) {
    const Client client = decider();
    const struct {
        NTSTATUS sent;
        NTSTATUS seen;
        FP_U64 FP_COUNTERS::*counter;
    } rows[] = {
        {STATUS_TIMEOUT, STATUS_IO_TIMEOUT, &FP_COUNTERS::TimedOut},
        {STATUS_PORT_DISCONNECTED, STATUS_DEVICE_NOT_READY, &FP_COUNTERS::NoClient},
        {STATUS_THREAD_IS_TERMINATING, STATUS_UNSUCCESSFUL, &FP_COUNTERS::Failed},
        {STATUS_INSUFFICIENT_RESOURCES, STATUS_UNSUCCESSFUL, &FP_COUNTERS::Failed},
        {STATUS_BUFFER_OVERFLOW, STATUS_UNSUCCESSFUL, &FP_COUNTERS::InvalidReply},
        {STATUS_SUCCESS, STATUS_UNSUCCESSFUL, &FP_COUNTERS::InvalidReply}, // an all-zero reply
    };
    Open open;
    for (const auto &row : rows) {
        kernel.onSend = [&](const FakeMessage &, void *, ULONG *) { return row.sent; };
        const FP_U64 before = counters().*row.counter;
        ASSERT_EQ(setPolicy(client, FP_KIND_OPEN, policy(FP_ACTION_ERROR)), STATUS_SUCCESS);
        EXPECT_EQ(open.run(), row.seen);
        ASSERT_EQ(setPolicy(client, FP_KIND_OPEN, policy(FP_ACTION_DENY)), STATUS_SUCCESS);
        EXPECT_EQ(open.run(), STATUS_ACCESS_DENIED);
        ASSERT_EQ(setPolicy(client, FP_KIND_OPEN, policy(FP_ACTION_ALLOW)), STATUS_SUCCESS);
        EXPECT_EQ(open.run(), STATUS_SUCCESS);
        EXPECT_EQ(counters().*row.counter, before + 3);
    }
}

TEST_F(Ask, without_a_decider_the_policy_it_left_behind_holds) {
    Open open;
    EXPECT_EQ(open.run(), STATUS_SUCCESS) << "after loading everything passes";
    const Client client = decider();
    ASSERT_EQ(setPolicy(client, FP_KIND_OPEN, policy(FP_ACTION_DENY)), STATUS_SUCCESS);
    disconnect(client);
    EXPECT_EQ(open.run(), STATUS_ACCESS_DENIED);
    EXPECT_EQ(counters().NoClient, 2u);
}

TEST_F(Ask, one_question_too_many_is_overload) {
    const Client client = decider();
    FP_LIMITS limits{};
    limits.Header = {FP_MAGIC, FP_PROTOCOL_VERSION, FP_COMMAND_SET_LIMITS, sizeof(limits), 0};
    limits.MaxInFlight = 2;
    ASSERT_EQ(command(client, &limits, sizeof(limits)), STATUS_SUCCESS);
    ASSERT_EQ(setPolicy(client, FP_KIND_OPEN, policy(FP_ACTION_ERROR)), STATUS_SUCCESS);
    std::vector<NTSTATUS> seen;
    kernel.onSend = [&](const FakeMessage &, void *, ULONG *) {
        if (kernel.sent.size() <= 2) {
            Open another; // while the question waits
            seen.push_back(another.run());
        }
        return STATUS_TIMEOUT;
    };
    Open open;
    EXPECT_EQ(open.run(), STATUS_IO_TIMEOUT);
    EXPECT_EQ(seen, (std::vector<NTSTATUS>{STATUS_INSUFFICIENT_RESOURCES, STATUS_IO_TIMEOUT}));
    EXPECT_EQ(kernel.sent.size(), 2u);
    for (int i = 0; i < 5; i++) {
        EXPECT_EQ(open.run(), STATUS_IO_TIMEOUT) << "each question gives its place back, the refused one too";
    }
    const FP_COUNTERS c = counters();
    EXPECT_EQ(c.Overload, 1u);
    EXPECT_EQ(c.TimedOut, 7u);
    EXPECT_EQ(c.InFlightPeak, 2u);
    EXPECT_EQ(c.Asked, 8u);
}

TEST_F(Ask, questions_without_a_client_use_up_sequence_numbers) {
    Open open;
    EXPECT_EQ(open.run(), STATUS_SUCCESS);
    EXPECT_EQ(open.run(), STATUS_SUCCESS);
    decider();
    answer(FP_VERDICT_ALLOW);
    EXPECT_EQ(open.run(), STATUS_SUCCESS);
    EXPECT_EQ(event(0).Sequence, 3u) << "the gap shows what was not asked";
}

TEST_F(Ask, observers_hear_the_outcome_without_content) {
    const Client asked = decider();
    const Client watcher = observer();
    const Client narrow = observer(512);
    ASSERT_EQ(setPolicy(asked, FP_KIND_OPEN, policy(FP_ACTION_DENY, 100)), STATUS_SUCCESS);
    answer(FP_VERDICT_DENY);
    kernel.name = std::u16string(300, u'y');
    Open open;
    EXPECT_EQ(open.run(), STATUS_ACCESS_DENIED);
    ASSERT_EQ(kernel.sent.size(), 3u);
    EXPECT_EQ(kernel.sent[1].port, watcher.port);
    EXPECT_EQ(kernel.sent[1].timeout, 0);
    EXPECT_FALSE(kernel.sent[1].wantsReply);
    EXPECT_EQ(event(1).Sequence, event(0).Sequence);
    EXPECT_EQ(event(1).Outcome, FP_OUTCOME_DENIED);
    EXPECT_EQ(event(1).Flags, FP_EVENT_REPORT | FP_EVENT_HAS_FILE_ID);
    EXPECT_EQ(event(1).Deadline, 0u);
    EXPECT_EQ(event(1).ContentLength, 0u);
    EXPECT_EQ(event(1).Size, kernel.sent[1].bytes.size());
    EXPECT_EQ(path(1), kernel.name);
    EXPECT_EQ(kernel.sent[2].port, narrow.port);
    EXPECT_EQ(event(2).Size, 512u);
    EXPECT_EQ(event(2).Flags, FP_EVENT_REPORT | FP_EVENT_HAS_FILE_ID | FP_EVENT_PATH_CUT);
    EXPECT_EQ(counters().Reported, 2u);
}

TEST_F(Ask, an_observer_that_does_not_keep_up_loses_reports_and_they_are_counted) {
    observer();
    kernel.onSend = [](const FakeMessage &, void *, ULONG *) { return STATUS_TIMEOUT; };
    Open open;
    EXPECT_EQ(open.run(), STATUS_SUCCESS);
    ASSERT_EQ(kernel.sent.size(), 1u);
    EXPECT_EQ(event(0).Outcome, FP_OUTCOME_NO_CLIENT);
    EXPECT_EQ(counters().ReportsLost, 1u);
}

TEST_F(Ask, a_decider_that_goes_while_it_is_asked_is_not_used_afterwards) {
    const Client client = decider();
    ASSERT_EQ(setPolicy(client, FP_KIND_OPEN, policy(FP_ACTION_ERROR)), STATUS_SUCCESS);
    kernel.onSend = [&](const FakeMessage &, void *, ULONG *) {
        disconnect(client);
        return STATUS_PORT_DISCONNECTED;
    };
    Open open;
    EXPECT_EQ(open.run(), STATUS_DEVICE_NOT_READY);
    EXPECT_EQ(open.run(), STATUS_DEVICE_NOT_READY);
    EXPECT_EQ(kernel.sent.size(), 1u);
}

} // namespace
