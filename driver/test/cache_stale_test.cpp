// SPDX-License-Identifier: Apache-2.0
//
// Every way in which a remembered verdict could outlive what it was about: the next open is asked again, or nothing was
// remembered in the first place. And what remains: changes that the kernel reports to nobody.
//
// What the kernel ends itself (write, truncation) has ended when the call returns. What it only reports ends when the report
// is read: there the test waits for the counter.

#include "cache_fixture.h"
#include "changer.h"

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>

#include <fcntl.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

namespace {

constexpr uid_t kNobody = 65534;

int openForWriting(const std::string &path) {
    return open(path.c_str(), O_RDWR | O_CLOEXEC);
}

char firstByte(const std::string &path) {
    char byte = 0;
    std::ifstream(path).get(byte);
    return byte;
}

// Runs a command; what it printed, in *output.
bool run(const std::string &command, std::string &output) {
    FILE *shell = popen(("exec 2>&1; " + command).c_str(), "re");
    char text[256] = "";
    const size_t length = fread(text, 1, sizeof(text) - 1, shell);
    output.assign(text, length);
    return pclose(shell) == 0;
}

// The content ----------------------------------------------------------------------------------------------------------

TEST_F(Cache, ends_with_a_write) {
    start();
    const std::string path = remembered();
    EXPECT_FALSE(asks(path, Opener::modify)) << "the writer itself is let in by the verdict";
    EXPECT_TRUE(asks(path));
}

TEST_F(Cache, ends_with_a_write_through_a_descriptor_from_before) {
    start();
    const std::string path = file("in/file");
    const int writer = openForWriting(path);
    EXPECT_TRUE(asks(path));
    ASSERT_EQ(write(writer, "x", 1), 1);
    EXPECT_TRUE(asks(path));
    close(writer);
    remember(path);
}

TEST_F(Cache, ends_with_a_truncation) {
    start();
    const std::string path = remembered();
    ASSERT_EQ(truncate(path.c_str(), 1), 0);
    EXPECT_TRUE(asks(path));
}

TEST_F(Cache, ends_with_a_truncation_by_the_open) {
    start();
    const std::string path = remembered();
    close(open(path.c_str(), O_WRONLY | O_TRUNC | O_CLOEXEC));
    EXPECT_TRUE(asks(path));
}

TEST_F(Cache, ends_with_a_hole_punched) {
    start();
    const std::string path = remembered();
    const int descriptor = openForWriting(path);
    ASSERT_EQ(fallocate(descriptor, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, 4), 0);
    EXPECT_TRUE(asks(path));
    close(descriptor);
}

TEST_F(Cache, ends_when_a_mapping_that_was_stored_into_is_closed) {
    start();
    const std::string path = remembered();
    {
        Changer changer(path, Changer::mapping);
        changer.change();
    }
    await("cache.invalidated", 1);
    EXPECT_TRUE(asks(path));
}

TEST_F(Cache, ends_when_a_file_that_was_written_asynchronously_is_closed) {
    start();
    const std::string path = remembered();
    {
        Changer changer(path, Changer::asynchronous);
        changer.change();
    }
    await("cache.invalidated", 1);
    EXPECT_TRUE(asks(path));
}

// This is the one that remains, and docs/how-it-works.md says so: the kernel tells nobody of a store into a mapping.
// Whoever may write the file is root; until it closes the file the old verdict holds.
TEST_F(Cache, REMAINS_until_a_mapping_that_is_stored_into_is_closed) {
    start();
    const std::string path = remembered();
    Changer changer(path, Changer::mapping);
    changer.change();
    EXPECT_EQ(firstByte(path), '!');
    EXPECT_FALSE(asks(path)) << "better than documented: say so in docs/how-it-works.md";
    changer.close();
    await("cache.invalidated", 1);
    EXPECT_TRUE(asks(path));
}

// And its sibling: io_submit() writes without a report.
TEST_F(Cache, REMAINS_until_a_file_that_is_written_asynchronously_is_closed) {
    start();
    const std::string path = remembered();
    Changer changer(path, Changer::asynchronous);
    changer.change();
    EXPECT_EQ(firstByte(path), '!');
    EXPECT_FALSE(asks(path)) << "better than documented: say so in docs/how-it-works.md";
    changer.close();
    await("cache.invalidated", 1);
    EXPECT_TRUE(asks(path));
}

// And the kernel's own writing, for a loop device that lies on the file.
TEST_F(Cache, REMAINS_until_a_loop_device_on_the_file_is_detached) {
    start();
    const std::string path = remembered();
    ASSERT_EQ(truncate(path.c_str(), 1 << 20), 0);
    remember(path);
    std::string device;
    if (!run("losetup -f --show " + path, device)) {
        GTEST_SKIP() << "no loop device here: " << device;
    }
    device.pop_back();
    std::string output;
    const bool wrote = run("printf '!' | dd of=" + device + " conv=fsync", output);
    const bool asked = asks(path);
    const char byte = firstByte(path);
    ASSERT_TRUE(run("losetup -d " + device, output)) << output;
    ASSERT_TRUE(wrote);
    EXPECT_EQ(byte, '!');
    EXPECT_FALSE(asked) << "better than documented: say so in docs/how-it-works.md";
    await("cache.invalidated", 2);
    EXPECT_TRUE(asks(path));
}

// Between the reading of the content and the mark -----------------------------------------------------------------------

TEST_F(Cache, refuses_a_file_that_is_written_while_it_is_judged) {
    start();
    const std::string path = file("in/file", "content");
    whileAsked([&] { std::ofstream(path) << "CONTENT"; });
    EXPECT_TRUE(asks(path));
    EXPECT_EQ(counter("cache.refused_changed"), 1);
    whileAsked(nullptr);
    EXPECT_TRUE(asks(path)) << "it was not remembered";
    EXPECT_FALSE(asks(path));
}

TEST_F(Cache, refuses_a_file_that_is_mapped_stored_into_and_closed_while_it_is_judged) {
    start();
    const std::string path = file("in/file", "content");
    whileAsked([&] {
        const int descriptor = openForWriting(path);
        void *map = mmap(nullptr, 1, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
        ASSERT_NE(map, MAP_FAILED);
        *static_cast<volatile char *>(map) = '!';
        munmap(map, 1);
        close(descriptor);
    });
    EXPECT_TRUE(asks(path));
    EXPECT_EQ(counter("cache.refused_changed"), 1);
    EXPECT_TRUE(asks(path));
}

TEST_F(Cache, refuses_a_file_that_is_renamed_or_gets_a_link_while_it_is_judged) {
    start();
    const std::string path = file("in/file");
    const std::string other = in() + "/other";
    whileAsked([&] { ASSERT_EQ(rename(path.c_str(), other.c_str()), 0); });
    EXPECT_TRUE(asks(path));
    EXPECT_EQ(counter("cache.refused_changed"), 1);
    whileAsked([&] { ASSERT_EQ(link(other.c_str(), path.c_str()), 0); });
    EXPECT_TRUE(asks(other));
    EXPECT_EQ(counter("cache.refused_changed"), 2);
}

TEST_F(Cache, refuses_a_file_that_is_unlinked_while_it_is_judged) {
    start();
    const std::string path = file("in/file");
    whileAsked([&] { ASSERT_EQ(unlink(path.c_str()), 0); });
    EXPECT_TRUE(asks(path));
    EXPECT_EQ(counter("cache.refused_changed"), 1);
    EXPECT_EQ(counter("cache.entries"), 0);
}

TEST_F(Cache, refuses_a_file_that_somebody_has_open_for_writing) {
    start();
    const std::string path = file("in/file");
    const int writer = openForWriting(path);
    EXPECT_TRUE(asks(path));
    EXPECT_TRUE(asks(path));
    EXPECT_EQ(counter("cache.refused_writer"), 2);
    EXPECT_EQ(decider->counters().CacheRefused, 2u);
    close(writer);
    remember(path);
}

TEST_F(Cache, refuses_the_open_of_a_writer) {
    start();
    const std::string path = file("in/file");
    EXPECT_TRUE(asks(path, Opener::modify));
    EXPECT_EQ(counter("cache.refused_writer"), 1);
    EXPECT_TRUE(asks(path));
}

// The name --------------------------------------------------------------------------------------------------------------

TEST_F(Cache, ends_when_another_file_is_renamed_over_it) {
    start();
    const std::string path = remembered();
    const std::string other = file("in/other", "another");
    ASSERT_EQ(rename(other.c_str(), path.c_str()), 0);
    EXPECT_TRUE(asks(path));
}

TEST_F(Cache, ends_when_a_remembered_file_is_renamed_over_another) {
    start();
    const std::string path = remembered();
    const std::string other = file("in/other", "another");
    ASSERT_EQ(rename(path.c_str(), other.c_str()), 0);
    await("cache.invalidated", 1);
    EXPECT_TRUE(asks(other));
}

TEST_F(Cache, ends_when_the_file_is_renamed_away) {
    start();
    const std::string path = remembered();
    const std::string other = in() + "/other";
    ASSERT_EQ(rename(path.c_str(), other.c_str()), 0);
    await("cache.invalidated", 1);
    EXPECT_TRUE(asks(other));
}

TEST_F(Cache, ends_when_the_file_leaves_the_gated_directory_and_comes_back) {
    start();
    const std::string path = remembered();
    const std::string outside = root() + "/out/file";
    ASSERT_EQ(rename(path.c_str(), outside.c_str()), 0);
    await("cache.invalidated", 1);
    EXPECT_FALSE(asks(outside)) << "it is not gated there";
    ASSERT_EQ(rename(outside.c_str(), path.c_str()), 0);
    EXPECT_TRUE(asks(path));
}

TEST_F(Cache, ends_with_a_hard_link) {
    start();
    const std::string path = remembered();
    const std::string other = in() + "/other";
    ASSERT_EQ(link(path.c_str(), other.c_str()), 0);
    await("cache.invalidated", 1);
    EXPECT_TRUE(asks(other));
    EXPECT_FALSE(asks(path)) << "both names, one file";
    ASSERT_EQ(unlink(path.c_str()), 0);
    await("cache.invalidated", 2);
    EXPECT_TRUE(asks(other));
}

TEST_F(Cache, ends_with_a_write_through_another_link) {
    start();
    const std::string path = file("in/file");
    const std::string other = root() + "/out/link";
    ASSERT_EQ(link(path.c_str(), other.c_str()), 0);
    remember(path);
    EXPECT_EQ(openElsewhere(other, Opener::modify), 0);
    EXPECT_TRUE(asks(path));
}

TEST_F(Cache, ends_when_the_file_is_replaced_by_a_new_one) {
    start();
    const std::string path = remembered();
    ASSERT_EQ(unlink(path.c_str()), 0);
    EXPECT_TRUE(asks(file("in/file", "content")));
    await("cache.invalidated", 1);
    EXPECT_EQ(counter("cache.entries"), 1) << "the old one is forgotten";
}

TEST_F(Cache, ends_for_an_unlinked_file_that_somebody_still_has_open) {
    start();
    const std::string path = remembered();
    const int descriptor = open(path.c_str(), O_RDONLY | O_CLOEXEC);
    ASSERT_EQ(unlink(path.c_str()), 0);
    await("cache.invalidated", 1);
    EXPECT_EQ(counter("cache.entries"), 0);
    const std::string again = "/proc/" + std::to_string(getpid()) + "/fd/" + std::to_string(descriptor);
    EXPECT_TRUE(asks(again)) << "it can be opened without a name";
    EXPECT_TRUE(asks(again));
    close(descriptor);
}

// A file system that gives a freed inode number to the next file, which tmpfs never does.
class Reused : public Cache {
  protected:
    void SetUp() override {
        Cache::SetUp();
        if (IsSkipped() || HasFatalFailure()) {
            return;
        }
        const std::string image = root() + "/image";
        disk = root() + "/disk";
        ASSERT_EQ(mkdir(disk.c_str(), 0755), 0);
        const std::string make =
            "truncate -s 4M " + image + " && mkfs.ext4 -q -F " + image + " && mount -o loop " + image + " " + disk;
        std::string output;
        mounted = run(make, output);
        if (!mounted) {
            GTEST_SKIP() << "no ext4 on a loop device here: " << output;
        }
    }
    void TearDown() override {
        decider.reset();
        manager.reset();
        if (mounted) {
            EXPECT_EQ(umount(disk.c_str()), 0) << std::strerror(errno);
        }
        Cache::TearDown();
    }
    static ino_t inode(const std::string &path) {
        struct stat status {};
        EXPECT_EQ(stat(path.c_str(), &status), 0);
        return status.st_ino;
    }
    std::string disk;
    bool mounted = false;
};

TEST_F(Reused, an_inode_number_that_comes_back_is_another_file) {
    manager = std::make_unique<Manager>(std::vector<std::string>{}, FILTERPORT_DRIVER_NAME);
    ASSERT_EQ(manager->command("volume fanotify " + disk).rfind("ok ", 0), 0u);
    connect();
    const std::string path = disk + "/file";
    std::ofstream(path) << "content";
    remember(path);
    const ino_t before = inode(path);
    ASSERT_EQ(unlink(path.c_str()), 0);
    std::ofstream(path) << "CONTENT";
    if (inode(path) != before) {
        GTEST_SKIP() << "this ext4 did not reuse inode number " << before;
    }
    EXPECT_TRUE(asks(path));
    EXPECT_FALSE(asks(path));
    await("cache.invalidated", 1);
    EXPECT_EQ(counter("cache.entries"), 1);
    EXPECT_FALSE(asks(path)) << "what the old one's end reports does not end the new one";
}

// The attributes --------------------------------------------------------------------------------------------------------

TEST_F(Cache, ends_with_a_change_of_mode) {
    start();
    const std::string path = remembered();
    ASSERT_EQ(chmod(path.c_str(), 0700), 0);
    await("cache.invalidated", 1);
    EXPECT_TRUE(asks(path));
    EXPECT_FALSE(asks(path));
    ASSERT_EQ(chmod(path.c_str(), 0777), 0);
    await("cache.invalidated", 2);
    EXPECT_TRUE(asks(path));
    EXPECT_TRUE(asks(path)) << "now others may write it";
    EXPECT_EQ(counter("cache.refused_writable"), 2);
}

TEST_F(Cache, ends_with_a_change_of_owner) {
    start();
    const std::string path = remembered();
    ASSERT_EQ(chown(path.c_str(), kNobody, kNobody), 0);
    await("cache.invalidated", 1);
    EXPECT_TRUE(asks(path));
    EXPECT_TRUE(asks(path)) << "its owner is not trusted";
    EXPECT_EQ(counter("cache.refused_writable"), 2);
}

// Other ways to the file ------------------------------------------------------------------------------------------------

TEST_F(Cache, ends_with_a_write_over_a_bind_mount) {
    start();
    const std::string path = remembered();
    const std::string elsewhere = root() + "/out";
    ASSERT_EQ(mount(in().c_str(), elsewhere.c_str(), nullptr, MS_BIND, nullptr), 0);
    EXPECT_FALSE(asks(elsewhere + "/file")) << "the same file";
    EXPECT_EQ(openElsewhere(elsewhere + "/file", Opener::modify), 0);
    EXPECT_TRUE(asks(path));
    EXPECT_FALSE(asks(elsewhere + "/file"));
    ASSERT_EQ(umount(elsewhere.c_str()), 0);
}

TEST_F(Cache, ends_with_a_write_through_an_overlay) {
    const std::string lower = root() + "/out/lower", merged = root() + "/out/merged", upper = in() + "/upper";
    const std::string work = in() + "/work";
    for (const std::string &directory : {lower, merged, upper, work}) {
        ASSERT_EQ(mkdir(directory.c_str(), 0755), 0);
    }
    start();
    const std::string path = remembered("in/upper/file");
    const std::string options = "lowerdir=" + lower + ",upperdir=" + upper + ",workdir=" + work;
    if (mount("overlay", merged.c_str(), "overlay", 0, options.c_str()) != 0) {
        GTEST_SKIP() << "no overlay on this tmpfs: " << std::strerror(errno);
    }
    EXPECT_EQ(openElsewhere(merged + "/file", Opener::modify), 0);
    ASSERT_EQ(umount(merged.c_str()), 0);
    await("cache.invalidated", 1);
    EXPECT_TRUE(asks(path));
}

TEST_F(Cache, ends_when_something_is_mounted_over_it) {
    start();
    const std::string path = remembered();
    const std::string other = file("in/other", "another");
    ASSERT_EQ(mount(other.c_str(), path.c_str(), nullptr, MS_BIND, nullptr), 0);
    EXPECT_TRUE(asks(path)) << "another file by the same path";
    ASSERT_EQ(umount(path.c_str()), 0);
    EXPECT_FALSE(asks(path));
}

TEST_F(Cache, ends_with_a_write_in_a_mount_name_space_of_its_own) {
    start();
    const std::string path = remembered();
    const pid_t child = fork();
    if (child == 0) {
        close_range(3, ~0U, 0);
        const bool apart = unshare(CLONE_NEWNS) == 0 && mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0;
        const int descriptor = apart ? open(path.c_str(), O_WRONLY) : -1;
        _exit(descriptor >= 0 && write(descriptor, "x", 1) == 1 ? 0 : 1);
    }
    int status = 0;
    waitpid(child, &status, 0);
    ASSERT_EQ(status, 0);
    EXPECT_TRUE(asks(path));
}

} // namespace
