// SPDX-License-Identifier: Apache-2.0
#include "test_driver.h"

namespace {

struct Volume {
    Volume() {
        fm_volume_settings settings{};
        settings.name = unicode(name);
        settings.file_system = FLT_FSTYPE_NTFS;
        settings.device_type = FILE_DEVICE_DISK_FILE_SYSTEM;
        settings.ops = &ops;
        settings.object = this;
        EXPECT_EQ(fm_volume_create(&settings, &volume), STATUS_SUCCESS);
    }
    ~Volume() { fm_volume_destroy(volume); }
    NTSTATUS open() {
        fm_file file;
        fm_operation operation;
        fm_file_init(&file, volume, nullptr);
        fm_operation_init(&operation, volume, &file, &world::ordinary_user);
        operation.iopb.MajorFunction = IRP_MJ_CREATE;
        world::set_requestor(&world::ordinary_user);
        const NTSTATUS status = fm_operation_run(&operation);
        world::set_requestor(nullptr);
        fm_file_fini(&file);
        return status;
    }
    static NTSTATUS retain_begin(void *self, fm_operation *) {
        static_cast<Volume *>(self)->begun++;
        return STATUS_SUCCESS;
    }
    static NTSTATUS retain(void *self, fm_operation *) {
        static_cast<Volume *>(self)->retained++;
        return STATUS_SUCCESS;
    }
    static void retain_drop(void *self) { static_cast<Volume *>(self)->drops++; }
    static constexpr fm_volume_ops ops = {nullptr, nullptr,       nullptr, nullptr,
                                          nullptr, &retain_begin, &retain, &retain_drop};
    std::u16string name = u"\\Device\\Keeping";
    fm_volume *volume = nullptr;
    int begun = 0, retained = 0, drops = 0;
};

// Two filters: what they do after an open, and what came of it.
bool agrees[2];
NTSTATUS begins[2], results[2];
NTSTATUS before_the_open;

FLT_PREOP_CALLBACK_STATUS pre(PFLT_CALLBACK_DATA data, PCFLT_RELATED_OBJECTS objects, PVOID *) {
    before_the_open = FilterportRetainBegin(data, objects->Instance);
    return FLT_PREOP_SUCCESS_WITH_CALLBACK;
}

template <int N>
FLT_POSTOP_CALLBACK_STATUS post(PFLT_CALLBACK_DATA data, PCFLT_RELATED_OBJECTS objects, PVOID,
                                FLT_POST_OPERATION_FLAGS) {
    begins[N] = FilterportRetainBegin(data, objects->Instance);
    results[N] = agrees[N] ? FilterportRetain(data, objects->Instance) : STATUS_CANCELLED;
    return FLT_POSTOP_FINISHED_PROCESSING;
}

template <int N>
const FLT_OPERATION_REGISTRATION operations[2] = {{IRP_MJ_CREATE, 0, &pre, &post<N>, nullptr},
                                                  {IRP_MJ_OPERATION_END, 0, nullptr, nullptr, nullptr}};

struct Filter : TestDriver {
    Filter(const std::u16string &name, const std::u16string &altitude, const FLT_OPERATION_REGISTRATION *list)
        : TestDriver(options(name, altitude, list)) {
        EXPECT_EQ(FltStartFiltering(filter), STATUS_SUCCESS);
    }
    static Options options(const std::u16string &name, const std::u16string &altitude,
                           const FLT_OPERATION_REGISTRATION *list) {
        Options options;
        options.name = name;
        options.altitude = altitude;
        options.operations = list;
        return options;
    }
};

class Retain : public CoreTest {
  protected:
    void SetUp() override {
        CoreTest::SetUp();
        agrees[0] = agrees[1] = true;
    }
};

TEST_F(Retain, one_filter_alone_is_enough) {
    Filter only(u"only", u"320000", operations<0>);
    Volume volume;
    EXPECT_EQ(volume.open(), STATUS_SUCCESS);
    EXPECT_EQ(begins[0], STATUS_SUCCESS);
    EXPECT_EQ(results[0], STATUS_SUCCESS);
    EXPECT_EQ(volume.retained, 1);
    EXPECT_EQ(before_the_open, STATUS_INVALID_PARAMETER) << "nothing is open yet";
}

TEST_F(Retain, all_filters_that_saw_the_open_must_agree) {
    Filter upper(u"upper", u"320000", operations<0>);
    Filter lower(u"lower", u"310000", operations<1>);
    Volume volume;
    volume.open();
    EXPECT_EQ(results[1], STATUS_PENDING) << "the lower one comes first on the way up";
    EXPECT_EQ(results[0], STATUS_SUCCESS);
    EXPECT_EQ(volume.retained, 1);
    agrees[0] = false;
    volume.open();
    EXPECT_EQ(results[1], STATUS_PENDING);
    EXPECT_EQ(volume.retained, 1) << "the upper one wants to see it again";
    agrees[0] = true;
    agrees[1] = false;
    volume.open();
    EXPECT_EQ(results[0], STATUS_PENDING);
    EXPECT_EQ(volume.retained, 1);
}

TEST_F(Retain, a_filter_that_attaches_makes_the_volume_forget) {
    Filter upper(u"upper", u"320000", operations<0>);
    Volume volume;
    const int before = volume.drops;
    Filter lower(u"lower", u"310000", operations<1>);
    EXPECT_EQ(volume.drops, before + 1);
}

TEST_F(Retain, a_drop_reaches_every_volume_once) {
    Volume first, second;
    FilterportRetainDrop();
    EXPECT_EQ(first.drops, 1);
    EXPECT_EQ(second.drops, 1);
}

TEST_F(Retain, drivers_find_the_routines_by_name) {
    EXPECT_EQ(FltGetRoutineAddress("FilterportRetainBegin"), reinterpret_cast<PVOID>(&FilterportRetainBegin));
    EXPECT_EQ(FltGetRoutineAddress("FilterportRetain"), reinterpret_cast<PVOID>(&FilterportRetain));
    EXPECT_EQ(FltGetRoutineAddress("FilterportRetainDrop"), reinterpret_cast<PVOID>(&FilterportRetainDrop));
    EXPECT_EQ(FltGetRoutineAddress("FilterportRetai"), nullptr);
    EXPECT_EQ(FltGetRoutineAddress("FltNoSuchRoutine"), nullptr);
}

} // namespace
