// SPDX-License-Identifier: Apache-2.0
#include "test_volume.h"

namespace {

std::vector<std::string> trace;

// Three filters told apart by their callbacks.
std::function<FLT_PREOP_CALLBACK_STATUS(PFLT_CALLBACK_DATA, PCFLT_RELATED_OBJECTS, PVOID *)> on_pre[3];
std::function<FLT_POSTOP_CALLBACK_STATUS(PFLT_CALLBACK_DATA, PCFLT_RELATED_OBJECTS, PVOID, FLT_POST_OPERATION_FLAGS)>
    on_post[3];

template <int N>
FLT_PREOP_CALLBACK_STATUS pre(PFLT_CALLBACK_DATA data, PCFLT_RELATED_OBJECTS objects, PVOID *context) {
    trace.push_back("pre" + std::to_string(N));
    return on_pre[N] ? on_pre[N](data, objects, context) : FLT_PREOP_SUCCESS_WITH_CALLBACK;
}

template <int N>
FLT_POSTOP_CALLBACK_STATUS post(PFLT_CALLBACK_DATA data, PCFLT_RELATED_OBJECTS objects, PVOID context,
                                FLT_POST_OPERATION_FLAGS flags) {
    trace.push_back("post" + std::to_string(N));
    return on_post[N] ? on_post[N](data, objects, context, flags) : FLT_POSTOP_FINISHED_PROCESSING;
}

template <int N>
const FLT_OPERATION_REGISTRATION operations[2] = {{IRP_MJ_CREATE, 0, &pre<N>, &post<N>, nullptr},
                                                  {IRP_MJ_OPERATION_END, 0, nullptr, nullptr, nullptr}};

std::function<NTSTATUS(PCFLT_RELATED_OBJECTS, FLT_INSTANCE_SETUP_FLAGS)> on_setup;
std::function<NTSTATUS()> on_query;
std::vector<std::string> teardowns;

NTSTATUS setup(PCFLT_RELATED_OBJECTS objects, FLT_INSTANCE_SETUP_FLAGS flags, DEVICE_TYPE type, FLT_FILESYSTEM_TYPE) {
    EXPECT_EQ(type, FILE_DEVICE_DISK_FILE_SYSTEM);
    return on_setup ? on_setup(objects, flags) : STATUS_SUCCESS;
}
NTSTATUS query(PCFLT_RELATED_OBJECTS, FLT_INSTANCE_QUERY_TEARDOWN_FLAGS) {
    return on_query ? on_query() : STATUS_SUCCESS;
}
void start(PCFLT_RELATED_OBJECTS, FLT_INSTANCE_TEARDOWN_FLAGS reason) {
    teardowns.push_back("start " + std::to_string(reason));
}
void complete(PCFLT_RELATED_OBJECTS, FLT_INSTANCE_TEARDOWN_FLAGS reason) {
    teardowns.push_back("complete " + std::to_string(reason));
}

using Trace = std::vector<std::string>;

} // namespace

class Callbacks : public CoreTest {
  protected:
    void SetUp() override {
        CoreTest::SetUp();
        for (int i = 0; i < 3; i++) {
            on_pre[i] = nullptr;
            on_post[i] = nullptr;
        }
        on_setup = nullptr;
        on_query = nullptr;
        trace.clear();
        teardowns.clear();
        volume = std::make_unique<TestVolume>();
    }
    void TearDown() override {
        for (auto &driver : drivers) {
            driver.reset();
        }
        volume.reset();
        CoreTest::TearDown();
    }
    void add(int n, const std::u16string &altitude, bool started = true) {
        TestDriver::Options options{u"filter" + std::u16string(1, static_cast<char16_t>(u'0' + n)), altitude};
        options.operations = n == 0 ? operations<0> : n == 1 ? operations<1> : operations<2>;
        options.setup = &setup;
        options.query_teardown = &query;
        options.teardown_start = &start;
        options.teardown_complete = &complete;
        drivers[n] = std::make_unique<TestDriver>(options);
        if (started) {
            EXPECT_EQ(FltStartFiltering(drivers[n]->filter), STATUS_SUCCESS);
        }
    }
    std::unique_ptr<TestVolume> volume;
    std::unique_ptr<TestDriver> drivers[3];
};

