// SPDX-License-Identifier: Apache-2.0
//
// The driver in a real Filter Manager: fltmgrd, a direct volume, clients over libfltlib.

#include "guard_client.h"
#include "manager_process.h"

#include <chrono>
#include <future>

#include <unistd.h>

#include <gtest/gtest.h>

namespace {

constexpr unsigned kSuccess = 0;
constexpr unsigned kAccessDenied = 0xC0000022u;
constexpr unsigned kIoTimeout = 0xC00000B5u;
constexpr unsigned kNotReady = 0xC00000A3u;
constexpr unsigned kNoResources = 0xC000009Au;
constexpr unsigned kUnsuccessful = 0xC0000001u;

GuardClient::Handler always(FP_U32 verdict) {
    return [verdict](GuardClient &client, const Received &question) { client.reply(question, verdict); };
}

FP_POLICY policy(FP_U32 action, FP_U32 milliseconds = 20000, FP_U32 contentBytes = 0) {
    FP_POLICY result{};
    result.Flags = FP_POLICY_ASK | FP_POLICY_REPORT;
    result.TimeoutMilliseconds = milliseconds;
    result.OnTimeout = result.OnNoClient = result.OnOverload = result.OnFailure = action;
    result.ContentBytes = contentBytes;
    return result;
}

bool endsWith(const std::u16string &text, const std::u16string &end) {
    return text.size() >= end.size() && text.compare(text.size() - end.size(), end.size(), end) == 0;
}

class Guard : public ::testing::Test {
  protected:
    void SetUp() override { manager.file("file.txt", "the content of the file"); }
    void TearDown() override {
        GuardClient reader(FP_ROLE_OBSERVER, 0, nullptr);
        ASSERT_EQ(reader.result(), 0);
        const FP_COUNTERS c = reader.counters();
        EXPECT_EQ(c.Asked,
                  c.Allowed + c.Denied + c.TimedOut + c.NoClient + c.Overload + c.Failed + c.InvalidReply + c.InFlight);
        EXPECT_EQ(c.InFlight, 0u);
    }
    ManagerProcess manager;
};

TEST_F(Guard, the_deciders_verdict_is_what_the_opener_gets) {
    manager.file("evil.exe", "MZ");
    GuardClient decider(FP_ROLE_DECIDER, 0, [](GuardClient &client, const Received &question) {
        client.reply(question, endsWith(question.path, u".exe") ? FP_VERDICT_DENY : FP_VERDICT_ALLOW);
    });
    ASSERT_EQ(decider.result(), 0);
    for (int i = 0; i < 50; i++) {
        EXPECT_EQ(manager.openNow("file.txt"), kSuccess);
        EXPECT_EQ(manager.openNow("evil.exe"), kAccessDenied);
    }
    const FP_COUNTERS c = decider.counters();
    EXPECT_EQ(c.Allowed, 50u);
    EXPECT_EQ(c.Denied, 50u);
    EXPECT_EQ(c.Asked, 100u);
}

TEST_F(Guard, a_question_tells_path_size_requestor_and_content) {
    GuardClient decider(FP_ROLE_DECIDER, 0, always(FP_VERDICT_ALLOW));
    ASSERT_EQ(decider.setPolicy(FP_KIND_OPEN, policy(FP_ACTION_DENY, 20000, 11)), 0);
    EXPECT_EQ(manager.openNow("file.txt", "r", getppid()), kSuccess);
    const Received question = decider.await(1).front();
    EXPECT_EQ(question.replyLength, sizeof(FILTER_REPLY_HEADER) + sizeof(FP_VERDICT));
    EXPECT_EQ(question.event.Kind, FP_KIND_OPEN);
    EXPECT_TRUE(endsWith(question.path, u"\\file.txt"));
    EXPECT_EQ(question.content, "the content");
    EXPECT_EQ(question.event.FileSize, 23u);
    EXPECT_NE(question.event.FileId, 0u);
    EXPECT_EQ(question.event.Flags & FP_EVENT_CONTENT_CUT, FP_EVENT_CONTENT_CUT);
    EXPECT_EQ(question.event.ProcessId, static_cast<FP_U64>(getppid()));
    EXPECT_NE(question.event.ProcessStart, 0u);
    EXPECT_EQ(question.event.Deadline - question.event.Time, 20000u * 10000u);
}

TEST_F(Guard, an_execution_is_a_kind_of_its_own) {
    GuardClient decider(FP_ROLE_DECIDER, 0, [](GuardClient &client, const Received &question) {
        client.reply(question, question.event.Kind == FP_KIND_EXECUTE ? FP_VERDICT_DENY : FP_VERDICT_ALLOW);
    });
    EXPECT_EQ(manager.openNow("file.txt", "x"), kAccessDenied);
    EXPECT_EQ(manager.openNow("file.txt", "r"), kSuccess);
}

TEST_F(Guard, silence_ends_by_the_time_outs_action_in_time) {
    GuardClient decider(FP_ROLE_DECIDER, 0, nullptr);
    for (const auto &[action, status] : std::vector<std::pair<FP_U32, unsigned>>{
             {FP_ACTION_ERROR, kIoTimeout}, {FP_ACTION_DENY, kAccessDenied}, {FP_ACTION_ALLOW, kSuccess}}) {
        ASSERT_EQ(decider.setPolicy(FP_KIND_OPEN, policy(action, 100)), 0);
        const auto begin = std::chrono::steady_clock::now();
        EXPECT_EQ(manager.openNow("file.txt"), status);
        const auto took = std::chrono::steady_clock::now() - begin;
        EXPECT_GE(took, std::chrono::milliseconds(99));
        EXPECT_LT(took, std::chrono::seconds(5));
    }
    const Received question = decider.await(1).front();
    EXPECT_EQ(static_cast<unsigned>(decider.reply(question, FP_VERDICT_ALLOW)), 0x801F0020u) << "too late";
    EXPECT_EQ(decider.counters().TimedOut, 3u);
}

TEST_F(Guard, without_a_decider_the_policy_it_left_behind_holds) {
    EXPECT_EQ(manager.openNow("file.txt"), kSuccess) << "after loading everything passes";
    GuardClient decider(FP_ROLE_DECIDER, 0, nullptr);
    ASSERT_EQ(decider.setPolicy(FP_KIND_OPEN, policy(FP_ACTION_ERROR)), 0);
    decider.close();
    EXPECT_EQ(manager.openNow("file.txt"), kNotReady);
}

TEST_F(Guard, a_decider_that_goes_releases_everybody_who_waits) {
    GuardClient decider(FP_ROLE_DECIDER, 0, nullptr);
    ASSERT_EQ(decider.setPolicy(FP_KIND_OPEN, policy(FP_ACTION_ERROR)), 0);
    std::vector<std::future<unsigned>> opens;
    for (int i = 0; i < 8; i++) {
        opens.push_back(manager.open("file.txt"));
    }
    decider.await(8);
    decider.close();
    for (auto &open : opens) {
        EXPECT_EQ(open.get(), kNotReady);
    }
}

TEST_F(Guard, one_question_too_many_is_overload) {
    GuardClient decider(FP_ROLE_DECIDER, 0, nullptr);
    ASSERT_EQ(decider.setPolicy(FP_KIND_OPEN, policy(FP_ACTION_ERROR)), 0);
    ASSERT_EQ(decider.setMaxInFlight(2), 0);
    std::future<unsigned> first = manager.open("file.txt");
    std::future<unsigned> second = manager.open("file.txt");
    const std::vector<Received> questions = decider.await(2);
    EXPECT_EQ(manager.openNow("file.txt"), kNoResources);
    EXPECT_EQ(decider.counters().InFlight, 2u);
    EXPECT_EQ(decider.reply(questions[0], FP_VERDICT_ALLOW), 0);
    EXPECT_EQ(decider.reply(questions[1], FP_VERDICT_ALLOW), 0);
    EXPECT_EQ(first.get(), kSuccess);
    EXPECT_EQ(second.get(), kSuccess);
    const FP_COUNTERS c = decider.counters();
    EXPECT_EQ(c.Overload, 1u);
    EXPECT_EQ(c.InFlightPeak, 2u);
}

TEST_F(Guard, a_reply_that_is_no_verdict_ends_by_the_failure_action) {
    int round = 0;
    GuardClient decider(FP_ROLE_DECIDER, 0, [&](GuardClient &client, const Received &question) {
        FP_VERDICT verdict{FP_VERDICT_MAGIC, FP_VERDICT_ALLOW, question.event.Sequence};
        unsigned char longer[sizeof(verdict) + 1] = {};
        switch (round++) {
        case 0:
            client.replyBytes(question, &verdict, sizeof(verdict) - 1);
            break;
        case 1:
            EXPECT_EQ(static_cast<unsigned>(client.replyBytes(question, longer, sizeof(longer))), 0x800700EAu);
            break;
        case 2:
            verdict.Sequence++;
            client.replyBytes(question, &verdict, sizeof(verdict));
            break;
        case 3:
            client.replyBytes(question, &verdict, sizeof(verdict), static_cast<LONG>(kAccessDenied));
            break;
        default:
            verdict.Verdict = 4;
            client.replyBytes(question, &verdict, sizeof(verdict));
            break;
        }
    });
    ASSERT_EQ(decider.setPolicy(FP_KIND_OPEN, policy(FP_ACTION_ERROR)), 0);
    for (int i = 0; i < 5; i++) {
        EXPECT_EQ(manager.openNow("file.txt"), kUnsuccessful) << "round " << i;
    }
    EXPECT_EQ(decider.counters().InvalidReply, 5u);
}

TEST_F(Guard, the_exempt_deciders_own_opens_are_not_asked) {
    GuardClient decider(FP_ROLE_DECIDER, FP_CONNECT_EXEMPT, always(FP_VERDICT_DENY));
    EXPECT_EQ(manager.openNow("file.txt", "r", getpid()), kSuccess);
    EXPECT_EQ(manager.openNow("file.txt", "r", getppid()), kAccessDenied);
    EXPECT_EQ(decider.counters().NotAskedExempt, 1u);
    decider.close();
    GuardClient gated(FP_ROLE_DECIDER, 0, always(FP_VERDICT_DENY));
    EXPECT_EQ(manager.openNow("file.txt", "r", getpid()), kAccessDenied);
}

TEST_F(Guard, observers_hear_what_was_done) {
    GuardClient decider(FP_ROLE_DECIDER, 0, always(FP_VERDICT_DENY));
    GuardClient observer(FP_ROLE_OBSERVER, 0, nullptr);
    ASSERT_EQ(observer.result(), 0);
    // A report is lost when no receive is armed at that moment: open until one has come.
    FP_COUNTERS c{};
    do {
        EXPECT_EQ(manager.openNow("file.txt"), kAccessDenied);
        c = decider.counters();
        EXPECT_EQ(c.Reported + c.ReportsLost, c.Denied);
    } while (c.Reported == 0);
    const Received report = observer.await(1).front();
    EXPECT_EQ(report.replyLength, 0u);
    EXPECT_EQ(report.event.Flags & FP_EVENT_REPORT, FP_EVENT_REPORT);
    EXPECT_EQ(report.event.Outcome, FP_OUTCOME_DENIED);
    EXPECT_TRUE(endsWith(report.path, u"\\file.txt"));
}

TEST_F(Guard, a_second_decider_and_bad_contexts_are_refused_with_their_reason) {
    GuardClient decider(FP_ROLE_DECIDER, 0, nullptr);
    ASSERT_EQ(decider.result(), 0);
    GuardClient second(FP_ROLE_DECIDER, 0, nullptr);
    EXPECT_EQ(static_cast<unsigned>(second.result()), 0x800704D6u);
    GuardClient nobody(7, 0, nullptr);
    EXPECT_EQ(static_cast<unsigned>(nobody.result()), 0x80070057u);
    FP_CONNECT future{FP_MAGIC, FP_PROTOCOL_VERSION + 1, FP_ROLE_OBSERVER, 0, 0};
    HANDLE port = nullptr;
    EXPECT_EQ(static_cast<unsigned>(FilterConnectCommunicationPort(u"\\" FILTERPORT_DRIVER_PORT, 0, &future,
                                                                   sizeof(future), nullptr, &port)),
              0x8007051Au);
    EXPECT_EQ(port, INVALID_HANDLE_VALUE);
    decider.close();
    GuardClient next(FP_ROLE_DECIDER, 0, nullptr);
    EXPECT_EQ(next.result(), 0);
}

TEST_F(Guard, observers_cannot_give_a_deciders_commands) {
    GuardClient observer(FP_ROLE_OBSERVER, 0, nullptr);
    EXPECT_EQ(static_cast<unsigned>(observer.setPolicy(FP_KIND_OPEN, policy(FP_ACTION_DENY))), 0x80070005u);
    EXPECT_EQ(static_cast<unsigned>(observer.setMaxInFlight(1)), 0x80070005u);
}

TEST_F(Guard, unloading_releases_everybody_who_waits) {
    GuardClient decider(FP_ROLE_DECIDER, 0, nullptr);
    ASSERT_EQ(decider.setPolicy(FP_KIND_OPEN, policy(FP_ACTION_ERROR)), 0);
    std::future<unsigned> open = manager.open("file.txt");
    decider.await(1);
    EXPECT_EQ(manager.ask("unload " FILTERPORT_DRIVER_NAME).rfind("ok", 0), 0u);
    EXPECT_EQ(open.get(), kNotReady);
    decider.close();
    EXPECT_EQ(manager.openNow("file.txt"), kSuccess) << "nobody is there to ask";
    EXPECT_EQ(manager.ask("load " FILTERPORT_DRIVER_NAME).rfind("ok", 0), 0u) << "and it can be loaded again";
}

TEST_F(Guard, many_openers_at_once_each_get_their_own_verdict) {
    GuardClient decider(FP_ROLE_DECIDER, 0, [](GuardClient &client, const Received &question) {
        client.reply(question, endsWith(question.path, u"odd") ? FP_VERDICT_DENY : FP_VERDICT_ALLOW);
    });
    ASSERT_EQ(decider.setPolicy(FP_KIND_OPEN, policy(FP_ACTION_ERROR)), 0);
    manager.file("even", "");
    manager.file("odd", "");
    std::vector<std::future<unsigned>> opens;
    for (int i = 0; i < 500; i++) {
        opens.push_back(manager.open(i % 2 == 0 ? "even" : "odd"));
    }
    for (size_t i = 0; i < opens.size(); i++) {
        EXPECT_EQ(opens[i].get(), i % 2 == 0 ? kSuccess : kAccessDenied) << i;
    }
}

} // namespace
