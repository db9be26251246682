// SPDX-License-Identifier: Apache-2.0
// A volume in memory: one path and one content for every file.
#pragma once

#include <cstring>

#include "test_driver.h"

class TestVolume {
  public:
    explicit TestVolume(FLT_FILESYSTEM_TYPE file_system = FLT_FSTYPE_NTFS,
                        const std::u16string &name = u"\\Device\\Test") {
        fm_volume_settings settings{};
        settings.name = unicode(name);
        settings.file_system = file_system;
        settings.device_type = FILE_DEVICE_DISK_FILE_SYSTEM;
        settings.ops = &ops;
        settings.object = this;
        EXPECT_EQ(fm_volume_create(&settings, &volume), STATUS_SUCCESS);
    }
    ~TestVolume() { destroy(); }
    void destroy() {
        if (volume != nullptr) {
            fm_volume_destroy(volume);
            volume = nullptr;
        }
    }

    /// Runs one operation on a file of its own and returns its status.
    NTSTATUS run(UCHAR major = IRP_MJ_CREATE, const fm_requestor *requestor = &world::ordinary_user) {
        fm_file file;
        fm_file_init(&file, volume, nullptr);
        NTSTATUS status = run_on(file, major, requestor);
        fm_file_fini(&file);
        return status;
    }
    NTSTATUS run_on(fm_file &file, UCHAR major = IRP_MJ_CREATE, const fm_requestor *requestor = &world::ordinary_user) {
        fm_operation operation;
        fm_operation_init(&operation, volume, &file, requestor);
        operation.iopb.MajorFunction = major;
        operation.iopb.Parameters.Create.ShareAccess = 7;
        world::set_requestor(requestor);
        NTSTATUS status = fm_operation_run(&operation);
        world::set_requestor(nullptr);
        return status;
    }

    fm_volume *volume = nullptr;
    std::u16string path = u"\\dir\\file.txt";
    std::string content = "content";
    std::function<void(fm_operation &)> on_perform;
    int performed = 0, cancelled = 0, name_queries = 0;

  private:
    static void perform(void *object, fm_operation *operation) {
        TestVolume &self = *static_cast<TestVolume *>(object);
        self.performed++;
        operation->data.IoStatus.Status = STATUS_SUCCESS;
        if (self.on_perform) {
            self.on_perform(*operation);
        }
    }
    static NTSTATUS name(void *object, PFILE_OBJECT, FLT_FILE_NAME_OPTIONS, PWCH buffer, ULONG capacity,
                         PULONG length) {
        TestVolume &self = *static_cast<TestVolume *>(object);
        self.name_queries++;
        *length = static_cast<ULONG>(self.path.size() * 2);
        if (*length > capacity) {
            return STATUS_BUFFER_TOO_SMALL;
        }
        std::memcpy(buffer, self.path.data(), *length);
        return STATUS_SUCCESS;
    }
    static NTSTATUS read(void *object, PFILE_OBJECT, LONGLONG offset, PVOID buffer, ULONG length, PULONG bytes_read) {
        TestVolume &self = *static_cast<TestVolume *>(object);
        const auto size = static_cast<LONGLONG>(self.content.size());
        if (offset >= size) {
            return STATUS_END_OF_FILE;
        }
        *bytes_read = static_cast<ULONG>(size - offset < length ? size - offset : length);
        std::memcpy(buffer, self.content.data() + offset, *bytes_read);
        return STATUS_SUCCESS;
    }
    static void cancel_open(void *object, PFILE_OBJECT) { static_cast<TestVolume *>(object)->cancelled++; }

    static constexpr fm_volume_ops ops = {&perform, &name, &read, &cancel_open, nullptr, nullptr, nullptr, nullptr};
};
