// SPDX-License-Identifier: Apache-2.0
#include "tmpfs.h"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <sys/fanotify.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

void TmpfsTest::SetUp() {
    const int group = fanotify_init(FAN_CLASS_CONTENT | FAN_UNLIMITED_QUEUE | FAN_UNLIMITED_MARKS | FAN_CLOEXEC, 0);
    if (group < 0) {
        GTEST_SKIP() << "fanotify_init: " << std::strerror(errno) << "; permission events need CAP_SYS_ADMIN";
    }
    close(group);
    char name[] = "/tmp/volume_tmpfs_XXXXXX";
    ASSERT_NE(mkdtemp(name), nullptr);
    root_ = name;
    if (mount("fltmgr_test", name, "tmpfs", MS_NOSUID | MS_NODEV, "size=16m") != 0) {
        GTEST_SKIP() << "mount of a tmpfs: " << std::strerror(errno);
    }
    mounted_ = true;
    mkdir((root_ + "/in").c_str(), 0755);
    mkdir((root_ + "/out").c_str(), 0755);
}

void TmpfsTest::TearDown() {
    if (mounted_ && umount(root_.c_str()) != 0) {
        ADD_FAILURE() << "umount " << root_ << ": " << std::strerror(errno);
        umount2(root_.c_str(), MNT_DETACH);
    }
    if (!root_.empty()) {
        rmdir(root_.c_str());
    }
}

std::string TmpfsTest::file(const std::string &name, const std::string &content) {
    const std::string path = root_ + "/" + name;
    std::ofstream(path) << content;
    chmod(path.c_str(), 0755);
    return path;
}
