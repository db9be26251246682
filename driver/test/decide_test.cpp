// SPDX-License-Identifier: Apache-2.0

#include "decide.h"

#include <cstring>
#include <initializer_list>

#include <gtest/gtest.h>

namespace {

constexpr FP_U64 kSequence = 0x1122334455667788ull;

FP_VERDICT verdict(FP_U32 value) {
    return {FP_VERDICT_MAGIC, value, kSequence};
}

ULONG outcome(const FP_VERDICT &reply, NTSTATUS status = STATUS_SUCCESS, ULONG length = sizeof(FP_VERDICT)) {
    return FpVerdictOutcome(status, &reply, length, kSequence);
}

FP_POLICY policy() {
    FP_POLICY result{};
    result.Flags = FP_POLICY_ASK | FP_POLICY_REPORT;
    result.TimeoutMilliseconds = 250;
    result.OnTimeout = FP_ACTION_DENY;
    result.OnNoClient = FP_ACTION_ALLOW;
    result.OnOverload = FP_ACTION_ERROR;
    result.OnFailure = FP_ACTION_DENY;
    result.ContentBytes = 4096;
    return result;
}

TEST(Verdict, a_whole_matching_reply_decides) {
    EXPECT_EQ(outcome(verdict(FP_VERDICT_ALLOW)), FP_OUTCOME_ALLOWED);
    EXPECT_EQ(outcome(verdict(FP_VERDICT_ALLOW_CACHED)), FP_OUTCOME_ALLOWED);
    EXPECT_EQ(outcome(verdict(FP_VERDICT_DENY)), FP_OUTCOME_DENIED);
}

TEST(Verdict, timeout_is_a_success_code_and_still_no_verdict) {
    ASSERT_TRUE(NT_SUCCESS(STATUS_TIMEOUT));
    EXPECT_EQ(outcome(verdict(FP_VERDICT_ALLOW), STATUS_TIMEOUT), FP_OUTCOME_TIMED_OUT);
}

TEST(Verdict, a_lost_connection_is_no_client) {
    EXPECT_EQ(outcome(verdict(FP_VERDICT_ALLOW), STATUS_PORT_DISCONNECTED), FP_OUTCOME_NO_CLIENT);
}

TEST(Verdict, no_memory_and_a_dying_thread_are_failures) {
    EXPECT_EQ(outcome(verdict(FP_VERDICT_ALLOW), STATUS_INSUFFICIENT_RESOURCES), FP_OUTCOME_FAILED);
    EXPECT_EQ(outcome(verdict(FP_VERDICT_ALLOW), STATUS_THREAD_IS_TERMINATING), FP_OUTCOME_FAILED);
}

TEST(Verdict, every_other_status_makes_the_reply_invalid) {
    for (NTSTATUS status :
         {STATUS_BUFFER_OVERFLOW, STATUS_ACCESS_DENIED, STATUS_PENDING, STATUS_ALERTED, (NTSTATUS)0x00000010}) {
        EXPECT_EQ(outcome(verdict(FP_VERDICT_ALLOW), status), FP_OUTCOME_INVALID_REPLY) << std::hex << status;
    }
}

TEST(Verdict, any_wrong_field_or_length_makes_the_reply_invalid) {
    for (ULONG length : {0u, 1u, 8u, 15u, 17u, 24u}) {
        EXPECT_EQ(outcome(verdict(FP_VERDICT_ALLOW), STATUS_SUCCESS, length), FP_OUTCOME_INVALID_REPLY) << length;
    }
    FP_VERDICT reply = verdict(FP_VERDICT_ALLOW);
    reply.Magic = FP_MAGIC;
    EXPECT_EQ(outcome(reply), FP_OUTCOME_INVALID_REPLY) << "an echoed event's magic";
    reply = verdict(FP_VERDICT_ALLOW);
    reply.Sequence++;
    EXPECT_EQ(outcome(reply), FP_OUTCOME_INVALID_REPLY) << "the answer to another event";
    for (FP_U32 value : {0u, 4u, 0x100u, 0xffffffffu}) {
        EXPECT_EQ(outcome(verdict(value)), FP_OUTCOME_INVALID_REPLY) << value;
    }
}

TEST(Policy, the_default_asks_reports_and_lets_pass) {
    FP_RULE rule;
    FpRuleDefault(&rule);
    EXPECT_EQ(rule.Flags, FP_POLICY_ASK | FP_POLICY_REPORT);
    EXPECT_EQ(rule.TimeoutMilliseconds, FP_DEFAULT_TIMEOUT_MILLISECONDS);
    EXPECT_EQ(rule.ContentBytes, 0u);
    for (ULONG each : {FP_OUTCOME_TIMED_OUT, FP_OUTCOME_NO_CLIENT, FP_OUTCOME_OVERLOAD, FP_OUTCOME_FAILED,
                       FP_OUTCOME_INVALID_REPLY}) {
        EXPECT_EQ(FpOutcomeStatus(each, &rule), STATUS_SUCCESS) << each;
    }
}

TEST(Policy, survives_the_way_there_and_back) {
    FP_POLICY there = policy();
    FP_POLICY back{};
    FP_RULE rule;
    ASSERT_EQ(FpRuleFromPolicy(&there, &rule), STATUS_SUCCESS);
    FpRuleToPolicy(&rule, &back);
    EXPECT_EQ(std::memcmp(&there, &back, sizeof(there)), 0);
}

TEST(Policy, each_cause_has_its_own_action_and_error) {
    FP_POLICY wire = policy();
    FP_RULE rule;
    const struct {
        ULONG outcome;
        FP_U32 FP_POLICY::*action;
        NTSTATUS error;
    } rows[] = {
        {FP_OUTCOME_TIMED_OUT, &FP_POLICY::OnTimeout, STATUS_IO_TIMEOUT},
        {FP_OUTCOME_NO_CLIENT, &FP_POLICY::OnNoClient, STATUS_DEVICE_NOT_READY},
        {FP_OUTCOME_OVERLOAD, &FP_POLICY::OnOverload, STATUS_INSUFFICIENT_RESOURCES},
        {FP_OUTCOME_FAILED, &FP_POLICY::OnFailure, STATUS_UNSUCCESSFUL},
        {FP_OUTCOME_INVALID_REPLY, &FP_POLICY::OnFailure, STATUS_UNSUCCESSFUL},
    };
    for (const auto &row : rows) {
        wire.*row.action = FP_ACTION_ALLOW;
        ASSERT_EQ(FpRuleFromPolicy(&wire, &rule), STATUS_SUCCESS);
        EXPECT_EQ(FpOutcomeStatus(row.outcome, &rule), STATUS_SUCCESS) << row.outcome;
        wire.*row.action = FP_ACTION_DENY;
        ASSERT_EQ(FpRuleFromPolicy(&wire, &rule), STATUS_SUCCESS);
        EXPECT_EQ(FpOutcomeStatus(row.outcome, &rule), STATUS_ACCESS_DENIED) << row.outcome;
        wire.*row.action = FP_ACTION_ERROR;
        ASSERT_EQ(FpRuleFromPolicy(&wire, &rule), STATUS_SUCCESS);
        EXPECT_EQ(FpOutcomeStatus(row.outcome, &rule), row.error) << row.outcome;
    }
    EXPECT_EQ(FpOutcomeStatus(FP_OUTCOME_ALLOWED, &rule), STATUS_SUCCESS);
    EXPECT_EQ(FpOutcomeStatus(FP_OUTCOME_DENIED, &rule), STATUS_ACCESS_DENIED);
}

TEST(Policy, values_out_of_range_are_refused) {
    FP_RULE rule;
    const struct {
        FP_U32 FP_POLICY::*field;
        FP_U32 value;
    } rows[] = {
        {&FP_POLICY::Flags, 8},
        {&FP_POLICY::Flags, 0x80000001u},
        {&FP_POLICY::TimeoutMilliseconds, 0},
        {&FP_POLICY::TimeoutMilliseconds, FP_MAX_TIMEOUT_MILLISECONDS + 1},
        {&FP_POLICY::OnTimeout, 0},
        {&FP_POLICY::OnNoClient, 4},
        {&FP_POLICY::OnOverload, 0xffffffffu},
        {&FP_POLICY::OnFailure, 0},
        {&FP_POLICY::ContentBytes, FP_MAX_CONTENT_BYTES + 1},
    };
    for (const auto &row : rows) {
        FP_POLICY wire = policy();
        wire.*row.field = row.value;
        EXPECT_EQ(FpRuleFromPolicy(&wire, &rule), STATUS_INVALID_PARAMETER) << row.value;
    }
    FP_POLICY wire = policy();
    wire.TimeoutMilliseconds = FP_MAX_TIMEOUT_MILLISECONDS;
    wire.ContentBytes = FP_MAX_CONTENT_BYTES;
    EXPECT_EQ(FpRuleFromPolicy(&wire, &rule), STATUS_SUCCESS);
}

TEST(EventPlan, everything_fits_into_the_largest_event) {
    FP_EVENT_PLAN plan;
    FpEventPlan(FP_MAX_PATH_BYTES, FP_MAX_CONTENT_BYTES, FP_MAX_EVENT_BYTES, &plan);
    EXPECT_FALSE(plan.PathCut);
    EXPECT_EQ(plan.PathLength, FP_MAX_PATH_BYTES);
    EXPECT_EQ(plan.ContentLength, FP_MAX_CONTENT_BYTES);
    EXPECT_EQ(plan.Size, FP_MAX_EVENT_BYTES);
}

TEST(EventPlan, content_is_aligned_and_cut_before_the_path) {
    FP_EVENT_PLAN plan;
    FpEventPlan(30, 1000, 512, &plan);
    EXPECT_FALSE(plan.PathCut);
    EXPECT_EQ(plan.PathLength, 30u);
    EXPECT_EQ(plan.ContentOffset, 160u);
    EXPECT_EQ(plan.ContentLength, 352u);
    EXPECT_EQ(plan.Size, 512u);
}

TEST(EventPlan, a_path_longer_than_the_capacity_is_cut_at_a_character) {
    FP_EVENT_PLAN plan;
    FpEventPlan(1000, 10, 513, &plan);
    EXPECT_TRUE(plan.PathCut);
    EXPECT_EQ(plan.PathLength, 384u);
    EXPECT_EQ(plan.ContentLength, 0u);
    EXPECT_EQ(plan.ContentOffset, 0u);
    EXPECT_LE(plan.Size, 513u);
}

TEST(EventPlan, no_plan_exceeds_its_capacity) {
    for (ULONG path = 0; path < 1200; path += 2) {
        for (ULONG content : {0u, 1u, 7u, 500u, 65536u}) {
            for (ULONG capacity = FP_MIN_EVENT_CAPACITY; capacity < 700; capacity++) {
                FP_EVENT_PLAN plan;
                FpEventPlan(path, content, capacity, &plan);
                ASSERT_LE(plan.Size, capacity);
                ASSERT_EQ(plan.PathLength % 2, 0u);
                ASSERT_EQ(plan.ContentOffset % 8, 0u);
                ASSERT_EQ(plan.PathCut, plan.PathLength < path);
                ASSERT_LE(plan.ContentLength, content);
            }
        }
    }
}

NTSTATUS check(FP_CONNECT connect, FP_CONNECT *result = nullptr, ULONG length = sizeof(FP_CONNECT)) {
    FP_CONNECT copy;
    return FpConnectCheck(&connect, length, result == nullptr ? &copy : result);
}

TEST(Connect, roles_and_flags_are_checked) {
    const FP_CONNECT decider{FP_MAGIC, FP_PROTOCOL_VERSION, FP_ROLE_DECIDER, FP_CONNECT_EXEMPT, 0};
    const FP_CONNECT observer{FP_MAGIC, FP_PROTOCOL_VERSION, FP_ROLE_OBSERVER, 0, 4096};
    FP_CONNECT result;
    EXPECT_EQ(check(decider, &result), STATUS_SUCCESS);
    EXPECT_EQ(result.EventCapacity, FP_MAX_EVENT_BYTES) << "0 stands for the most";
    EXPECT_EQ(check(observer, &result), STATUS_SUCCESS);
    EXPECT_EQ(result.EventCapacity, 4096u);

    FP_CONNECT bad = observer;
    bad.Flags = FP_CONNECT_EXEMPT;
    EXPECT_EQ(check(bad), STATUS_INVALID_PARAMETER) << "observers are gated";
    bad = decider;
    bad.Flags = 2;
    EXPECT_EQ(check(bad), STATUS_INVALID_PARAMETER);
    for (FP_U16 role : {0, 3, 0xffff}) {
        bad = decider;
        bad.Role = role;
        EXPECT_EQ(check(bad), STATUS_INVALID_PARAMETER) << role;
    }
    bad = decider;
    bad.EventCapacity = FP_MIN_EVENT_CAPACITY - 1;
    EXPECT_EQ(check(bad), STATUS_INVALID_PARAMETER);
}

TEST(Connect, context_length_magic_and_version_are_checked) {
    const FP_CONNECT good{FP_MAGIC, FP_PROTOCOL_VERSION, FP_ROLE_DECIDER, 0, 0};
    FP_CONNECT copy;
    EXPECT_EQ(FpConnectCheck(nullptr, 0, &copy), STATUS_INVALID_PARAMETER);
    for (ULONG length : {0u, 1u, 15u, 17u}) {
        EXPECT_EQ(check(good, nullptr, length), STATUS_INVALID_PARAMETER) << length;
    }
    FP_CONNECT bad = good;
    bad.Magic = FP_VERDICT_MAGIC;
    EXPECT_EQ(check(bad), STATUS_INVALID_PARAMETER);
    bad = good;
    bad.Version = FP_PROTOCOL_VERSION + 1;
    EXPECT_EQ(check(bad), STATUS_REVISION_MISMATCH);
}

TEST(Destructive, only_dispositions_and_options_that_destroy_are_asked_before_the_open) {
    EXPECT_TRUE(FpIsDestructive(FILE_SUPERSEDE, 0));
    EXPECT_TRUE(FpIsDestructive(FILE_OVERWRITE, 0));
    EXPECT_TRUE(FpIsDestructive(FILE_OVERWRITE_IF, 0));
    EXPECT_TRUE(FpIsDestructive(FILE_OPEN, FILE_DELETE_ON_CLOSE)) << "cancelling such an open deletes the file";
    EXPECT_FALSE(FpIsDestructive(FILE_OPEN, FILE_NON_DIRECTORY_FILE));
    EXPECT_FALSE(FpIsDestructive(FILE_OPEN_IF, 0));
    EXPECT_FALSE(FpIsDestructive(FILE_CREATE, 0));
}

} // namespace