TEST_F(Callbacks, MINI_07_pre_from_high_to_low_and_post_back) {
    add(0, u"100");
    add(1, u"320000.5");
    add(2, u"320000.45");
    EXPECT_EQ(volume->run(), STATUS_SUCCESS);
    EXPECT_EQ(trace, (Trace{"pre1", "pre2", "pre0", "post0", "post2", "post1"}));
    EXPECT_EQ(volume->performed, 1);
    EXPECT_EQ(volume->run(IRP_MJ_READ), STATUS_SUCCESS); // nobody registered for it
    EXPECT_EQ(trace.size(), 6u);
    EXPECT_EQ(counters().operations, 2u);
}

TEST_F(Callbacks, MINI_02_nothing_is_called_before_the_start_and_a_second_start_is_refused) {
    add(0, u"100", false);
    volume->run();
    EXPECT_TRUE(trace.empty());
    EXPECT_EQ(FltStartFiltering(drivers[0]->filter), STATUS_SUCCESS);
    EXPECT_EQ(FltStartFiltering(drivers[0]->filter), STATUS_INVALID_PARAMETER);
    volume->run();
    EXPECT_EQ(trace, (Trace{"pre0", "post0"}));
}

TEST_F(Callbacks, MINI_08_no_callback_means_no_post_operation) {
    add(0, u"100");
    add(1, u"200");
    on_pre[0] = [](auto...) { return FLT_PREOP_SUCCESS_NO_CALLBACK; };
    volume->run();
    EXPECT_EQ(trace, (Trace{"pre1", "pre0", "post1"}));
}

TEST_F(Callbacks, MINI_09_complete_stops_the_way_down_and_only_filters_above_see_it_come_back) {
    add(0, u"100");
    add(1, u"200");
    add(2, u"300");
    on_pre[1] = [](PFLT_CALLBACK_DATA data, auto...) {
        data->IoStatus.Status = STATUS_ACCESS_DENIED;
        return FLT_PREOP_COMPLETE;
    };
    on_post[2] = [](PFLT_CALLBACK_DATA data, auto...) {
        EXPECT_EQ(data->IoStatus.Status, STATUS_ACCESS_DENIED);
        EXPECT_TRUE(data->Flags & FLTFL_CALLBACK_DATA_POST_OPERATION);
        return FLT_POSTOP_FINISHED_PROCESSING;
    };
    EXPECT_EQ(volume->run(), STATUS_ACCESS_DENIED);
    EXPECT_EQ(trace, (Trace{"pre2", "pre1", "post2"}));
    EXPECT_EQ(volume->performed, 0);
}

TEST_F(Callbacks, MINI_08_a_pended_pre_operation_is_resumed_from_another_thread) {
    add(0, u"100");
    std::unique_ptr<world::Thread> worker;
    int marker = 0;
    on_pre[0] = [&](PFLT_CALLBACK_DATA data, auto...) {
        worker = std::make_unique<world::Thread>(
            [&marker, data] { FltCompletePendedPreOperation(data, FLT_PREOP_SUCCESS_WITH_CALLBACK, &marker); });
        return FLT_PREOP_PENDING;
    };
    on_post[0] = [&](PFLT_CALLBACK_DATA, PCFLT_RELATED_OBJECTS, PVOID context, FLT_POST_OPERATION_FLAGS) {
        EXPECT_EQ(context, &marker);
        return FLT_POSTOP_FINISHED_PROCESSING;
    };
    EXPECT_EQ(volume->run(), STATUS_SUCCESS);
    EXPECT_EQ(trace, (Trace{"pre0", "post0"}));
}

TEST_F(Callbacks, MINI_08_a_pended_pre_operation_may_be_completed) {
    add(0, u"100");
    on_pre[0] = [&](PFLT_CALLBACK_DATA data, auto...) {
        data->IoStatus.Status = STATUS_VIRUS_INFECTED;
        FltCompletePendedPreOperation(data, FLT_PREOP_COMPLETE, nullptr); // even before it has returned
        return FLT_PREOP_PENDING;
    };
    EXPECT_EQ(volume->run(), STATUS_VIRUS_INFECTED);
    EXPECT_EQ(volume->performed, 0);
}

TEST_F(Callbacks, MINI_10_more_processing_required_holds_the_operation) {
    add(0, u"100");
    std::unique_ptr<world::Thread> worker;
    on_post[0] = [&](PFLT_CALLBACK_DATA data, auto...) {
        worker = std::make_unique<world::Thread>([data] {
            data->IoStatus.Status = STATUS_ACCESS_DENIED;
            FltCompletePendedPostOperation(data);
        });
        return FLT_POSTOP_MORE_PROCESSING_REQUIRED;
    };
    EXPECT_EQ(volume->run(), STATUS_ACCESS_DENIED);
}

