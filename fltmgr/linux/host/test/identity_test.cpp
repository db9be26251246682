// SPDX-License-Identifier: Apache-2.0
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <gtest/gtest.h>
#include <linux/sched.h>
#include <string>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

extern "C" {
#include "../clients.h"
#include "../identity.h"
#include "../requestor.h"
}

namespace {

std::string text(const void *sid) {
    const auto *bytes = static_cast<const unsigned char *>(sid);
    std::string result = "S-" + std::to_string(bytes[0]) + "-" + std::to_string(bytes[7]);
    for (int i = 0; i < bytes[1]; i++) {
        uint32_t value;
        std::memcpy(&value, bytes + 8 + 4 * i, sizeof(value));
        result += "-" + std::to_string(value);
    }
    return result;
}

std::vector<std::string> sidsOf(uid_t uid, gid_t gid, std::vector<gid_t> groups, uid_t owner = 0) {
    fm_credentials credentials{uid, gid, groups.size(), groups.data()};
    fm_sids sids;
    EXPECT_TRUE(fm_sids_of(&credentials, owner, &sids));
    std::vector<std::string> result;
    for (size_t i = 0; i < sids.count; i++) {
        result.push_back(text(sids.sids[i]));
    }
    fm_sids_fini(&sids);
    return result;
}

pid_t endedProcess() {
    const pid_t pid = fork();
    if (pid == 0) {
        _exit(0);
    }
    EXPECT_EQ(waitpid(pid, nullptr, 0), pid);
    return pid;
}

TEST(Identity, rootIsSystemAndAdministrator) {
    EXPECT_EQ(sidsOf(0, 0, {0, 4}), (std::vector<std::string>{"S-1-5-18", "S-1-5-32-544", "S-1-1-0", "S-1-5-11",
                                                              "S-1-22-2-0", "S-1-22-2-4"}));
}

TEST(Identity, othersAreSambasUnixUsers) {
    EXPECT_EQ(sidsOf(1000, 100, {100, 4294967294u}), (std::vector<std::string>{"S-1-22-1-1000", "S-1-1-0", "S-1-5-11",
                                                                               "S-1-22-2-100", "S-1-22-2-4294967294"}));
}

TEST(Identity, whoRunsFltmgrdIsItsAdministratorAndKeepsItsOwnSid) {
    EXPECT_EQ(sidsOf(1000, 100, {}, 1000), (std::vector<std::string>{"S-1-5-18", "S-1-5-32-544", "S-1-22-1-1000",
                                                                     "S-1-1-0", "S-1-5-11", "S-1-22-2-100"}));
    EXPECT_EQ(sidsOf(1001, 100, {}, 1000).front(), "S-1-22-1-1001");
}

TEST(Identity, ofASocketsPeerIsThatOfItsProcess) {
    int pair[2];
    ASSERT_EQ(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
    fm_credentials peer, self;
    pid_t pid = 0;
    ASSERT_EQ(fm_credentials_of_peer(pair[0], &peer, &pid), 0);
    ASSERT_EQ(fm_credentials_of_process(getpid(), &self), 0);
    EXPECT_EQ(pid, getpid());
    EXPECT_EQ(peer.uid, geteuid());
    EXPECT_EQ(self.uid, geteuid());
    EXPECT_EQ(peer.gid, self.gid);
    EXPECT_EQ(std::vector<gid_t>(peer.groups, peer.groups + peer.group_count),
              std::vector<gid_t>(self.groups, self.groups + self.group_count));
    fm_credentials_fini(&peer);
    fm_credentials_fini(&self);
    close(pair[0]);
    close(pair[1]);
}

TEST(Identity, aProcessHasAKeyAndAStartTimeAsLongAsItLives) {
    EXPECT_NE(fm_process_key(getpid()), 0u);
    EXPECT_EQ(fm_process_key(getpid()), fm_process_key(getpid()));
    EXPECT_NE(fm_process_key(getpid()), fm_process_key(getppid()));
    const uint64_t start = fm_process_start_key(getpid());
    EXPECT_NE(start, 0u);
    EXPECT_EQ(fm_process_start_time(start), fm_process_start_time(start));
    const pid_t ended = endedProcess();
    EXPECT_EQ(fm_process_key(ended), 0u);
    EXPECT_EQ(fm_process_start_key(ended), 0u);
    EXPECT_EQ(fm_process_key(0), 0u) << "a process of a foreign pid name space";
}

TEST(Identity, oneProcessHasOneObjectWhileItIsReferenced) {
    fm_identity *first = fm_identity_of_opener(getpid());
    fm_identity *second = fm_identity_of_user(getpid(), 0, 0);
    fm_identity *other = fm_identity_of_opener(getppid());
    ASSERT_TRUE(first != nullptr && second != nullptr && other != nullptr);
    EXPECT_EQ(first->requestor.process, second->requestor.process);
    EXPECT_NE(first->requestor.process, other->requestor.process);
    EXPECT_EQ(first->requestor.sid_count, 0u);
    EXPECT_EQ(text(second->requestor.sids[0]), "S-1-5-18");
    fm_identity_release(first);
    fm_identity_release(second);
    fm_identity_release(other);
    fm_identity_release(nullptr);
}

// A process that sleeps until it is killed; with a pid, with that one. -1 with errno.
pid_t sleeper(pid_t pid) {
    pid_t wanted[1] = {pid};
    clone_args arguments{};
    arguments.exit_signal = SIGCHLD;
    arguments.set_tid = pid == 0 ? 0 : reinterpret_cast<uint64_t>(wanted);
    arguments.set_tid_size = pid == 0 ? 0 : 1;
    const long child = syscall(SYS_clone3, &arguments, sizeof(arguments));
    if (child == 0) {
        for (;;) {
            syscall(SYS_pause);
        }
    }
    return static_cast<pid_t>(child);
}

void end(pid_t pid) {
    kill(pid, SIGKILL);
    waitpid(pid, nullptr, 0);
}

TEST(Openers, areRememberedWhileTheyLive) {
    const pid_t pid = sleeper(0);
    ASSERT_GT(pid, 0);
    fm_identity *first = fm_identity_of_opener(pid);
    fm_identity *second = fm_identity_of_opener(pid);
    EXPECT_EQ(first, second);
    fm_identity_release(first);
    fm_identity_release(second);
    end(pid);
    fm_identity *gone = fm_identity_of_opener(pid);
    ASSERT_NE(gone, nullptr);
    EXPECT_EQ(gone->requestor.process_key, 0u) << "nobody has this number now";
    fm_identity_release(gone);
}

TEST(Openers, aProcessThatGetsARememberedNumberIsAnother) {
    const pid_t pid = sleeper(0);
    ASSERT_GT(pid, 0);
    fm_identity *first = fm_identity_of_opener(pid);
    const uint64_t key = first->requestor.process_key;
    end(pid);
    const pid_t again = sleeper(pid);
    if (again < 0) {
        const int error = errno;
        fm_identity_release(first);
        GTEST_SKIP() << "only who may choose process numbers can try this: " << strerror(error);
    }
    ASSERT_EQ(again, pid);
    fm_identity *second = fm_identity_of_opener(pid);
    EXPECT_NE(second, first);
    EXPECT_NE(second->requestor.process, first->requestor.process);
    EXPECT_NE(second->requestor.process_key, key);
    fm_identity_release(first);
    fm_identity_release(second);
    end(pid);
}

TEST(Clients, areKnownFromTheFirstConnectionToTheLast) {
    EXPECT_FALSE(fm_clients_contain(getpid()));
    fm_clients_add(getpid());
    fm_clients_add(getpid());
    EXPECT_TRUE(fm_clients_contain(getpid()));
    fm_clients_remove(getpid());
    EXPECT_TRUE(fm_clients_contain(getpid()));
    fm_clients_remove(getpid());
    EXPECT_FALSE(fm_clients_contain(getpid()));
    fm_clients_remove(getpid());
}

TEST(Clients, aDeadProcessIsNoClientEvenIfItsPidReturns) {
    int gate[2];
    ASSERT_EQ(pipe(gate), 0);
    const pid_t pid = fork();
    if (pid == 0) {
        char byte;
        close(gate[1]);
        _exit(static_cast<int>(read(gate[0], &byte, 1)));
    }
    fm_clients_add(pid);
    EXPECT_TRUE(fm_clients_contain(pid));
    close(gate[0]);
    close(gate[1]);
    EXPECT_EQ(waitpid(pid, nullptr, 0), pid);
    EXPECT_FALSE(fm_clients_contain(pid));
    fm_clients_remove(pid);
}

} // namespace
