// SPDX-License-Identifier: Apache-2.0
//
// When the driver lets the volume remember a verdict, and when it makes it forget.

#include "driver_fixture.h"

namespace {

int begins, keeps, drops;
size_t sentBefore; // questions that had been sent when the volume was told to watch
NTSTATUS beginStatus, keepStatus;

NTSTATUS FLTAPI begin(PFLT_CALLBACK_DATA, PFLT_INSTANCE instance) {
    EXPECT_EQ(instance, reinterpret_cast<PFLT_INSTANCE>(3));
    begins++;
    sentBefore = kernel.sent.size();
    return beginStatus;
}
NTSTATUS FLTAPI keep(PFLT_CALLBACK_DATA, PFLT_INSTANCE instance) {
    EXPECT_EQ(instance, reinterpret_cast<PFLT_INSTANCE>(3));
    keeps++;
    return keepStatus;
}
VOID FLTAPI drop(VOID) {
    EXPECT_EQ(kernel.locksHeld, 0);
    drops++;
}

class Remember : public Driver {
  protected:
    void SetUp() override { load(true); }
    void load(bool routines) {
        begins = keeps = drops = 0;
        beginStatus = keepStatus = STATUS_SUCCESS;
        kernel = FakeKernel();
        if (routines) {
            kernel.routines = {{"FilterportRetainBegin", reinterpret_cast<PVOID>(&begin)},
                               {"FilterportRetain", reinterpret_cast<PVOID>(&keep)},
                               {"FilterportRetainDrop", reinterpret_cast<PVOID>(&drop)}};
        }
        DRIVER_OBJECT object{};
        UNICODE_STRING registry{};
        ASSERT_EQ(DriverEntry(&object, &registry), STATUS_SUCCESS);
        loaded_ = true;
    }
    Client caching() {
        const Client client = decider();
        FP_POLICY wanted = policy(FP_ACTION_DENY, 16);
        wanted.Flags |= FP_POLICY_CACHE;
        EXPECT_EQ(setPolicy(client, FP_KIND_OPEN, wanted), STATUS_SUCCESS);
        answer(FP_VERDICT_ALLOW_CACHED);
        return client;
    }
};

TEST_F(Remember, the_volume_watches_before_the_question_and_keeps_after_the_verdict) {
    caching();
    EXPECT_EQ(Open().run(), STATUS_SUCCESS);
    EXPECT_EQ(begins, 1);
    EXPECT_EQ(sentBefore, 0u);
    EXPECT_EQ(keeps, 1);
    EXPECT_EQ(counters().Cached, 1u);
    keepStatus = STATUS_PENDING; // other filters have not agreed yet
    EXPECT_EQ(Open().run(), STATUS_SUCCESS);
    EXPECT_EQ(counters().Cached, 2u);
    EXPECT_EQ(counters().Allowed, 2u);
}

TEST_F(Remember, only_what_the_decider_and_the_policy_want) {
    const Client client = caching();
    for (FP_U32 verdict : {FP_VERDICT_ALLOW, FP_VERDICT_DENY, 9u}) {
        answer(verdict);
        Open().run();
    }
    kernel.onSend = [](const FakeMessage &, void *, ULONG *) { return STATUS_TIMEOUT; };
    Open().run();
    EXPECT_EQ(begins, 4);
    EXPECT_EQ(keeps, 0);
    answer(FP_VERDICT_ALLOW_CACHED);
    Open execution;
    execution.access = FILE_EXECUTE;
    EXPECT_EQ(execution.run(), STATUS_SUCCESS);
    EXPECT_EQ(begins, 4) << "the policy of executions does not permit it";
    EXPECT_EQ(counters().CacheRefused, 1u);
    ASSERT_EQ(setPolicy(client, FP_KIND_OPEN, policy(FP_ACTION_DENY)), STATUS_SUCCESS);
    EXPECT_EQ(Open().run(), STATUS_SUCCESS);
    EXPECT_EQ(begins, 4);
    EXPECT_EQ(keeps, 0);
    EXPECT_EQ(counters().CacheRefused, 2u);
}

TEST_F(Remember, what_the_volume_refuses_is_allowed_all_the_same) {
    caching();
    beginStatus = STATUS_ACCESS_DENIED;
    EXPECT_EQ(Open().run(), STATUS_SUCCESS);
    EXPECT_EQ(keeps, 0);
    beginStatus = STATUS_SUCCESS;
    keepStatus = STATUS_SHARING_VIOLATION;
    EXPECT_EQ(Open().run(), STATUS_SUCCESS);
    EXPECT_EQ(keeps, 1);
    const FP_COUNTERS c = counters();
    EXPECT_EQ(c.Cached, 0u);
    EXPECT_EQ(c.CacheRefused, 2u);
    EXPECT_EQ(c.Allowed, 2u);
}

TEST_F(Remember, an_open_that_destroys_by_itself_is_judged_before_there_is_a_file) {
    caching();
    Open open;
    open.disposition = FILE_OVERWRITE;
    EXPECT_EQ(open.run(), STATUS_SUCCESS);
    EXPECT_EQ(begins, 0);
    EXPECT_EQ(keeps, 0);
}

TEST_F(Remember, policies_and_the_deciders_end_make_it_forget_and_observers_do_not) {
    const Client client = caching();
    EXPECT_EQ(drops, 1);
    ASSERT_EQ(setPolicy(client, FP_KIND_EXECUTE, policy(FP_ACTION_ALLOW)), STATUS_SUCCESS);
    EXPECT_EQ(drops, 2);
    FP_POLICY bad = policy(FP_ACTION_ALLOW);
    bad.OnTimeout = 9;
    EXPECT_EQ(setPolicy(client, FP_KIND_OPEN, bad), STATUS_INVALID_PARAMETER);
    EXPECT_EQ(drops, 2);
    disconnect(observer());
    EXPECT_EQ(drops, 2);
    disconnect(client);
    EXPECT_EQ(drops, 3);
    EXPECT_EQ(counters().CacheDrops, 3u);
}

TEST_F(Remember, where_nothing_is_remembered_each_open_is_a_question) {
    TearDown();
    load(false);
    caching();
    EXPECT_EQ(Open().run(), STATUS_SUCCESS);
    EXPECT_EQ(Open().run(), STATUS_SUCCESS);
    EXPECT_EQ(kernel.sent.size(), 2u);
    EXPECT_EQ(counters().CacheRefused, 2u);
}

} // namespace
