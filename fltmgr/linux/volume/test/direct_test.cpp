// SPDX-License-Identifier: Apache-2.0
#include <cstdlib>
#include <fstream>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "manager.h"

namespace {

class DirectVolume : public testing::Test {
  protected:
    void SetUp() override {
        char name[] = "/tmp/volume_direct_XXXXXX";
        ASSERT_NE(mkdtemp(name), nullptr);
        folder = name;
        ASSERT_EQ(manager.command("volume direct " + folder), "ok volume=Direct1 device=\\Device\\Direct1");
    }
    void TearDown() override {
        for (const char *name : {"good", "bad", "deny", "refuse", "new", "leak"}) {
            unlink((folder + "/" + name).c_str());
        }
        rmdir(folder.c_str());
        const int status = manager.stop();
        EXPECT_TRUE(status == 0 || leaks) << "exit status " << status;
    }
    void file(const std::string &name, const std::string &content) { std::ofstream(folder + "/" + name) << content; }
    std::string open(const std::string &arguments) { return manager.command("open Direct1 " + arguments); }
    Manager manager;
    std::string folder;
    bool leaks = false; // a leak checker gives the host another exit status
};

constexpr const char *opened = "ok status=0x00000000";
constexpr const char *denied = "ok status=0xC0000022";

TEST_F(DirectVolume, opensWhatTheFiltersAllow) {
    file("good", "Good");
    EXPECT_EQ(open("good r"), opened);
    EXPECT_EQ(open(folder + "/good rw"), opened);
}

TEST_F(DirectVolume, refusesInPreCreateInPostCreateAndByContent) {
    file("deny", "");
    file("bad", "Bad content");
    EXPECT_EQ(open("refuse r"), denied) << "before the file system could say that it is not there";
    EXPECT_EQ(open("deny r"), denied);
    EXPECT_EQ(open("bad r"), denied);
}

TEST_F(DirectVolume, createsOnlyWhenAsked) {
    EXPECT_EQ(open("new r"), "ok status=0xC0000034");
    EXPECT_EQ(open("new rwc pid=1 uid=1000"), opened);
    EXPECT_EQ(access((folder + "/new").c_str(), F_OK), 0);
    EXPECT_EQ(open("new x"), denied) << "not executable";
}

TEST_F(DirectVolume, staysInsideItsDirectory) {
    EXPECT_EQ(open("../../etc/passwd r"), "ok status=0xC0000039");
    EXPECT_EQ(open("/etc/passwd r"), "ok status=0xC0000039");
}

TEST_F(DirectVolume, saysWhatIsWrongWithACommand) {
    EXPECT_EQ(manager.command("open Nowhere a r").rfind("error 0xC01C0014 ", 0), 0u);
    EXPECT_EQ(open("good y").rfind("error 0xC000000D ", 0), 0u);
    EXPECT_EQ(open("good r uid=me").rfind("error 0xC000000D ", 0), 0u);
    EXPECT_EQ(manager.command("volume direct /does/not/exist").rfind("error 0xC0000034 ", 0), 0u);
    EXPECT_EQ(manager.command("volume tape /").rfind("error 0xC000000D ", 0), 0u);
    EXPECT_EQ(manager.command("dance").rfind("error 0xC000000D ", 0), 0u);
    EXPECT_EQ(manager.command("load").rfind("error 0xC000000D ", 0), 0u);
    EXPECT_EQ(manager.command("load ..%2Fx").rfind("error 0xC0000033 ", 0), 0u);
    EXPECT_EQ(manager.command("load gate_test").rfind("error 0xC000010E ", 0), 0u) << "loaded already";
}

TEST_F(DirectVolume, countsWhatAddsUp) {
    file("good", "Good");
    open("good r");
    open("refuse r");
    EXPECT_EQ(manager.counter("direct.opens"), 2);
    EXPECT_EQ(manager.counter("direct.succeeded"), 1);
    EXPECT_EQ(manager.counter("direct.refused"), 1);
}

TEST_F(DirectVolume, worksOnWithoutTheDriver) {
    file("bad", "Bad");
    EXPECT_EQ(manager.command("unload gate_test"), "ok");
    EXPECT_EQ(open("bad r"), opened);
    EXPECT_EQ(manager.command("unload gate_test").rfind("error 0xC01C0013 ", 0), 0u);
    EXPECT_EQ(manager.command("load gate_test altitude=123.5"), "ok");
    EXPECT_EQ(open("bad r"), denied);
    EXPECT_EQ(manager.command("unvolume Direct1"), "ok");
    EXPECT_EQ(open("bad r").rfind("error 0xC01C0014 ", 0), 0u);
}

TEST_F(DirectVolume, reportsAPoolLeakAtUnload) {
    leaks = true;
    file("leak", "");
    EXPECT_EQ(open("leak r"), opened);
    EXPECT_EQ(manager.counter("pool.allocations"), 1);
    EXPECT_EQ(manager.command("unload gate_test"), "ok");
    EXPECT_EQ(manager.counter("pool.leaks"), 1);
}

} // namespace