TEST_F(Callbacks, MINI_11_parameters_change_only_when_announced) {
    add(0, u"100");
    add(1, u"200");
    on_pre[1] = [](PFLT_CALLBACK_DATA data, auto...) {
        data->Iopb->Parameters.Create.ShareAccess = 1;
        return FLT_PREOP_SUCCESS_WITH_CALLBACK;
    };
    on_pre[0] = [](PFLT_CALLBACK_DATA data, auto...) {
        EXPECT_EQ(data->Iopb->Parameters.Create.ShareAccess, 7); // not announced
        data->Iopb->Parameters.Create.ShareAccess = 3;
        FltSetCallbackDataDirty(data);
        EXPECT_TRUE(FltIsCallbackDataDirty(data));
        return FLT_PREOP_SUCCESS_WITH_CALLBACK;
    };
    volume->on_perform = [](fm_operation &operation) {
        EXPECT_EQ(operation.iopb.Parameters.Create.ShareAccess, 3);
        EXPECT_FALSE(FltIsCallbackDataDirty(&operation.data));
    };
    on_post[1] = [](PFLT_CALLBACK_DATA data, auto...) {
        EXPECT_EQ(data->Iopb->Parameters.Create.ShareAccess, 7);
        return FLT_POSTOP_FINISHED_PROCESSING;
    };
    volume->run();
}

TEST_F(Callbacks, a_callback_knows_whose_operation_it_is) {
    add(0, u"100");
    on_pre[0] = [&](PFLT_CALLBACK_DATA data, PCFLT_RELATED_OBJECTS objects, PVOID *) {
        EXPECT_EQ(FltGetRequestorProcessId(data), 200u);
        EXPECT_EQ(data->RequestorMode, UserMode);
        EXPECT_EQ(objects->Filter, drivers[0]->filter);
        EXPECT_EQ(objects->Volume, volume->volume);
        EXPECT_EQ(objects->Instance, data->Iopb->TargetInstance);
        EXPECT_EQ(objects->FileObject, data->Iopb->TargetFileObject);
        EXPECT_TRUE(FltIsOperationSynchronous(data));
        return FLT_PREOP_SUCCESS_NO_CALLBACK;
    };
    volume->run();
    EXPECT_EQ(trace.size(), 1u);
    on_pre[0] = [](PFLT_CALLBACK_DATA data, auto...) {
        EXPECT_EQ(data->RequestorMode, KernelMode);
        return FLT_PREOP_SUCCESS_NO_CALLBACK;
    };
    volume->run(IRP_MJ_CREATE, &world::kernel);
}

TEST_F(Callbacks, a_post_create_reads_the_file_and_cancels_the_open) {
    add(0, u"100");
    on_post[0] = [&](PFLT_CALLBACK_DATA data, PCFLT_RELATED_OBJECTS objects, auto...) {
        char buffer[4];
        ULONG count = 0;
        LARGE_INTEGER offset;
        offset.QuadPart = 3;
        EXPECT_EQ(FltReadFile(objects->Instance, objects->FileObject, &offset, sizeof(buffer), buffer,
                              FLTFL_IO_OPERATION_DO_NOT_UPDATE_BYTE_OFFSET, &count, nullptr, nullptr),
                  STATUS_SUCCESS);
        EXPECT_EQ(std::string(buffer, count), "tent");
        offset.QuadPart = 7;
        EXPECT_EQ(FltReadFile(objects->Instance, objects->FileObject, &offset, sizeof(buffer), buffer, 0, &count,
                              nullptr, nullptr),
                  STATUS_END_OF_FILE);
        EXPECT_EQ(count, 0u);
        EXPECT_EQ(FltReadFile(objects->Instance, objects->FileObject, nullptr, 3, buffer, 0, &count, nullptr, nullptr),
                  STATUS_SUCCESS);
        EXPECT_EQ(objects->FileObject->CurrentByteOffset.QuadPart, 3);
        FltCancelFileOpen(objects->Instance, objects->FileObject);
        data->IoStatus.Status = STATUS_ACCESS_DENIED;
        return FLT_POSTOP_FINISHED_PROCESSING;
    };
    EXPECT_EQ(volume->run(), STATUS_ACCESS_DENIED);
    EXPECT_EQ(volume->cancelled, 1);
}

