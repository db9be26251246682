// SPDX-License-Identifier: Apache-2.0
#include "test_volume.h"

namespace {

int cleanups;
void cleanup(PFLT_CONTEXT, FLT_CONTEXT_TYPE) {
    cleanups++;
}

const FLT_CONTEXT_REGISTRATION registrations[] = {
    {FLT_INSTANCE_CONTEXT, 0, &cleanup, 16, 0, nullptr, nullptr, nullptr},
    {FLT_STREAMHANDLE_CONTEXT, 0, &cleanup, 32, 0, nullptr, nullptr, nullptr},
    {FLT_STREAM_CONTEXT, 0, &cleanup, FLT_VARIABLE_SIZED_CONTEXTS, 0, nullptr, nullptr, nullptr},
    {FLT_VOLUME_CONTEXT, FLTFL_CONTEXT_REGISTRATION_NO_EXACT_SIZE_MATCH, &cleanup, 64, 0, nullptr, nullptr, nullptr},
    {FLT_CONTEXT_END, 0, nullptr, 0, 0, nullptr, nullptr, nullptr},
};

std::function<void(PCFLT_RELATED_OBJECTS)> on_create;

FLT_PREOP_CALLBACK_STATUS pre(PFLT_CALLBACK_DATA, PCFLT_RELATED_OBJECTS objects, PVOID *) {
    if (on_create) {
        on_create(objects);
    }
    return FLT_PREOP_SUCCESS_NO_CALLBACK;
}

const FLT_OPERATION_REGISTRATION operations[] = {{IRP_MJ_CREATE, 0, &pre, nullptr, nullptr},
                                                 {IRP_MJ_OPERATION_END, 0, nullptr, nullptr, nullptr}};

} // namespace

class Contexts : public CoreTest {
  protected:
    void SetUp() override {
        CoreTest::SetUp();
        cleanups = 0;
        on_create = nullptr;
        volume = std::make_unique<TestVolume>();
        TestDriver::Options options;
        options.contexts = registrations;
        options.operations = operations;
        driver = std::make_unique<TestDriver>(options);
        ASSERT_EQ(FltStartFiltering(driver->filter), STATUS_SUCCESS);
    }
    void TearDown() override {
        driver.reset();
        volume.reset();
        CoreTest::TearDown();
    }
    PFLT_CONTEXT allocate(FLT_CONTEXT_TYPE type, SIZE_T size) {
        PFLT_CONTEXT context = nullptr;
        EXPECT_EQ(FltAllocateContext(driver->filter, type, size, PagedPool, &context), STATUS_SUCCESS);
        return context;
    }
    void inside(std::function<void(PCFLT_RELATED_OBJECTS)> body) {
        on_create = std::move(body);
        volume->run();
    }
    std::unique_ptr<TestVolume> volume;
    std::unique_ptr<TestDriver> driver;
};

TEST_F(Contexts, MINI_13_only_registered_kinds_and_sizes) {
    PFLT_CONTEXT context = nullptr;
    EXPECT_EQ(FltAllocateContext(driver->filter, FLT_FILE_CONTEXT, 16, PagedPool, &context),
              STATUS_FLT_CONTEXT_ALLOCATION_NOT_FOUND);
    EXPECT_EQ(FltAllocateContext(driver->filter, FLT_INSTANCE_CONTEXT, 17, PagedPool, &context),
              STATUS_FLT_CONTEXT_ALLOCATION_NOT_FOUND);
    FltReleaseContext(allocate(FLT_STREAM_CONTEXT, 1234));
    FltReleaseContext(allocate(FLT_VOLUME_CONTEXT, 10));
    EXPECT_EQ(cleanups, 2);
    world::fail_allocation(1);
    EXPECT_EQ(FltAllocateContext(driver->filter, FLT_INSTANCE_CONTEXT, 16, PagedPool, &context),
              STATUS_INSUFFICIENT_RESOURCES);
}

TEST_F(Contexts, MINI_13_set_get_keep_replace_delete) {
    inside([&](PCFLT_RELATED_OBJECTS objects) {
        PFLT_CONTEXT first = allocate(FLT_STREAMHANDLE_CONTEXT, 32), second = allocate(FLT_STREAMHANDLE_CONTEXT, 32),
                     found = nullptr, old = nullptr;
        EXPECT_EQ(FltGetStreamHandleContext(objects->Instance, objects->FileObject, &found), STATUS_NOT_FOUND);
        EXPECT_EQ(FltSetStreamHandleContext(objects->Instance, objects->FileObject, FLT_SET_CONTEXT_KEEP_IF_EXISTS,
                                            first, nullptr),
                  STATUS_SUCCESS);
        EXPECT_EQ(FltGetStreamHandleContext(objects->Instance, objects->FileObject, &found), STATUS_SUCCESS);
        EXPECT_EQ(found, first);
        FltReleaseContext(found);
        EXPECT_EQ(FltSetStreamHandleContext(objects->Instance, objects->FileObject, FLT_SET_CONTEXT_KEEP_IF_EXISTS,
                                            second, &old),
                  STATUS_FLT_CONTEXT_ALREADY_DEFINED);
        EXPECT_EQ(old, first);
        FltReleaseContext(old);
        EXPECT_EQ(FltSetStreamHandleContext(objects->Instance, objects->FileObject, FLT_SET_CONTEXT_REPLACE_IF_EXISTS,
                                            first, nullptr),
                  STATUS_FLT_CONTEXT_ALREADY_LINKED);
        EXPECT_EQ(FltSetStreamHandleContext(objects->Instance, objects->FileObject, FLT_SET_CONTEXT_REPLACE_IF_EXISTS,
                                            second, nullptr),
                  STATUS_SUCCESS);
        FltReleaseContext(first);
        EXPECT_EQ(cleanups, 1);
        EXPECT_EQ(FltDeleteStreamHandleContext(objects->Instance, objects->FileObject, nullptr), STATUS_SUCCESS);
        EXPECT_EQ(FltDeleteStreamHandleContext(objects->Instance, objects->FileObject, nullptr), STATUS_NOT_FOUND);
        EXPECT_EQ(cleanups, 1);
        FltReleaseContext(second);
        EXPECT_EQ(cleanups, 2);
    });
}

