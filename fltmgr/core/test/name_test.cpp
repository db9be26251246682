// SPDX-License-Identifier: Apache-2.0
#include "test_volume.h"

namespace {

std::function<void(PFLT_CALLBACK_DATA)> on_create;

FLT_PREOP_CALLBACK_STATUS pre(PFLT_CALLBACK_DATA data, PCFLT_RELATED_OBJECTS, PVOID *) {
    on_create(data);
    return FLT_PREOP_SUCCESS_NO_CALLBACK;
}

const FLT_OPERATION_REGISTRATION operations[] = {{IRP_MJ_CREATE, 0, &pre, nullptr, nullptr},
                                                 {IRP_MJ_OPERATION_END, 0, nullptr, nullptr, nullptr}};

} // namespace

class Names : public CoreTest {
  protected:
    void SetUp() override {
        CoreTest::SetUp();
        TestDriver::Options options;
        options.operations = operations;
        driver = std::make_unique<TestDriver>(options);
        ASSERT_EQ(FltStartFiltering(driver->filter), STATUS_SUCCESS);
    }
    void TearDown() override {
        driver.reset();
        CoreTest::TearDown();
    }
    /// Parses the name of one open of path.
    void with(const std::u16string &path, FLT_FILESYSTEM_TYPE file_system,
              std::function<void(const FLT_FILE_NAME_INFORMATION &)> body) {
        TestVolume volume(file_system);
        volume.path = path;
        on_create = [&](PFLT_CALLBACK_DATA data) {
            PFLT_FILE_NAME_INFORMATION name = nullptr;
            ASSERT_EQ(FltGetFileNameInformation(data, FLT_FILE_NAME_NORMALIZED | FLT_FILE_NAME_QUERY_DEFAULT, &name),
                      STATUS_SUCCESS);
            EXPECT_EQ(FltParseFileNameInformation(name), STATUS_SUCCESS);
            EXPECT_EQ(text(name->Volume), u"\\Device\\Test");
            EXPECT_EQ(text(name->Name), u"\\Device\\Test" + path);
            body(*name);
            FltReleaseFileNameInformation(name);
        };
        volume.run();
    }
    std::unique_ptr<TestDriver> driver;
};

TEST_F(Names, MINI_12_a_name_falls_into_its_parts) {
    with(u"\\a\\b c\\report.final.txt:stream1", FLT_FSTYPE_NTFS, [](const FLT_FILE_NAME_INFORMATION &name) {
        EXPECT_EQ(text(name.ParentDir), u"\\a\\b c\\");
        EXPECT_EQ(text(name.FinalComponent), u"report.final.txt:stream1");
        EXPECT_EQ(text(name.Extension), u"txt");
        EXPECT_EQ(text(name.Stream), u":stream1");
        EXPECT_EQ(name.Share.Length, 0);
    });
    with(u"\\plain", FLT_FSTYPE_NTFS, [](const FLT_FILE_NAME_INFORMATION &name) {
        EXPECT_EQ(text(name.ParentDir), u"\\");
        EXPECT_EQ(text(name.FinalComponent), u"plain");
        EXPECT_EQ(name.Extension.Length, 0);
        EXPECT_EQ(name.Stream.Length, 0);
    });
    with(u"\\", FLT_FSTYPE_NTFS, [](const FLT_FILE_NAME_INFORMATION &name) {
        EXPECT_EQ(text(name.ParentDir), u"\\");
        EXPECT_EQ(name.FinalComponent.Length, 0);
    });
}

TEST_F(Names, a_colon_is_no_stream_where_the_file_system_has_none) {
    with(u"\\a\\x:y.z", FLT_FSTYPE_UNKNOWN, [](const FLT_FILE_NAME_INFORMATION &name) {
        EXPECT_EQ(name.Stream.Length, 0);
        EXPECT_EQ(text(name.Extension), u"z");
    });
}

TEST_F(Names, a_long_name_is_queried_again_with_room) {
    const std::u16string path = u"\\" + std::u16string(3000, u'n');
    with(path, FLT_FSTYPE_NTFS,
         [&](const FLT_FILE_NAME_INFORMATION &name) { EXPECT_EQ(text(name.FinalComponent), path.substr(1)); });
}

TEST_F(Names, MINI_12_options_and_the_cache_of_one_operation) {
    TestVolume volume;
    on_create = [&](PFLT_CALLBACK_DATA data) {
        PFLT_FILE_NAME_INFORMATION name = nullptr, again = nullptr;
        EXPECT_EQ(FltGetFileNameInformation(data, FLT_FILE_NAME_NORMALIZED, &name), STATUS_INVALID_PARAMETER);
        EXPECT_EQ(FltGetFileNameInformation(data, FLT_FILE_NAME_QUERY_DEFAULT, &name), STATUS_INVALID_PARAMETER);
        EXPECT_EQ(FltGetFileNameInformation(data, FLT_FILE_NAME_OPENED | FLT_FILE_NAME_QUERY_CACHE_ONLY, &name),
                  STATUS_FLT_NAME_CACHE_MISS);
        EXPECT_EQ(FltGetFileNameInformation(data, FLT_FILE_NAME_OPENED | FLT_FILE_NAME_QUERY_DEFAULT, &name),
                  STATUS_SUCCESS);
        EXPECT_EQ(FltGetFileNameInformation(data, FLT_FILE_NAME_OPENED | FLT_FILE_NAME_QUERY_CACHE_ONLY, &again),
                  STATUS_SUCCESS);
        EXPECT_EQ(name, again);
        EXPECT_EQ(volume.name_queries, 1);
        FltReferenceFileNameInformation(name);
        FltReleaseFileNameInformation(name);
        FltReleaseFileNameInformation(name);
        FltReleaseFileNameInformation(again);
        world::fail_allocation(1);
        EXPECT_EQ(FltGetFileNameInformation(data, FLT_FILE_NAME_NORMALIZED | FLT_FILE_NAME_QUERY_DEFAULT, &name),
                  STATUS_INSUFFICIENT_RESOURCES);
        EXPECT_EQ(FltGetFileNameInformationUnsafe(data->Iopb->TargetFileObject, nullptr,
                                                  FLT_FILE_NAME_NORMALIZED | FLT_FILE_NAME_QUERY_DEFAULT, &name),
                  STATUS_SUCCESS);
        FltReleaseFileNameInformation(name);
    };
    volume.run();
}
