// SPDX-License-Identifier: Apache-2.0
//
// Loading, connecting and the commands.

#include "driver_fixture.h"

namespace {

using Port = Driver;

FP_COMMAND_HEADER header(FP_U16 command, FP_U32 size, FP_U32 kind = 0) {
    return {FP_MAGIC, FP_PROTOCOL_VERSION, command, size, kind};
}

TEST_F(Port, is_named_secured_and_leaves_room_for_a_reasoned_refusal) {
    EXPECT_EQ(kernel.portName, "\\" FILTERPORT_DRIVER_PORT);
    EXPECT_EQ(kernel.portAttributes, OBJ_CASE_INSENSITIVE | OBJ_KERNEL_HANDLE);
    EXPECT_EQ(kernel.maxConnections, static_cast<LONG>(FP_MAX_OBSERVERS) + 2);
    EXPECT_EQ(kernel.descriptors, 0) << "freed as soon as the port is there";
}

TEST_F(Port, a_second_decider_is_refused_until_the_first_has_gone) {
    const FP_CONNECT context{FP_MAGIC, FP_PROTOCOL_VERSION, FP_ROLE_DECIDER, 0, 0};
    const Client first = decider();
    EXPECT_EQ(connect(context), STATUS_CONNECTION_COUNT_LIMIT);
    EXPECT_EQ(counters().Deciders, 1u);
    disconnect(first);
    EXPECT_EQ(connect(context), STATUS_SUCCESS);
    EXPECT_EQ(counters().ConnectsRefused, 1u);
}

TEST_F(Port, observers_are_limited_and_any_of_them_can_go) {
    const FP_CONNECT context{FP_MAGIC, FP_PROTOCOL_VERSION, FP_ROLE_OBSERVER, 0, 0};
    std::vector<Client> observers;
    while (observers.size() < FP_MAX_OBSERVERS) {
        observers.push_back(observer());
    }
    EXPECT_EQ(connect(context), STATUS_CONNECTION_COUNT_LIMIT);
    disconnect(observers[3]);
    disconnect(observers[0]);
    EXPECT_EQ(counters().Observers, FP_MAX_OBSERVERS - 2u + 1u) << "with the one that reads the counters";
    answer(FP_VERDICT_ALLOW);
    Open open;
    EXPECT_EQ(open.run(), STATUS_SUCCESS);
    EXPECT_EQ(kernel.sent.size(), FP_MAX_OBSERVERS - 2u);
    for (const FakeMessage &message : kernel.sent) {
        EXPECT_NE(message.port, observers[3].port);
        EXPECT_NE(message.port, observers[0].port);
    }
}

TEST_F(Port, a_bad_context_is_refused_without_a_trace) {
    EXPECT_EQ(connect({0, FP_PROTOCOL_VERSION, FP_ROLE_DECIDER, 0, 0}), STATUS_INVALID_PARAMETER);
    EXPECT_EQ(connect({FP_MAGIC, 99, FP_ROLE_DECIDER, 0, 0}), STATUS_REVISION_MISMATCH);
    kernel.poolIsEmpty = true;
    EXPECT_EQ(connect({FP_MAGIC, FP_PROTOCOL_VERSION, FP_ROLE_DECIDER, 0, 0}), STATUS_INSUFFICIENT_RESOURCES);
    kernel.poolIsEmpty = false;
    const FP_COUNTERS c = counters();
    EXPECT_EQ(c.ConnectsRefused, 3u);
    EXPECT_EQ(c.Deciders, 0u);
}

TEST_F(Port, hello_tells_what_is_in_force) {
    const Client client = decider(FP_CONNECT_EXEMPT, 4096);
    const FP_COMMAND_HEADER in = header(FP_COMMAND_HELLO, sizeof(in));
    FP_HELLO out{};
    ASSERT_EQ(command(client, &in, sizeof(in), &out), STATUS_SUCCESS);
    EXPECT_EQ(out.Header.Magic, FP_MAGIC);
    EXPECT_EQ(out.Header.Command, FP_COMMAND_HELLO);
    EXPECT_EQ(out.Header.Size, sizeof(out));
    EXPECT_EQ(out.KindCount, FP_KIND_COUNT);
    EXPECT_EQ(out.Role, FP_ROLE_DECIDER);
    EXPECT_EQ(out.MaxInFlight, FP_DEFAULT_MAX_IN_FLIGHT);
    EXPECT_EQ(out.EventCapacity, 4096u);
    EXPECT_EQ(out.Flags, FP_CONNECT_EXEMPT);
    EXPECT_EQ(out.Time, 133000000000000000u);
}

TEST_F(Port, policies_are_read_back_per_kind) {
    const Client client = decider();
    FP_POLICY in = policy(FP_ACTION_DENY, 4096);
    ASSERT_EQ(setPolicy(client, FP_KIND_EXECUTE, in), STATUS_SUCCESS);
    FP_COMMAND_HEADER get = header(FP_COMMAND_GET_POLICY, sizeof(get), FP_KIND_EXECUTE);
    FP_POLICY out{};
    ASSERT_EQ(command(client, &get, sizeof(get), &out), STATUS_SUCCESS);
    EXPECT_EQ(out.OnTimeout, FP_ACTION_DENY);
    EXPECT_EQ(out.ContentBytes, 4096u);
    EXPECT_EQ(out.Header.Kind, FP_KIND_EXECUTE);
    get.Kind = FP_KIND_OPEN;
    ASSERT_EQ(command(client, &get, sizeof(get), &out), STATUS_SUCCESS);
    EXPECT_EQ(out.OnTimeout, FP_ACTION_ALLOW);
}

TEST_F(Port, observers_may_read_but_not_change) {
    const Client client = observer();
    EXPECT_EQ(setPolicy(client, FP_KIND_OPEN, policy(FP_ACTION_DENY)), STATUS_ACCESS_DENIED);
    FP_LIMITS limits{};
    limits.Header = header(FP_COMMAND_SET_LIMITS, sizeof(limits));
    limits.MaxInFlight = 1;
    EXPECT_EQ(command(client, &limits, sizeof(limits)), STATUS_ACCESS_DENIED);
    const FP_COMMAND_HEADER get = header(FP_COMMAND_GET_POLICY, sizeof(get), FP_KIND_OPEN);
    FP_POLICY out{};
    EXPECT_EQ(command(client, &get, sizeof(get), &out), STATUS_SUCCESS);
}

TEST_F(Port, malformed_commands_are_refused_and_change_nothing) {
    const Client client = decider();
    FP_COMMAND_HEADER in = header(FP_COMMAND_HELLO, sizeof(in));
    FP_HELLO out{};
    in.Magic++;
    EXPECT_EQ(command(client, &in, sizeof(in), &out), STATUS_INVALID_PARAMETER);
    in = header(FP_COMMAND_HELLO, sizeof(in));
    in.Version++;
    EXPECT_EQ(command(client, &in, sizeof(in), &out), STATUS_REVISION_MISMATCH);
    for (FP_U16 number : {0, 6, 0xffff}) {
        in = header(number, sizeof(in));
        EXPECT_EQ(command(client, &in, sizeof(in), &out), STATUS_INVALID_PARAMETER) << number;
    }
    for (ULONG length : {0u, 1u, 15u, 17u, 48u, 49u}) {
        in = header(FP_COMMAND_HELLO, length);
        unsigned char bytes[64] = {};
        std::memcpy(bytes, &in, sizeof(in));
        EXPECT_EQ(command(client, bytes, length, &out), STATUS_INVALID_PARAMETER) << length;
    }
    in = header(FP_COMMAND_HELLO, sizeof(in) + 1);
    EXPECT_EQ(command(client, &in, sizeof(in), &out), STATUS_INVALID_PARAMETER) << "Size and length differ";
    FP_POLICY bad = policy(FP_ACTION_DENY);
    EXPECT_EQ(setPolicy(client, 0, bad), STATUS_INVALID_PARAMETER);
    EXPECT_EQ(setPolicy(client, FP_KIND_COUNT + 1, bad), STATUS_INVALID_PARAMETER);
    bad.OnTimeout = 9;
    EXPECT_EQ(setPolicy(client, FP_KIND_OPEN, bad), STATUS_INVALID_PARAMETER);
    FP_LIMITS limits{};
    limits.Header = header(FP_COMMAND_SET_LIMITS, sizeof(limits));
    EXPECT_EQ(command(client, &limits, sizeof(limits)), STATUS_INVALID_PARAMETER);
    const FP_COMMAND_HEADER get = header(FP_COMMAND_GET_POLICY, sizeof(get), FP_KIND_OPEN);
    FP_POLICY now{};
    ASSERT_EQ(command(client, &get, sizeof(get), &now), STATUS_SUCCESS);
    EXPECT_EQ(now.OnTimeout, FP_ACTION_ALLOW);
}

TEST_F(Port, missing_small_and_unaligned_buffers_are_refused) {
    const Client client = decider();
    alignas(8) unsigned char in[64] = {};
    alignas(8) unsigned char out[512] = {};
    const FP_COMMAND_HEADER hello = header(FP_COMMAND_HELLO, sizeof(hello));
    std::memcpy(in, &hello, sizeof(hello));
    ULONG written = 1;
    EXPECT_EQ(kernel.message(client.cookie, nullptr, 0, out, sizeof(out), &written), STATUS_INVALID_PARAMETER);
    EXPECT_EQ(kernel.message(client.cookie, in, sizeof(hello), nullptr, 0, &written), STATUS_BUFFER_TOO_SMALL);
    EXPECT_EQ(kernel.message(client.cookie, in, sizeof(hello), out, sizeof(FP_HELLO) - 1, &written),
              STATUS_BUFFER_TOO_SMALL);
    EXPECT_EQ(kernel.message(client.cookie, in, sizeof(hello), out + 4, sizeof(FP_HELLO), &written),
              STATUS_DATATYPE_MISALIGNMENT);
    std::memcpy(in + 1, &hello, sizeof(hello));
    EXPECT_EQ(kernel.message(client.cookie, in + 1, sizeof(hello), out, sizeof(FP_HELLO), &written),
              STATUS_DATATYPE_MISALIGNMENT);
    EXPECT_EQ(written, 0u);
}

TEST_F(Port, unload_ends_the_connections_that_are_still_open) {
    decider();
    observer();
    observer();
}

class FailedStart : public Driver {
  protected:
    void SetUp() override { kernel = FakeKernel(); }
    static NTSTATUS load() {
        DRIVER_OBJECT object{};
        UNICODE_STRING registry{};
        return DriverEntry(&object, &registry);
    }
};

TEST_F(FailedStart, a_name_that_is_taken_leaves_nothing_behind) {
    kernel.createPortStatus = STATUS_OBJECT_NAME_COLLISION;
    EXPECT_EQ(load(), STATUS_OBJECT_NAME_COLLISION);
}

TEST_F(FailedStart, a_filter_that_cannot_start_leaves_nothing_behind) {
    kernel.startStatus = STATUS_INSUFFICIENT_RESOURCES;
    EXPECT_EQ(load(), STATUS_INSUFFICIENT_RESOURCES);
}

} // namespace
