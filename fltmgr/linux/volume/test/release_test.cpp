// SPDX-License-Identifier: Apache-2.0
// Whatever happens to fltmgrd, nobody stays blocked in an open.
#include <cerrno>
#include <chrono>
#include <csignal>
#include <memory>
#include <thread>
#include <vector>

#include "manager.h"
#include "opener.h"
#include "tmpfs.h"

namespace {

using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

class Release : public TmpfsTest {
  protected:
    // Openers that wait for a driver that takes three seconds; the deadline is far away.
    void block(const std::vector<std::string> &options = {}) {
        std::vector<std::string> arguments{"--deadline-ms", "60000", "--heartbeat-ms", "600"};
        arguments.insert(arguments.end(), options.begin(), options.end());
        manager = std::make_unique<Manager>(arguments);
        const std::string stuck = file("in/stuck");
        ASSERT_EQ(manager->command("volume fanotify " + in()).rfind("ok ", 0), 0u);
        for (int i = 0; i < 5; i++) {
            openers.emplace_back(stuck);
        }
        for (auto &opener : openers) {
            ASSERT_TRUE(opener.awaitBlocked());
        }
    }
    void expectReleasedWithin(milliseconds limit) {
        const auto start = Clock::now();
        for (auto &opener : openers) {
            EXPECT_EQ(opener.result(), 0);
        }
        EXPECT_LT(std::chrono::duration_cast<milliseconds>(Clock::now() - start), limit);
    }
    void TearDown() override {
        openers.clear();
        manager.reset();
        TmpfsTest::TearDown();
    }
    std::unique_ptr<Manager> manager;
    std::vector<Opener> openers;
};

TEST_F(Release, byStoppingTheHost) {
    block();
    kill(manager->host(), SIGSTOP);
    expectReleasedWithin(milliseconds(1800));
    EXPECT_EQ(manager->awaitEnd(), 70);
}

TEST_F(Release, byKillingTheHost) {
    block();
    kill(manager->host(), SIGKILL);
    expectReleasedWithin(milliseconds(1500));
    EXPECT_EQ(manager->awaitEnd(), 128 + SIGKILL);
}

TEST_F(Release, byKillingTheSupervisor) {
    block();
    const pid_t host = manager->host();
    kill(manager->supervisor(), SIGKILL);
    expectReleasedWithin(milliseconds(1500));
    EXPECT_EQ(manager->awaitEnd(), -SIGKILL);
    const auto limit = Clock::now() + std::chrono::seconds(10);
    while (kill(host, 0) == 0 && Clock::now() < limit) { // it holds the mount until it has ended
        std::this_thread::sleep_for(milliseconds(1));
    }
}

TEST_F(Release, byRemovingTheVolume) {
    block();
    const std::string tag = manager->send("unvolume Fanotify1");
    expectReleasedWithin(milliseconds(1500));
    EXPECT_EQ(manager->awaitAnswer(tag), "ok");
    EXPECT_EQ(manager->counter("gate.released"), 5);
    EXPECT_EQ(openElsewhere(file("in/deny")), 0);
    EXPECT_EQ(manager->stop(), 0);
}

TEST_F(Release, byTheOrderlyEnd) {
    block();
    std::thread stopper([&] { EXPECT_EQ(manager->stop(), 0); });
    expectReleasedWithin(milliseconds(1500));
    stopper.join();
}

TEST_F(Release, ofAKilledOpenerLeavesTheOthersGated) {
    block();
    openers.pop_back(); // SIGKILL
    EXPECT_TRUE(openers.front().isWaiting());
    EXPECT_EQ(openElsewhere(file("in/deny")), EPERM);
}

} // namespace
