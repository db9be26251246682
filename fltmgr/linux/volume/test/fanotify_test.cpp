// SPDX-License-Identifier: Apache-2.0
#include <cerrno>
#include <fcntl.h>
#include <fltUser.h>
#include <fstream>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

#include "manager.h"
#include "opener.h"
#include "tmpfs.h"

namespace {

using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

class Fanotify : public TmpfsTest {
  protected:
    void gate(Manager &manager, const std::string &directory) {
        ASSERT_EQ(manager.command("volume fanotify " + directory), "ok volume=Fanotify1 device=\\Device\\Fanotify1");
    }
    // Every event is in exactly one of these.
    static void expectBalance(Manager &manager) {
        long sum = 0;
        for (const char *name :
             {"own", "outside", "overload", "undeliverable", "allowed", "denied", "late", "released", "in_flight"}) {
            sum += manager.counter(std::string("gate.") + name);
        }
        EXPECT_EQ(manager.counter("gate.read"), sum);
        EXPECT_EQ(manager.counter("gate.queue_overflows"), 0);
        EXPECT_EQ(manager.counter("gate.read_failures"), 0);
    }
};

TEST_F(Fanotify, gatesOpensByNameAndContent) {
    Manager manager;
    const std::string good = file("in/good"), bad = file("in/bad", "Bad"), deny = file("in/deny"),
                      refuse = file("in/refuse");
    gate(manager, in());
    EXPECT_EQ(openElsewhere(good), 0);
    EXPECT_EQ(openElsewhere(bad), EPERM);
    EXPECT_EQ(openElsewhere(deny), EPERM);
    EXPECT_EQ(openElsewhere(refuse), EPERM);
    EXPECT_EQ(manager.counter("gate.allowed"), 1);
    EXPECT_EQ(manager.counter("gate.denied"), 3);
    expectBalance(manager);
    EXPECT_EQ(manager.stop(), 0);
    EXPECT_EQ(openElsewhere(bad), 0) << "no gate any more";
}

TEST_F(Fanotify, gatesExecutions) {
    Manager manager;
    const std::string script = file("in/deny.sh", "#!/bin/true\n"), allowed = file("in/good.sh", "#!/bin/true\n");
    gate(manager, in());
    EXPECT_EQ(openElsewhere(script, Opener::execute), EPERM);
    EXPECT_EQ(openElsewhere(allowed, Opener::execute), 0);
    expectBalance(manager);
}

TEST_F(Fanotify, leavesTheRestOfTheFileSystemAlone) {
    Manager manager;
    const std::string outside = file("out/deny"), beside = file("in2", "Bad");
    gate(manager, in());
    EXPECT_EQ(openElsewhere(outside), 0);
    EXPECT_EQ(openElsewhere(beside), 0) << "the name only begins like the directory's";
    EXPECT_EQ(manager.counter("gate.outside"), 2);
    expectBalance(manager);
}

TEST_F(Fanotify, followsTheDirectoryWhenItIsRenamed) {
    Manager manager;
    const std::string deny = file("in/deny");
    gate(manager, in());
    ASSERT_EQ(rename(in().c_str(), (root() + "/moved").c_str()), 0);
    EXPECT_EQ(openElsewhere(root() + "/moved/deny"), EPERM);
}

TEST_F(Fanotify, isNotWalkedAroundByAMountNamespace) {
    Manager manager;
    file("in/deny");
    gate(manager, in());
    const std::string from = in(), to = root() + "/out", path = to + "/deny";
    const pid_t pid = fork();
    if (pid == 0) {
        if (unshare(CLONE_NEWNS) != 0 || mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
            mount(from.c_str(), to.c_str(), nullptr, MS_BIND, nullptr) != 0) {
            _exit(200);
        }
        _exit(open(path.c_str(), O_RDONLY) >= 0 ? 0 : errno);
    }
    int status = 0;
    ASSERT_EQ(waitpid(pid, &status, 0), pid);
    if (WEXITSTATUS(status) == 200) {
        GTEST_SKIP() << "a mount name space of its own is not permitted";
    }
    EXPECT_EQ(WEXITSTATUS(status), EPERM) << "the path looks as if it lay outside";
    expectBalance(manager);
}

TEST_F(Fanotify, answersAtTheDeadlineWhateverTheDriverDoes) {
    for (const auto &[option, expected] : {std::pair{"allow", 0}, std::pair{"deny", EPERM}}) {
        Manager manager({"--deadline-ms", "300", "--on-deadline", option});
        const std::string stuck = file("in/stuck");
        gate(manager, in());
        const auto start = Clock::now();
        EXPECT_EQ(openElsewhere(stuck), expected);
        const auto took = std::chrono::duration_cast<milliseconds>(Clock::now() - start);
        EXPECT_GE(took, milliseconds(295));
        EXPECT_LT(took, milliseconds(2500)) << "the driver takes three seconds";
        EXPECT_EQ(manager.counter("gate.late"), 1);
        EXPECT_EQ(openElsewhere(file("out/good")), 0);
        expectBalance(manager);
        EXPECT_EQ(manager.stop(), 0);
    }
}

TEST_F(Fanotify, answersBeyondTheInFlightLimitByTheOverloadPolicy) {
    Manager manager({"--in-flight", "3", "--on-overload", "deny", "--deadline-ms", "1500"});
    const std::string stuck = file("in/stuck"), good = file("in/good");
    gate(manager, in());
    std::vector<Opener> openers;
    for (int i = 0; i < 3; i++) {
        openers.emplace_back(stuck);
    }
    for (auto &opener : openers) {
        ASSERT_TRUE(opener.awaitBlocked());
    }
    const auto limit = Clock::now() + std::chrono::seconds(5);
    while (manager.counter("gate.in_flight") < 3 && Clock::now() < limit) {
    }
    EXPECT_EQ(openElsewhere(good), EPERM);
    EXPECT_EQ(manager.counter("gate.overload"), 1);
    for (auto &opener : openers) {
        EXPECT_EQ(opener.result(), 0) << "by the deadline";
    }
    EXPECT_EQ(manager.counter("gate.in_flight_high_mark"), 3);
    expectBalance(manager);
}

TEST_F(Fanotify, servesManyOpenersAtOnce) {
    Manager manager({"--workers", "8"});
    const std::string good = file("in/good"), bad = file("in/bad", "Bad");
    gate(manager, in());
    std::vector<Opener> openers;
    for (int i = 0; i < 200; i++) {
        openers.emplace_back(i % 2 == 0 ? good : bad);
    }
    for (int i = 0; i < 200; i++) {
        EXPECT_EQ(openers[static_cast<size_t>(i)].result(), i % 2 == 0 ? 0 : EPERM);
    }
    EXPECT_EQ(manager.counter("gate.allowed"), 100);
    EXPECT_EQ(manager.counter("gate.denied"), 100);
    expectBalance(manager);
}

TEST_F(Fanotify, tenThousandOpensAtOnceAreAllAnswered) {
    Manager manager({"--in-flight", "500", "--on-overload", "deny", "--deadline-ms", "2000", "--workers", "64"});
    const std::string good = file("in/good"), stuck = file("in/stuck");
    gate(manager, in());
    const Crowd stranded = openByMany(stuck, 10000);
    EXPECT_EQ(stranded.opened + stranded.denied, 10000) << "each by deadline or overload; others " << stranded.others;
    EXPECT_EQ(manager.counter("gate.overload"), stranded.denied);
    EXPECT_GT(stranded.denied, 0);
    EXPECT_GE(stranded.opened, 500);
    EXPECT_EQ(manager.counter("gate.in_flight_high_mark"), 500);
    EXPECT_EQ(manager.counter("gate.in_flight"), 0);
    EXPECT_EQ(openElsewhere(good), 0) << "it works on";
    expectBalance(manager);
    EXPECT_EQ(manager.stop(), 0);
}

TEST_F(Fanotify, gatesReadsWhereAsked) {
    Manager manager;
    const std::string noread = file("in/noread"), good = file("in/good");
    ASSERT_EQ(manager.command("volume fanotify " + in() + " reads=1").rfind("ok ", 0), 0u);
    EXPECT_EQ(openElsewhere(noread), 0);
    EXPECT_EQ(openElsewhere(noread, Opener::content), EPERM);
    EXPECT_EQ(openElsewhere(good, Opener::content), 0);
    expectBalance(manager);
}

TEST_F(Fanotify, reportsClosesAndChangesWhereAsked) {
    Manager manager;
    const std::string good = file("in/good"), outside = file("out/good");
    ASSERT_EQ(manager.command("volume fanotify " + in() + " closes=1 changes=1").rfind("ok ", 0), 0u);
    EXPECT_EQ(openElsewhere(good, Opener::modify), 0);
    EXPECT_EQ(openElsewhere(outside, Opener::modify), 0);
    const auto limit = Clock::now() + std::chrono::seconds(10);
    while (manager.counter("core.operations") < 3 && Clock::now() < limit) {
    }
    EXPECT_EQ(manager.counter("core.operations"), 3) << "create, write, cleanup";
    EXPECT_GE(manager.counter("gate.reports"), 1) << "the kernel may merge both into one";
    EXPECT_EQ(manager.counter("gate.reports_lost"), 0);
    EXPECT_EQ(manager.stop(), 0);
}

class Decider {
  public:
    explicit Decider(const std::string &socket) {
        setenv("FILTERPORT_MANAGER", socket.c_str(), 1);
        result = FilterConnectCommunicationPort(u"\\GateTest", 0, nullptr, 0, nullptr, &port);
    }
    ~Decider() {
        if (SUCCEEDED(result)) {
            CloseHandle(port);
        }
    }
    // Receives one question and answers it after `work`.
    template <class Work>
    HRESULT serve(unsigned char verdict, Work work) {
        struct {
            FILTER_MESSAGE_HEADER header;
            char question[8];
        } message{};
        HRESULT status = FilterGetMessage(port, &message.header, sizeof(message), nullptr);
        if (FAILED(status)) {
            return status;
        }
        work();
        struct {
            FILTER_REPLY_HEADER header;
            unsigned char verdict;
        } reply{};
        reply.header.MessageId = message.header.MessageId;
        reply.verdict = verdict;
        return FilterReplyMessage(port, &reply.header, sizeof(FILTER_REPLY_HEADER) + 1);
    }
    HANDLE port = nullptr;
    HRESULT result;
};

TEST_F(Fanotify, asksADeciderThroughThePort) {
    Manager manager;
    const std::string ask = file("in/ask");
    gate(manager, in());
    Decider decider(manager.socket());
    ASSERT_EQ(decider.result, S_OK);
    Opener first(ask);
    EXPECT_EQ(decider.serve('A', [] {}), S_OK);
    EXPECT_EQ(first.result(), 0);
    Opener second(ask);
    EXPECT_EQ(decider.serve('D', [] {}), S_OK);
    EXPECT_EQ(second.result(), EPERM);
}

TEST_F(Fanotify, aDeciderOpensGatedFilesWhileEveryWorkerWaitsForIt) {
    Manager manager({"--workers", "2"});
    const std::string ask = file("in/ask"), deny = file("in/deny");
    gate(manager, in());
    Decider decider(manager.socket());
    ASSERT_EQ(decider.result, S_OK);
    std::vector<Opener> openers;
    for (int i = 0; i < 8; i++) {
        openers.emplace_back(ask);
    }
    const auto limit = Clock::now() + std::chrono::seconds(10);
    while (manager.counter("gate.in_flight") < 8 && Clock::now() < limit) {
    }
    EXPECT_EQ(manager.counter("workers.running_gated"), 2);
    for (int i = 0; i < 8; i++) {
        EXPECT_EQ(decider.serve('A',
                                [&] {
                                    const int descriptor = open(deny.c_str(), O_RDONLY | O_CLOEXEC);
                                    EXPECT_GE(descriptor, 0) << "the decider is exempt";
                                    close(descriptor);
                                }),
                  S_OK);
    }
    for (auto &opener : openers) {
        EXPECT_EQ(opener.result(), 0);
    }
    EXPECT_EQ(manager.counter("gate.late"), 0);
    expectBalance(manager);
}

TEST_F(Fanotify, theDeadlineEndsAQuestionThatNobodyAnswers) {
    Manager manager({"--deadline-ms", "300", "--on-deadline", "deny"});
    const std::string ask = file("in/ask");
    gate(manager, in());
    Decider decider(manager.socket());
    ASSERT_EQ(decider.result, S_OK);
    EXPECT_EQ(openElsewhere(ask), EPERM);
    const auto limit = Clock::now() + std::chrono::seconds(10);
    while (manager.counter("core.terminated") < 1 && Clock::now() < limit) {
    }
    EXPECT_EQ(manager.counter("core.terminated"), 1)
        << "the worker was told to give up, long before the driver's time-out";
    EXPECT_EQ(manager.counter("workers.running_gated"), 0);
}

} // namespace
