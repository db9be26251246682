// SPDX-License-Identifier: Apache-2.0
//
// A decider whose allow verdicts are remembered, and real opens by other processes on a tmpfs of the test's own.

#ifndef FILTERPORT_TEST_CACHE_FIXTURE_H
#define FILTERPORT_TEST_CACHE_FIXTURE_H

#include "guard_client.h"
#include "manager.h"
#include "opener.h"
#include "tmpfs.h"

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <mutex>

#include <gtest/gtest.h>

class Cache : public TmpfsTest {
  protected:
    void TearDown() override {
        decider.reset();
        manager.reset();
        TmpfsTest::TearDown();
    }

    /// Starts all: fltmgrd, a gate on in/, a decider that is exempt (so the test's own opens are not asked), the policy.
    void start(const std::vector<std::string> &arguments = {}, const std::string &volume = "") {
        manager = std::make_unique<Manager>(arguments, FILTERPORT_DRIVER_NAME);
        ASSERT_EQ(manager->command("volume fanotify " + in() + " " + volume).rfind("ok ", 0), 0u);
        connect();
    }
    void connect(FP_U32 flags = FP_POLICY_ASK | FP_POLICY_CACHE) {
        setenv("FILTERPORT_MANAGER", manager->socket().c_str(), 1);
        decider = std::make_unique<GuardClient>(
            FP_ROLE_DECIDER, FP_CONNECT_EXEMPT, [this](GuardClient &client, const Received &question) {
                std::unique_lock<std::mutex> guard(lock_);
                const FP_U32 verdict = question.content.rfind("Bad", 0) == 0 ? FP_VERDICT_DENY : verdict_;
                questions++;
                if (whileAsked_) {
                    whileAsked_();
                }
                guard.unlock();
                client.reply(question, verdict);
            });
        ASSERT_EQ(decider->result(), 0);
        setPolicy(flags);
    }
    void setPolicy(FP_U32 flags) {
        FP_POLICY policy{};
        policy.Flags = flags;
        policy.TimeoutMilliseconds = 20000;
        policy.OnTimeout = policy.OnNoClient = policy.OnOverload = policy.OnFailure = FP_ACTION_ERROR;
        policy.ContentBytes = 16;
        ASSERT_EQ(decider->setPolicy(FP_KIND_OPEN, policy), 0);
        ASSERT_EQ(decider->setPolicy(FP_KIND_EXECUTE, policy), 0);
    }

    /// From now on; a file that begins with "Bad" is denied in any case.
    void answer(FP_U32 verdict) {
        std::lock_guard<std::mutex> guard(lock_);
        verdict_ = verdict;
    }
    /// From now on, on the decider's thread, before it answers.
    void whileAsked(std::function<void()> work) {
        std::lock_guard<std::mutex> guard(lock_);
        whileAsked_ = std::move(work);
    }

    /// Opens elsewhere, successfully; whether the decider was asked.
    bool asks(const std::string &path, Opener::How how = Opener::read) {
        const int before = questions;
        EXPECT_EQ(openElsewhere(path, how), 0);
        std::lock_guard<std::mutex> guard(lock_); // the decider is done with whatever the test lent it
        return questions != before;
    }
    /// A file that is remembered.
    std::string remembered(const std::string &name = "in/file") {
        const std::string path = file(name, "content");
        remember(path);
        return path;
    }
    void remember(const std::string &path) {
        EXPECT_TRUE(asks(path));
        EXPECT_FALSE(asks(path)) << "it was to be remembered: " << manager->command("counters");
    }
    /// Waits until a counter of fltmgrd has reached a value: reports of changes come when they come.
    void await(const std::string &counter, long value) {
        const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(20);
        while (manager->counter(counter) < value && std::chrono::steady_clock::now() < limit) {
        }
        ASSERT_GE(manager->counter(counter), value) << counter;
    }
    long counter(const std::string &name) { return manager->counter(name); }

    std::atomic<int> questions{0};
    std::unique_ptr<Manager> manager;
    std::unique_ptr<GuardClient> decider;

  private:
    std::mutex lock_;
    FP_U32 verdict_ = FP_VERDICT_ALLOW_CACHED;
    std::function<void()> whileAsked_;
};

#endif