TEST_F(Callbacks, more_filters_than_fit_inline) {
    add(0, u"100");
    std::vector<PFLT_INSTANCE> instances;
    std::vector<std::u16string> names;
    for (int i = 0; i < 20; i++) {
        names.push_back(u"1" + std::u16string(static_cast<size_t>(i) + 3, u'0'));
    }
    for (const auto &name : names) {
        UNICODE_STRING altitude = unicode(name);
        PFLT_INSTANCE instance = nullptr;
        NTSTATUS status =
            FltAttachVolumeAtAltitude(drivers[0]->filter, volume->volume, &altitude, &altitude, &instance);
        EXPECT_EQ(status, STATUS_SUCCESS);
        instances.push_back(instance);
    }
    EXPECT_EQ(volume->run(), STATUS_SUCCESS);
    EXPECT_EQ(trace.size(), 42u);
    trace.clear();
    world::fail_allocation(1);
    EXPECT_EQ(volume->run(), STATUS_INSUFFICIENT_RESOURCES);
    EXPECT_TRUE(trace.empty());
    EXPECT_LT(FltCompareInstanceAltitudes(instances[0], instances[1]), 0);
    for (PFLT_INSTANCE instance : instances) {
        FltObjectDereference(instance);
    }
}

// Instances -------------------------------------------------------------------------------------------------------------

TEST_F(Callbacks, MINI_05_setup_decides_about_attaching_and_knows_why) {
    FLT_INSTANCE_SETUP_FLAGS seen = 0;
    on_setup = [&](PCFLT_RELATED_OBJECTS objects, FLT_INSTANCE_SETUP_FLAGS flags) {
        seen = flags;
        PFLT_VOLUME same = nullptr;
        EXPECT_EQ(FltGetVolumeFromInstance(objects->Instance, &same), STATUS_SUCCESS);
        EXPECT_EQ(same, objects->Volume);
        FltObjectDereference(same);
        return STATUS_FLT_DO_NOT_ATTACH;
    };
    add(0, u"100");
    EXPECT_EQ(seen, FLTFL_INSTANCE_SETUP_AUTOMATIC_ATTACHMENT);
    volume->run();
    EXPECT_TRUE(trace.empty());
    on_setup = [&](PCFLT_RELATED_OBJECTS, FLT_INSTANCE_SETUP_FLAGS flags) {
        seen = flags;
        return STATUS_SUCCESS;
    };
    EXPECT_EQ(FltAttachVolume(drivers[0]->filter, volume->volume, nullptr, nullptr), STATUS_SUCCESS);
    EXPECT_EQ(seen, FLTFL_INSTANCE_SETUP_MANUAL_ATTACHMENT);
    TestVolume later(FLT_FSTYPE_NTFS, u"\\Device\\Later");
    EXPECT_EQ(seen, FLTFL_INSTANCE_SETUP_AUTOMATIC_ATTACHMENT | FLTFL_INSTANCE_SETUP_NEWLY_MOUNTED_VOLUME);
    later.run();
    EXPECT_EQ(trace, (Trace{"pre0", "post0"}));
}

TEST_F(Callbacks, MGMT_15_MGMT_16_altitude_and_name_are_taken_once) {
    add(0, u"100");
    add(1, u"200");
    const std::u16string same_altitude = u"0100.0", other_altitude = u"150", other_name = u"other", bad = u"x";
    UNICODE_STRING a = unicode(same_altitude), b = unicode(other_altitude), n = unicode(other_name), x = unicode(bad);
    EXPECT_EQ(FltAttachVolumeAtAltitude(drivers[1]->filter, volume->volume, &a, &n, nullptr),
              STATUS_FLT_INSTANCE_ALTITUDE_COLLISION);
    EXPECT_EQ(FltAttachVolumeAtAltitude(drivers[1]->filter, volume->volume, &b, nullptr, nullptr),
              STATUS_FLT_INSTANCE_NAME_COLLISION);
    EXPECT_EQ(FltAttachVolumeAtAltitude(drivers[1]->filter, volume->volume, &x, &n, nullptr), STATUS_INVALID_PARAMETER);
    EXPECT_EQ(FltAttachVolume(drivers[1]->filter, volume->volume, &n, nullptr), STATUS_OBJECT_NAME_NOT_FOUND);
    add(2, u"300", false);
    EXPECT_EQ(FltAttachVolume(drivers[2]->filter, volume->volume, nullptr, nullptr), STATUS_FLT_FILTER_NOT_READY);
    EXPECT_EQ(FltAttachVolumeAtAltitude(drivers[1]->filter, volume->volume, &b, &n, nullptr), STATUS_SUCCESS);
    volume->run();
    EXPECT_EQ(trace, (Trace{"pre1", "pre1", "pre0", "post0", "post1", "post1"}));
}

