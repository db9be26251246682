// SPDX-License-Identifier: Apache-2.0
#include <chrono>
#include <csignal>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

extern "C" {
#include "../supervisor.h"
}

namespace {

using Clock = std::chrono::steady_clock;

struct Plan {
    int ready;                 // the host writes its pid here
    int beats_before_it_stops; // -1: beats on
    int exit_status;           // -1: waits to be ended
};

int host(void *context, fm_heartbeat *heartbeat) {
    const auto *plan = static_cast<const Plan *>(context);
    const pid_t self = getpid();
    fm_heartbeat_beat(heartbeat);
    if (write(plan->ready, &self, sizeof(self)) != sizeof(self)) {
        _exit(99);
    }
    if (plan->exit_status >= 0) {
        return plan->exit_status;
    }
    for (int i = 0; plan->beats_before_it_stops < 0 || i < plan->beats_before_it_stops; i++) {
        fm_heartbeat_beat(heartbeat);
        sigset_t signals;
        sigemptyset(&signals);
        sigaddset(&signals, SIGTERM);
        const timespec period{0, 10000000};
        if (sigtimedwait(&signals, nullptr, &period) == SIGTERM) {
            return 7;
        }
    }
    for (;;) {
        pause();
    }
}

class Supervisor : public testing::Test {
  protected:
    void start(int beats, int exit_status, uint32_t heartbeat_ms) {
        ASSERT_EQ(pipe(ready), 0);
        supervisor = fork();
        if (supervisor == 0) {
            Plan plan{ready[1], beats, exit_status};
            _exit(fm_supervise(heartbeat_ms, host, &plan));
        }
        close(ready[1]);
        ASSERT_EQ(read(ready[0], &host_pid, sizeof(host_pid)), static_cast<ssize_t>(sizeof(host_pid)));
    }
    void TearDown() override { close(ready[0]); }
    // The exit status, or -signal.
    int end() {
        int status = 0;
        EXPECT_EQ(waitpid(supervisor, &status, 0), supervisor);
        return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
    }
    bool hostIsGone() {
        const auto limit = Clock::now() + std::chrono::seconds(10);
        while (kill(host_pid, 0) == 0 && Clock::now() < limit) {
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
        }
        return kill(host_pid, 0) != 0;
    }
    int ready[2] = {-1, -1};
    pid_t supervisor = -1;
    pid_t host_pid = -1;
};

TEST_F(Supervisor, passesTheHostsExitStatus) {
    start(0, 42, 1000);
    EXPECT_EQ(end(), 42);
}

TEST_F(Supervisor, forwardsTheSignalToStop) {
    start(-1, -1, 1000);
    kill(supervisor, SIGTERM);
    EXPECT_EQ(end(), 7);
}

TEST_F(Supervisor, killsAHostWhoseHeartStops) {
    start(3, -1, 300);
    EXPECT_EQ(end(), 70);
    EXPECT_TRUE(hostIsGone());
}

TEST_F(Supervisor, killsAStoppedHostWithinTheLimit) {
    start(-1, -1, 500);
    const auto stopped = Clock::now();
    kill(host_pid, SIGSTOP);
    EXPECT_EQ(end(), 70);
    const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - stopped).count();
    EXPECT_GE(took, 300);
    EXPECT_LE(took, 1500) << "the limit is 500 ms; the rest is for a busy machine";
}

TEST_F(Supervisor, doesNotBlameTheHostForItsOwnPause) {
    start(-1, -1, 200);
    kill(supervisor, SIGSTOP);
    kill(host_pid, SIGSTOP);
    std::this_thread::sleep_for(std::chrono::milliseconds(600));
    kill(host_pid, SIGCONT);
    kill(supervisor, SIGCONT);
    std::this_thread::sleep_for(std::chrono::milliseconds(300));
    EXPECT_EQ(kill(host_pid, 0), 0) << "it beats again";
    kill(supervisor, SIGTERM);
    EXPECT_EQ(end(), 7);
}

TEST_F(Supervisor, saysHowTheHostDied) {
    start(-1, -1, 1000);
    kill(host_pid, SIGKILL);
    EXPECT_EQ(end(), 128 + SIGKILL);
}

TEST_F(Supervisor, takesTheHostWithIt) {
    start(-1, -1, 1000);
    kill(supervisor, SIGKILL);
    EXPECT_EQ(end(), -SIGKILL);
    EXPECT_TRUE(hostIsGone());
}

} // namespace
