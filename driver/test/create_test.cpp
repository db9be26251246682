// SPDX-License-Identifier: Apache-2.0
//
// Which opens are asked, and how they end.

#include "driver_fixture.h"

namespace {

using Create = Driver;

TEST_F(Create, an_allowed_open_passes_untouched) {
    decider();
    answer(FP_VERDICT_ALLOW);
    Open open;
    EXPECT_EQ(open.run(), STATUS_SUCCESS);
    EXPECT_EQ(kernel.cancelledOpens, 0);
    EXPECT_EQ(counters().Allowed, 1u);
}

TEST_F(Create, a_denied_open_is_cancelled_after_the_file_system_opened_it) {
    decider();
    answer(FP_VERDICT_DENY);
    Open open;
    EXPECT_EQ(open.run(), STATUS_ACCESS_DENIED);
    EXPECT_TRUE(open.reachedFileSystem);
    EXPECT_EQ(kernel.cancelledOpens, 1);
    EXPECT_EQ(counters().Denied, 1u);
}

TEST_F(Create, a_destructive_open_is_denied_before_the_file_system_sees_it) {
    decider();
    answer(FP_VERDICT_DENY);
    for (ULONG disposition : {FILE_SUPERSEDE, FILE_OVERWRITE, FILE_OVERWRITE_IF}) {
        Open open;
        open.disposition = disposition;
        EXPECT_EQ(open.run(), STATUS_ACCESS_DENIED);
        EXPECT_FALSE(open.reachedFileSystem);
    }
    Open open;
    open.options |= FILE_DELETE_ON_CLOSE;
    EXPECT_EQ(open.run(), STATUS_ACCESS_DENIED);
    EXPECT_FALSE(open.reachedFileSystem);
    EXPECT_EQ(kernel.cancelledOpens, 0);
    EXPECT_EQ(event(3).Flags & FP_EVENT_BEFORE_OPEN, FP_EVENT_BEFORE_OPEN);
    EXPECT_EQ(event(3).Flags & FP_EVENT_HAS_FILE_ID, 0u);
}

TEST_F(Create, an_allowed_destructive_open_is_not_asked_twice) {
    decider();
    answer(FP_VERDICT_ALLOW);
    Open open;
    open.disposition = FILE_OVERWRITE_IF;
    EXPECT_EQ(open.run(), STATUS_SUCCESS);
    EXPECT_FALSE(open.hadPost);
    EXPECT_EQ(kernel.sent.size(), 1u);
}

TEST_F(Create, execution_is_a_kind_of_its_own) {
    decider();
    answer(FP_VERDICT_ALLOW);
    Open open;
    open.access = FILE_EXECUTE | FILE_READ_DATA;
    EXPECT_EQ(open.run(), STATUS_SUCCESS);
    EXPECT_EQ(event(0).Kind, FP_KIND_EXECUTE);
}

TEST_F(Create, nobody_is_asked_where_waiting_could_deadlock) {
    decider();
    answer(FP_VERDICT_DENY);
    std::vector<Open> opens(7);
    opens[0].operationFlags = SL_OPEN_PAGING_FILE;
    opens[1].operationFlags = SL_OPEN_TARGET_DIRECTORY;
    opens[2].irpFlags = IRP_PAGING_IO;
    opens[3].irpFlags = IRP_SYNCHRONOUS_PAGING_IO;
    opens[4].fileFlags = FO_VOLUME_OPEN;
    opens[5].fileName.clear();
    for (Open &open : opens) {
        kernel.topLevelIrp = &open == &opens[6];
        EXPECT_EQ(open.run(), STATUS_SUCCESS);
        EXPECT_FALSE(open.hadPost);
    }
    kernel.topLevelIrp = false;
    EXPECT_TRUE(kernel.sent.empty());
    EXPECT_EQ(counters().NotAskedUnsafe, 7u);
}

TEST_F(Create, nothing_is_asked_above_passive_level) {
    decider();
    for (KIRQL irql : {APC_LEVEL, DISPATCH_LEVEL}) {
        kernel.irql = irql;
        Open open;
        EXPECT_EQ(open.run(), STATUS_SUCCESS);
    }
    kernel.irql = PASSIVE_LEVEL;
    EXPECT_TRUE(kernel.sent.empty());
    EXPECT_EQ(counters().NotAskedUnsafe, 2u);
}

TEST_F(Create, a_kernel_mode_requestor_is_not_asked_but_reported) {
    decider();
    answer(FP_VERDICT_DENY);
    Open unseen;
    unseen.mode = KernelMode;
    EXPECT_EQ(unseen.run(), STATUS_SUCCESS);
    EXPECT_FALSE(unseen.hadPost);
    const Client watcher = observer();
    Open seen;
    seen.mode = KernelMode;
    EXPECT_EQ(seen.run(), STATUS_SUCCESS);
    ASSERT_EQ(kernel.sent.size(), 1u);
    EXPECT_EQ(kernel.sent[0].port, watcher.port);
    EXPECT_EQ(event(0).Outcome, FP_OUTCOME_NOT_ASKED);
    EXPECT_EQ(event(0).Flags, FP_EVENT_REPORT | FP_EVENT_KERNEL | FP_EVENT_HAS_FILE_ID);
    EXPECT_EQ(counters().NotAskedKernel, 2u);
}

TEST_F(Create, directories_are_not_asked_whether_said_or_found) {
    decider();
    answer(FP_VERDICT_DENY);
    Open said;
    said.options = FILE_DIRECTORY_FILE;
    EXPECT_EQ(said.run(), STATUS_SUCCESS);
    kernel.directory = true;
    Open found;
    found.options = 0;
    EXPECT_EQ(found.run(), STATUS_SUCCESS);
    EXPECT_TRUE(kernel.sent.empty());
    EXPECT_EQ(counters().NotAskedDirectory, 2u);
}

TEST_F(Create, failed_reparsed_and_drained_opens_are_left_alone) {
    decider();
    answer(FP_VERDICT_DENY);
    Open failed;
    failed.result = STATUS_OBJECT_NAME_NOT_FOUND;
    EXPECT_EQ(failed.run(), STATUS_OBJECT_NAME_NOT_FOUND);
    Open reparsed;
    reparsed.result = STATUS_REPARSE;
    EXPECT_EQ(reparsed.run(), STATUS_REPARSE);
    Open drained;
    drained.postFlags = FLTFL_POST_OPERATION_DRAINING;
    EXPECT_EQ(drained.run(), STATUS_SUCCESS);
    EXPECT_TRUE(kernel.sent.empty());
    EXPECT_EQ(kernel.cancelledOpens, 0);
    EXPECT_EQ(counters().NotAskedFailed, 3u);
}

TEST_F(Create, the_exempt_decider_is_not_asked_about_its_own_opens) {
    kernel.current = {300, 3000};
    const Client exempt = decider(FP_CONNECT_EXEMPT);
    answer(FP_VERDICT_DENY);
    Open own;
    own.process = {300, 3000};
    EXPECT_EQ(own.run(), STATUS_SUCCESS);
    Open sameIdLater;
    sameIdLater.process = {300, 3001};
    EXPECT_EQ(sameIdLater.run(), STATUS_ACCESS_DENIED) << "a later process with the same id";
    Open other;
    EXPECT_EQ(other.run(), STATUS_ACCESS_DENIED);
    EXPECT_EQ(counters().NotAskedExempt, 1u);

    setPolicy(exempt, FP_KIND_OPEN, policy(FP_ACTION_DENY));
    disconnect(exempt);
    Open after;
    after.process = {300, 3000};
    EXPECT_EQ(after.run(), STATUS_ACCESS_DENIED) << "the exemption ends with the connection";
}

TEST_F(Create, without_the_flag_the_decider_is_gated_like_anybody) {
    kernel.current = {300, 3000};
    decider();
    answer(FP_VERDICT_DENY);
    Open own;
    own.process = {300, 3000};
    EXPECT_EQ(own.run(), STATUS_ACCESS_DENIED);
}

TEST_F(Create, a_policy_that_does_not_ask_lets_pass) {
    const Client client = decider();
    answer(FP_VERDICT_DENY);
    FP_POLICY off = policy(FP_ACTION_DENY);
    off.Flags = FP_POLICY_REPORT;
    ASSERT_EQ(setPolicy(client, FP_KIND_OPEN, off), STATUS_SUCCESS);
    Open open;
    EXPECT_EQ(open.run(), STATUS_SUCCESS);
    Open destructive;
    destructive.disposition = FILE_OVERWRITE;
    EXPECT_EQ(destructive.run(), STATUS_SUCCESS);
    EXPECT_EQ(counters().NotAskedOff, 2u);
    Open execute;
    execute.access = FILE_EXECUTE;
    EXPECT_EQ(execute.run(), STATUS_ACCESS_DENIED) << "the other kind is still asked";
}

} // namespace