TEST_F(Callbacks, MGMT_18_detaching_needs_the_drivers_consent) {
    add(0, u"100");
    on_query = [] { return STATUS_FLT_DO_NOT_DETACH; };
    EXPECT_EQ(FltDetachVolume(drivers[0]->filter, volume->volume, nullptr), STATUS_FLT_DO_NOT_DETACH);
    on_query = nullptr;
    EXPECT_EQ(FltDetachVolume(drivers[0]->filter, volume->volume, nullptr), STATUS_SUCCESS);
    EXPECT_EQ(teardowns, (Trace{"start 1", "complete 1"}));
    EXPECT_EQ(FltDetachVolume(drivers[0]->filter, volume->volume, nullptr), STATUS_FLT_INSTANCE_NOT_FOUND);
    volume->run();
    EXPECT_TRUE(trace.empty());
}

TEST_F(Callbacks, MINI_06_teardown_reasons) {
    add(0, u"100");
    volume->destroy();
    EXPECT_EQ(teardowns, (Trace{"start 8", "complete 8"}));
    teardowns.clear();
    volume = std::make_unique<TestVolume>();
    drivers[0]->unregister();
    EXPECT_EQ(teardowns, (Trace{"start 2", "complete 2"}));
}

TEST_F(Callbacks, MINI_03_unregistering_waits_for_running_callbacks_and_frees_those_that_ask_a_client) {
    add(0, u"100");
    ASSERT_EQ(drivers[0]->create_port(), STATUS_SUCCESS);
    Client client;
    ASSERT_EQ(client.connect(), STATUS_SUCCESS);
    std::atomic<bool> left{false};
    on_pre[0] = [&](auto...) {
        EXPECT_EQ(drivers[0]->send(*drivers[0]->clients[0], "may I", 8).status, STATUS_PORT_DISCONNECTED);
        left = true;
        return FLT_PREOP_SUCCESS_NO_CALLBACK;
    };
    world::Thread opener([&] { EXPECT_EQ(volume->run(), STATUS_SUCCESS); });
    client.transport.await_sleepers(FM_SLEEP_LEADER, 1);
    drivers[0]->unregister();
    EXPECT_TRUE(left);
    EXPECT_EQ(teardowns, (Trace{"start 2", "complete 2"}));
}

TEST_F(Callbacks, volume_properties_and_names) {
    const std::u16string expected = u"\\Device\\Test";
    ULONG needed = 0;
    EXPECT_EQ(FltGetVolumeName(volume->volume, nullptr, &needed), STATUS_BUFFER_TOO_SMALL);
    EXPECT_EQ(needed, expected.size() * 2);
    struct {
        FLT_VOLUME_PROPERTIES properties;
        WCHAR room[64];
    } block;
    EXPECT_EQ(FltGetVolumeProperties(volume->volume, &block.properties, sizeof(block.properties), &needed),
              STATUS_BUFFER_OVERFLOW);
    EXPECT_EQ(block.properties.SectorSize, 512);
    EXPECT_EQ(FltGetVolumeProperties(volume->volume, &block.properties, sizeof(block), &needed), STATUS_SUCCESS);
    EXPECT_EQ(text(block.properties.RealDeviceName), expected);
    add(0, u"100");
    on_pre[0] = [&](PFLT_CALLBACK_DATA, PCFLT_RELATED_OBJECTS objects, PVOID *) {
        PVOID buffer = FltAllocatePoolAlignedWithTag(objects->Instance, NonPagedPool, 100, 0);
        EXPECT_EQ(reinterpret_cast<uintptr_t>(buffer) % 512, 0u);
        FltFreePoolAlignedWithTag(objects->Instance, buffer, 0);
        FLT_FILESYSTEM_TYPE type = FLT_FSTYPE_UNKNOWN;
        EXPECT_EQ(FltGetFileSystemType(objects->Instance, &type), STATUS_SUCCESS);
        EXPECT_EQ(type, FLT_FSTYPE_NTFS);
        return FLT_PREOP_SUCCESS_NO_CALLBACK;
    };
    volume->run();
}
