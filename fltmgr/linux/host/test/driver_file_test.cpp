// SPDX-License-Identifier: Apache-2.0
#include <cstdlib>
#include <fcntl.h>
#include <fstream>
#include <gtest/gtest.h>
#include <string>
#include <sys/stat.h>
#include <unistd.h>
#include <vector>

extern "C" {
#include "../driver_file.h"
}

namespace {

class DriverFile : public testing::Test {
  protected:
    void SetUp() override {
        char name[] = "/tmp/driver_file_XXXXXX";
        ASSERT_NE(mkdtemp(name), nullptr);
        folder = name;
        chmod(name, 0755);
    }
    void TearDown() override {
        for (const char *name : {"/a.so", "/a.inf", "/link.so", "/text.so"}) {
            unlink((folder + name).c_str());
        }
        rmdir(folder.c_str());
    }
    void write(const std::string &name, const std::string &content, mode_t mode = 0644) {
        std::ofstream(folder + "/" + name) << content;
        chmod((folder + "/" + name).c_str(), mode);
    }
    fm_driver_file_result open(const std::string &name) {
        fm_driver_file file;
        char reason[512] = "";
        const fm_driver_file_result result =
            fm_driver_file_open(&file, folder.c_str(), name.c_str(), reason, sizeof(reason));
        text = reason;
        fm_driver_file_close(&file);
        return result;
    }
    std::string folder;
    std::string text;
};

TEST_F(DriverFile, takesPlainNamesOnly) {
    for (const char *name : {"", "..", "a/b", "a.so", "ä", "a b", "/etc/passwd"}) {
        EXPECT_EQ(open(name), FM_DRIVER_FILE_BAD_NAME) << name;
    }
    EXPECT_EQ(open(std::string(65, 'a')), FM_DRIVER_FILE_BAD_NAME);
    EXPECT_TRUE(fm_driver_name_valid("My-driver_2"));
}

TEST_F(DriverFile, saysWhatIsAbsentAndWhereItShouldBe) {
    EXPECT_EQ(open("a"), FM_DRIVER_FILE_ABSENT);
    EXPECT_NE(text.find(folder + "/a.so"), std::string::npos) << text;
}

TEST_F(DriverFile, refusesWhatOthersMayWrite) {
    write("a.so", "", 0666);
    EXPECT_EQ(open("a"), FM_DRIVER_FILE_NOT_TRUSTED) << text;
    chmod((folder + "/a.so").c_str(), 0644);
    chmod(folder.c_str(), 0777);
    EXPECT_EQ(open("a"), FM_DRIVER_FILE_NOT_TRUSTED) << text;
}

TEST_F(DriverFile, refusesWhatAnotherUserOwns) {
    if (geteuid() != 0) {
        GTEST_SKIP() << "only root can give files away";
    }
    write("a.so", "");
    ASSERT_EQ(chown((folder + "/a.so").c_str(), 1000, 1000), 0);
    EXPECT_EQ(open("a"), FM_DRIVER_FILE_NOT_TRUSTED) << text;
    ASSERT_EQ(chown(folder.c_str(), 1000, 1000), 0);
    EXPECT_EQ(open("a"), FM_DRIVER_FILE_NOT_TRUSTED) << text;
}

TEST_F(DriverFile, followsNoLink) {
    ASSERT_EQ(symlink("/bin/true", (folder + "/link.so").c_str()), 0);
    EXPECT_EQ(open("link"), FM_DRIVER_FILE_ABSENT) << text;
}

TEST_F(DriverFile, refusesWhatIsNoImage) {
    write("text.so", "no image");
    EXPECT_EQ(open("text"), FM_DRIVER_FILE_NOT_AN_IMAGE) << text;
}

TEST_F(DriverFile, anImageThatStaysMappedIsNotTakenForTheNext) {
    std::vector<void *> entries;
    for (const char *source : {STAYING_DRIVER_A, STAYING_DRIVER_B}) {
        std::ifstream image(source, std::ios::binary);
        write("a.so", std::string(std::istreambuf_iterator<char>(image), {}));
        fm_driver_file file;
        char reason[512] = "";
        ASSERT_EQ(fm_driver_file_open(&file, folder.c_str(), "a", reason, sizeof(reason)), FM_DRIVER_FILE_OK) << reason;
        entries.push_back(file.entry);
        fm_driver_file_close(&file);
        unlink((folder + "/a.so").c_str());
    }
    EXPECT_NE(entries[0], entries[1]);
}

TEST_F(DriverFile, readsAltitudeAndInstanceFromTheInf) {
    char altitude[32] = "1";
    char instance[32] = "none";
    fm_driver_file_settings(folder.c_str(), "a", altitude, sizeof(altitude), instance, sizeof(instance));
    EXPECT_STREQ(altitude, "1");
    write("a.inf", "[Strings]\r\nInstanceName      = \"My Instance\"\r\n; comment\r\nInstanceAltitude   = "
                   "\"268888.25\" ; dev\r\n");
    fm_driver_file_settings(folder.c_str(), "a", altitude, sizeof(altitude), instance, sizeof(instance));
    EXPECT_STREQ(altitude, "268888.25");
    EXPECT_STREQ(instance, "My Instance");
}

} // namespace
