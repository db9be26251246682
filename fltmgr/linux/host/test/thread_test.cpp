// SPDX-License-Identifier: Apache-2.0
#include <chrono>
#include <gtest/gtest.h>
#include <thread>
#include <unistd.h>

extern "C" {
#include "../core_threads.h"
#include "../requestor.h"
#include "../thread.h"
}

namespace {

bool becomesAlerted(const fm_thread *thread) {
    const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (!fm_thread_alerted(thread) && std::chrono::steady_clock::now() < limit) {
        std::this_thread::yield();
    }
    return fm_thread_alerted(thread);
}

class HostThread : public testing::Test {
  protected:
    void SetUp() override {
        fm_requestors_init();
        ASSERT_TRUE(fm_alerts_start());
        thread = fm_host_thread_begin("test");
    }
    void TearDown() override {
        fm_host_thread_end(thread);
        fm_alerts_stop();
        fm_requestors_fini();
    }
    fm_host_thread *thread = nullptr;
};

TEST_F(HostThread, isAlertedInItsJobAndCleanInTheNext) {
    fm_host_thread_begin_job(thread);
    fm_host_thread_alert(thread);
    EXPECT_TRUE(becomesAlerted(fm_current_thread()));
    fm_host_thread_end_job(thread);
    fm_host_thread_begin_job(thread);
    EXPECT_FALSE(fm_thread_alerted(fm_current_thread()));
    fm_host_thread_end_job(thread);
}

TEST_F(HostThread, anAlertDoesNotReachTheJobAfter) {
    for (int i = 0; i < 2000; i++) {
        fm_host_thread_begin_job(thread);
        fm_host_thread_alert(thread);
        fm_host_thread_end_job(thread);
        fm_host_thread_begin_job(thread);
        ASSERT_FALSE(fm_thread_alerted(fm_current_thread()));
        fm_host_thread_end_job(thread);
    }
}

TEST_F(HostThread, worksForTheSystemUnlessItImpersonates) {
    EXPECT_TRUE(fm_current_requestor()->kernel);
    EXPECT_EQ(fm_current_requestor()->process_id, static_cast<uint64_t>(getpid()));
    fm_identity *identity = fm_identity_of_user(getppid(), 1000, 1000);
    ASSERT_NE(identity, nullptr);
    fm_host_thread_begin_job(thread);
    fm_impersonate(&identity->requestor);
    EXPECT_FALSE(fm_current_requestor()->kernel);
    EXPECT_EQ(fm_current_requestor()->process_id, static_cast<uint64_t>(getppid()));
    fm_host_thread_end_job(thread);
    EXPECT_TRUE(fm_current_requestor()->kernel) << "the job's end ends the impersonation";
    fm_identity_release(identity);
}

} // namespace
