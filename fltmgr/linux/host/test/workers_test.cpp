// SPDX-License-Identifier: Apache-2.0
#include <atomic>
#include <condition_variable>
#include <functional>
#include <gtest/gtest.h>
#include <mutex>

extern "C" {
#include "../workers.h"
}

namespace {

constexpr unsigned limit_ms = 20000;

struct Job : fm_job {
    explicit Job(std::function<void()> work) : fm_job{nullptr, &Job::start}, work_(std::move(work)) {}
    static void start(fm_job *job) {
        auto *self = static_cast<Job *>(job);
        self->work_();
        delete self;
    }

  private:
    std::function<void()> work_;
};

void submit(fm_job_class job_class, std::function<void()> work) {
    fm_workers_submit(new Job(std::move(work)), job_class);
}

class Gate {
  public:
    void open() {
        std::lock_guard<std::mutex> guard(lock_);
        open_ = true;
        changed_.notify_all();
    }
    void pass() {
        std::unique_lock<std::mutex> guard(lock_);
        waiting_++;
        changed_.notify_all();
        changed_.wait(guard, [&] { return open_; });
    }
    bool awaitWaiting(int count) {
        std::unique_lock<std::mutex> guard(lock_);
        return changed_.wait_for(guard, std::chrono::milliseconds(limit_ms), [&] { return waiting_ >= count; });
    }
    int waiting() {
        std::lock_guard<std::mutex> guard(lock_);
        return waiting_;
    }

  private:
    std::mutex lock_;
    std::condition_variable changed_;
    bool open_ = false;
    int waiting_ = 0;
};

TEST(Workers, growWhileAllBlock) {
    ASSERT_TRUE(fm_workers_start(64));
    Gate gate;
    for (int i = 0; i < 50; i++) {
        submit(FM_JOB_GATED, [&] { gate.pass(); });
    }
    EXPECT_TRUE(gate.awaitWaiting(50)) << "fifty blocked jobs run at once";
    gate.open();
    EXPECT_TRUE(fm_workers_stop(limit_ms));
}

TEST(Workers, aClientsJobDoesNotWaitBehindBlockedGatedOpens) {
    ASSERT_TRUE(fm_workers_start(4));
    Gate gate, client;
    for (int i = 0; i < 10; i++) {
        submit(FM_JOB_GATED, [&] { gate.pass(); });
    }
    ASSERT_TRUE(gate.awaitWaiting(4));
    client.open();
    for (int i = 0; i < 8; i++) {
        submit(FM_JOB_CLIENT, [&] { client.pass(); });
    }
    EXPECT_TRUE(client.awaitWaiting(8));
    EXPECT_EQ(gate.waiting(), 4) << "gated opens stay within their share";
    gate.open();
    EXPECT_TRUE(fm_workers_stop(limit_ms));
    EXPECT_EQ(gate.waiting(), 10) << "what was queued runs before the stop";
}

TEST(Workers, runEveryJobExactlyOnce) {
    ASSERT_TRUE(fm_workers_start(8));
    std::atomic<int> runs{0};
    for (int i = 0; i < 20000; i++) {
        submit(i % 2 == 0 ? FM_JOB_GATED : FM_JOB_CLIENT, [&] { runs++; });
    }
    EXPECT_TRUE(fm_workers_stop(limit_ms));
    EXPECT_EQ(runs, 20000);
    fm_worker_counters counters;
    fm_workers_counters(&counters);
    EXPECT_EQ(counters.jobs, 20000u);
    EXPECT_EQ(counters.threads, 0u);
    EXPECT_EQ(counters.queued, 0u);
}

TEST(Workers, stopSaysWhenAJobDoesNotEnd) {
    ASSERT_TRUE(fm_workers_start(4));
    Gate gate;
    submit(FM_JOB_GATED, [&] { gate.pass(); });
    ASSERT_TRUE(gate.awaitWaiting(1));
    EXPECT_FALSE(fm_workers_stop(50));
    gate.open();
    EXPECT_TRUE(fm_workers_stop(limit_ms));
}

} // namespace
