// SPDX-License-Identifier: Apache-2.0
//
// A loaded driver in the fake kernel, the opens that reach it and the clients that connect to it.

#ifndef FILTERPORT_TEST_DRIVER_FIXTURE_H
#define FILTERPORT_TEST_DRIVER_FIXTURE_H

#include "fake_kernel.h"
#include "protocol.h"

#include <cstring>
#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

extern "C" DRIVER_INITIALIZE DriverEntry;

/** One open as it reaches the driver; change what is special about it, then run it. */
struct Open {
    ACCESS_MASK access = FILE_READ_DATA;
    ULONG disposition = FILE_OPEN;
    ULONG options = FILE_NON_DIRECTORY_FILE;
    KPROCESSOR_MODE mode = UserMode;
    FakeProcess process{200, 2000};
    ULONG fileFlags = 0;
    ULONG irpFlags = 0;
    UCHAR operationFlags = 0;
    std::u16string fileName = u"\\file.txt";
    NTSTATUS result = STATUS_SUCCESS; // of the file system
    ULONG_PTR information = FILE_OPENED;
    ULONG postFlags = 0;

    // Afterwards.
    bool reachedFileSystem = false;
    bool hadPost = false;

    /** Runs pre- and post-create; returns what the opener sees. */
    NTSTATUS run();
};

struct Client {
    PVOID cookie = nullptr;
    PFLT_PORT port = nullptr;
};

class Driver : public ::testing::Test {
  protected:
    void SetUp() override;
    /** Unloads and checks that the counters add up and nothing is left. */
    void TearDown() override;

    NTSTATUS connect(FP_CONNECT context, Client *client = nullptr);
    Client decider(FP_U32 flags = 0, FP_U32 capacity = 0);
    Client observer(FP_U32 capacity = 0);
    void disconnect(const Client &client);

    /** Sends a command; the answer's length must be the structure's or 0. */
    template <typename Out>
    NTSTATUS command(const Client &client, const void *in, ULONG length, Out *out) {
        ULONG written = 77;
        alignas(8) unsigned char copy[256] = {};
        std::memcpy(copy, in, length);
        const NTSTATUS status = kernel.message(client.cookie, copy, length, out, sizeof(*out), &written);
        EXPECT_EQ(written, NT_SUCCESS(status) ? sizeof(*out) : 0u);
        return status;
    }
    NTSTATUS command(const Client &client, const void *in, ULONG length);

    FP_COUNTERS counters();
    NTSTATUS setPolicy(const Client &client, FP_U32 kind, const FP_POLICY &policy);
    static FP_POLICY policy(FP_U32 action, FP_U32 contentBytes = 0);

    /** From now on every question gets this verdict. */
    static void answer(FP_U32 verdict);
    static const FP_EVENT &event(size_t index);
    static std::u16string path(size_t index);
    static std::string content(size_t index);

    bool loaded_ = false;
};

#endif