TEST_F(Contexts, a_streams_context_is_shared_by_its_opens_and_goes_with_it) {
    fm_stream stream;
    fm_stream_init(&stream);
    for (int i = 0; i < 2; i++) {
        fm_file file;
        fm_file_init(&file, volume->volume, &stream);
        on_create = [&](PCFLT_RELATED_OBJECTS objects) {
            PFLT_CONTEXT context = nullptr;
            EXPECT_TRUE(FltSupportsStreamContexts(objects->FileObject));
            EXPECT_EQ(FltGetStreamContext(objects->Instance, objects->FileObject, &context),
                      i == 0 ? STATUS_NOT_FOUND : STATUS_SUCCESS);
            if (i == 0) {
                context = allocate(FLT_STREAM_CONTEXT, 8);
                EXPECT_EQ(FltSetStreamContext(objects->Instance, objects->FileObject, FLT_SET_CONTEXT_KEEP_IF_EXISTS,
                                              context, nullptr),
                          STATUS_SUCCESS);
            }
            FltReleaseContext(context);
        };
        volume->run_on(file);
        fm_file_fini(&file);
    }
    EXPECT_EQ(cleanups, 0);
    fm_stream_fini(&stream);
    EXPECT_EQ(cleanups, 1);
}

TEST_F(Contexts, without_a_stream_there_are_no_stream_contexts) {
    inside([&](PCFLT_RELATED_OBJECTS objects) {
        PFLT_CONTEXT context = nullptr;
        EXPECT_FALSE(FltSupportsStreamContexts(objects->FileObject));
        EXPECT_EQ(FltGetStreamContext(objects->Instance, objects->FileObject, &context), STATUS_NOT_SUPPORTED);
    });
}

TEST_F(Contexts, MINI_03_tearing_down_deletes_what_the_instance_left_anywhere) {
    fm_file file;
    fm_file_init(&file, volume->volume, nullptr);
    on_create = [&](PCFLT_RELATED_OBJECTS objects) {
        PFLT_CONTEXT handle = allocate(FLT_STREAMHANDLE_CONTEXT, 32), instance = allocate(FLT_INSTANCE_CONTEXT, 16),
                     whole = allocate(FLT_VOLUME_CONTEXT, 8);
        EXPECT_EQ(FltSetStreamHandleContext(objects->Instance, objects->FileObject, FLT_SET_CONTEXT_KEEP_IF_EXISTS,
                                            handle, nullptr),
                  STATUS_SUCCESS);
        EXPECT_EQ(FltSetInstanceContext(objects->Instance, FLT_SET_CONTEXT_KEEP_IF_EXISTS, instance, nullptr),
                  STATUS_SUCCESS);
        EXPECT_EQ(FltSetVolumeContext(objects->Volume, FLT_SET_CONTEXT_KEEP_IF_EXISTS, whole, nullptr), STATUS_SUCCESS);
        FltReleaseContext(handle);
        FltReleaseContext(instance);
        FltReleaseContext(whole);
    };
    volume->run_on(file);
    EXPECT_EQ(cleanups, 0);
    driver->unregister(); // would hang if one were left
    EXPECT_EQ(cleanups, 3);
    fm_file_fini(&file);
}

TEST_F(Contexts, FltDeleteContext_unlinks_and_the_holder_keeps_its_own_reference) {
    inside([&](PCFLT_RELATED_OBJECTS objects) {
        PFLT_CONTEXT context = allocate(FLT_INSTANCE_CONTEXT, 16), found = nullptr;
        EXPECT_EQ(FltSetInstanceContext(objects->Instance, FLT_SET_CONTEXT_KEEP_IF_EXISTS, context, nullptr),
                  STATUS_SUCCESS);
        FltDeleteContext(context);
        FltDeleteContext(context);
        EXPECT_EQ(FltGetInstanceContext(objects->Instance, &found), STATUS_NOT_FOUND);
        EXPECT_EQ(cleanups, 0);
        FltReleaseContext(context);
        EXPECT_EQ(cleanups, 1);
    });
}
