// SPDX-License-Identifier: Apache-2.0

#include "driver_fixture.h"

#include <algorithm>

NTSTATUS Open::run() {
    FILE_OBJECT file{};
    IO_SECURITY_CONTEXT security{};
    FLT_IO_PARAMETER_BLOCK block{};
    FLT_CALLBACK_DATA data{};
    const FLT_RELATED_OBJECTS objects = {sizeof(objects), 0,      nullptr, nullptr, reinterpret_cast<PFLT_INSTANCE>(3),
                                         &file,           nullptr};
    PVOID context = nullptr;

    file.Flags = fileFlags;
    file.FileName.Buffer = reinterpret_cast<PWCH>(fileName.data());
    file.FileName.Length = static_cast<USHORT>(fileName.size() * sizeof(WCHAR));
    security.DesiredAccess = access;
    block.IrpFlags = irpFlags;
    block.OperationFlags = operationFlags;
    block.MajorFunction = IRP_MJ_CREATE;
    block.TargetFileObject = &file;
    block.Parameters.Create.SecurityContext = &security;
    block.Parameters.Create.Options = disposition << 24 | options;
    data.Iopb = &block;
    data.RequestorMode = mode;
    data.Thread = reinterpret_cast<PETHREAD>(201);
    data.FilterContext[0] = &process;

    const FLT_OPERATION_REGISTRATION &operation = kernel.registration->OperationRegistration[0];
    const FLT_PREOP_CALLBACK_STATUS before = operation.PreOperation(&data, &objects, &context);
    reachedFileSystem = before != FLT_PREOP_COMPLETE;
    if (!reachedFileSystem) {
        return data.IoStatus.Status;
    }
    data.IoStatus.Status = result;
    data.IoStatus.Information = information;
    hadPost = before == FLT_PREOP_SUCCESS_WITH_CALLBACK;
    if (hadPost) {
        EXPECT_EQ(operation.PostOperation(&data, &objects, context, postFlags), FLT_POSTOP_FINISHED_PROCESSING);
    }
    return data.IoStatus.Status;
}

void Driver::SetUp() {
    kernel = FakeKernel();
    DRIVER_OBJECT object{};
    UNICODE_STRING registry{};
    ASSERT_EQ(DriverEntry(&object, &registry), STATUS_SUCCESS);
    loaded_ = true;
}

void Driver::TearDown() {
    kernel.irql = PASSIVE_LEVEL;
    kernel.poolIsEmpty = false;
    if (loaded_) {
        const FP_COUNTERS c = counters();
        EXPECT_EQ(c.Seen, c.Asked + c.NotAskedFailed + c.NotAskedUnsafe + c.NotAskedKernel + c.NotAskedExempt +
                              c.NotAskedDirectory + c.NotAskedOff);
        EXPECT_EQ(c.Asked,
                  c.Allowed + c.Denied + c.TimedOut + c.NoClient + c.Overload + c.Failed + c.InvalidReply + c.InFlight);
        EXPECT_EQ(c.InFlight, 0u);
        EXPECT_EQ(kernel.registration->FilterUnloadCallback(0), STATUS_SUCCESS);
    }
    EXPECT_FALSE(kernel.filterRegistered);
    EXPECT_FALSE(kernel.portOpen);
    EXPECT_EQ(kernel.allocations, 0);
    EXPECT_EQ(kernel.names, 0);
    EXPECT_EQ(kernel.descriptors, 0);
    EXPECT_EQ(kernel.locks, 0);
    EXPECT_EQ(kernel.locksHeld, 0);
}

NTSTATUS Driver::connect(FP_CONNECT context, Client *client) {
    static ULONG_PTR ports = 1000;
    Client made;
    made.port = reinterpret_cast<PFLT_PORT>(++ports);
    const NTSTATUS status = kernel.connect(made.port, nullptr, &context, sizeof(context), &made.cookie);
    if (NT_SUCCESS(status)) {
        kernel.connections.push_back(made.cookie);
        if (client != nullptr) {
            *client = made;
        }
    } else {
        EXPECT_EQ(made.cookie, nullptr);
    }
    return status;
}

Client Driver::decider(FP_U32 flags, FP_U32 capacity) {
    Client client;
    EXPECT_EQ(connect({FP_MAGIC, FP_PROTOCOL_VERSION, FP_ROLE_DECIDER, flags, capacity}, &client), STATUS_SUCCESS);
    return client;
}

Client Driver::observer(FP_U32 capacity) {
    Client client;
    EXPECT_EQ(connect({FP_MAGIC, FP_PROTOCOL_VERSION, FP_ROLE_OBSERVER, 0, capacity}, &client), STATUS_SUCCESS);
    return client;
}

void Driver::disconnect(const Client &client) {
    auto &all = kernel.connections;
    all.erase(std::find(all.begin(), all.end(), client.cookie));
    kernel.disconnect(client.cookie);
}

NTSTATUS Driver::command(const Client &client, const void *in, ULONG length) {
    ULONG written = 77;
    alignas(8) unsigned char copy[256] = {};
    std::memcpy(copy, in, length);
    const NTSTATUS status = kernel.message(client.cookie, copy, length, nullptr, 0, &written);
    EXPECT_EQ(written, 0u);
    return status;
}

FP_COUNTERS Driver::counters() {
    const FP_COMMAND_HEADER header{FP_MAGIC, FP_PROTOCOL_VERSION, FP_COMMAND_GET_COUNTERS, sizeof(header), 0};
    FP_COUNTERS result{};
    const Client client = observer();
    EXPECT_EQ(command(client, &header, sizeof(header), &result), STATUS_SUCCESS);
    disconnect(client);
    return result;
}

FP_POLICY Driver::policy(FP_U32 action, FP_U32 contentBytes) {
    FP_POLICY result{};
    result.Flags = FP_POLICY_ASK | FP_POLICY_REPORT;
    result.TimeoutMilliseconds = 250;
    result.OnTimeout = result.OnNoClient = result.OnOverload = result.OnFailure = action;
    result.ContentBytes = contentBytes;
    return result;
}

NTSTATUS Driver::setPolicy(const Client &client, FP_U32 kind, const FP_POLICY &policy) {
    FP_POLICY copy = policy;
    copy.Header = {FP_MAGIC, FP_PROTOCOL_VERSION, FP_COMMAND_SET_POLICY, sizeof(copy), kind};
    return command(client, &copy, sizeof(copy));
}

void Driver::answer(FP_U32 verdict) {
    kernel.onSend = [verdict](const FakeMessage &message, void *reply, ULONG *length) {
        if (!message.wantsReply) {
            return STATUS_SUCCESS;
        }
        const auto *question = reinterpret_cast<const FP_EVENT *>(message.bytes.data());
        const FP_VERDICT answer{FP_VERDICT_MAGIC, verdict, question->Sequence};
        EXPECT_EQ(*length, sizeof(answer));
        std::memcpy(reply, &answer, sizeof(answer));
        return STATUS_SUCCESS;
    };
}

const FP_EVENT &Driver::event(size_t index) {
    return *reinterpret_cast<const FP_EVENT *>(kernel.sent.at(index).bytes.data());
}

std::u16string Driver::path(size_t index) {
    const FP_EVENT &what = event(index);
    std::u16string result(what.PathLength / 2, u'\0');
    std::memcpy(result.data(), reinterpret_cast<const char *>(&what) + what.PathOffset, what.PathLength);
    return result;
}

std::string Driver::content(size_t index) {
    const FP_EVENT &what = event(index);
    return {reinterpret_cast<const char *>(&what) + what.ContentOffset, what.ContentLength};
}
