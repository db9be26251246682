// SPDX-License-Identifier: Apache-2.0
#include "test_driver.h"

#include <cstring>
#include <map>

namespace {

// Unload callbacks get no context: the driver is found by a slot of its own.
TestDriver *unloading_drivers[4];

template <int Slot>
NTSTATUS unload(FLT_FILTER_UNLOAD_FLAGS flags) {
    TestDriver &driver = *unloading_drivers[Slot];
    driver.unloads++;
    NTSTATUS status = driver.on_unload ? driver.on_unload(flags) : STATUS_SUCCESS;
    if (NT_SUCCESS(status)) {
        driver.unregister();
    }
    return status;
}

const PFLT_FILTER_UNLOAD_CALLBACK unload_callbacks[4] = {&unload<0>, &unload<1>, &unload<2>, &unload<3>};

const TestDriver::Options *registering;
std::u16string instance_name;

NTSTATUS filter_settings(PDRIVER_OBJECT, fm_filter_settings *settings) {
    if (registering == nullptr) {
        return STATUS_OBJECT_NAME_NOT_FOUND;
    }
    settings->name = unicode(registering->name);
    settings->altitude = unicode(registering->altitude);
    instance_name = registering->name + u" instance";
    settings->instance_name = unicode(instance_name);
    return STATUS_SUCCESS;
}

const fm_host_ops host = {&filter_settings, nullptr};

} // namespace

UNICODE_STRING unicode(const std::u16string &text) {
    const USHORT length = static_cast<USHORT>(text.size() * 2);
    return {length, length, reinterpret_cast<PWCH>(const_cast<char16_t *>(text.data()))};
}

std::u16string text(const UNICODE_STRING &string) {
    return std::u16string(reinterpret_cast<const char16_t *>(string.Buffer), string.Length / 2);
}

// Driver --------------------------------------------------------------------------------------------------------------

TestDriver::TestDriver(const Options &options) {
    FLT_REGISTRATION registration{};
    registration.Size = sizeof(registration);
    registration.Version = FLT_REGISTRATION_VERSION;
    registration.Flags = options.flags;
    registration.OperationRegistration = options.operations;
    registration.ContextRegistration = options.contexts;
    registration.InstanceSetupCallback = options.setup;
    registration.InstanceQueryTeardownCallback = options.query_teardown;
    registration.InstanceTeardownStartCallback = options.teardown_start;
    registration.InstanceTeardownCompleteCallback = options.teardown_complete;
    for (int slot = 0; slot < 4 && options.unload; slot++) {
        if (unloading_drivers[slot] == nullptr) {
            unloading_drivers[slot] = this;
            registration.FilterUnloadCallback = unload_callbacks[slot];
            break;
        }
    }
    registering = &options;
    EXPECT_EQ(FltRegisterFilter(nullptr, &registration, &filter), STATUS_SUCCESS);
    registering = nullptr;
}

NTSTATUS TestDriver::create_port(const std::u16string &name, LONG limit, PSECURITY_DESCRIPTOR descriptor,
                                 ULONG attributes, bool with_message_notify) {
    UNICODE_STRING object_name = unicode(name);
    OBJECT_ATTRIBUTES object{};
    InitializeObjectAttributes(&object, &object_name, attributes, nullptr, descriptor);
    return FltCreateCommunicationPort(filter, &server, &object, this, &connect_notify, &disconnect_notify,
                                      with_message_notify ? &message_notify : nullptr, limit);
}

void TestDriver::close_port() {
    if (server != nullptr) {
        FltCloseCommunicationPort(server);
        server = nullptr;
    }
}

void TestDriver::unregister() {
    if (filter != nullptr) {
        close_port();
        FltUnregisterFilter(filter);
        filter = nullptr;
    }
}

TestDriver::~TestDriver() {
    unregister();
    for (TestDriver *&slot : unloading_drivers) {
        if (slot == this) {
            slot = nullptr;
        }
    }
}

SendResult TestDriver::send(ClientEnd &client, const std::string &payload, int reply_capacity, const int64_t *timeout) {
    SendResult result;
    LARGE_INTEGER limit;
    std::string reply(reply_capacity > 0 ? static_cast<size_t>(reply_capacity) : 1, '\xCC');
    std::string copy = payload.empty() ? std::string("x") : payload; // SenderBuffer must not be NULL
    result.reply_length = reply_capacity > 0 ? static_cast<ULONG>(reply_capacity) : 0;
    if (timeout != nullptr) {
        limit.QuadPart = *timeout;
    }
    result.status =
        FltSendMessage(filter, &client.port, copy.data(), static_cast<ULONG>(payload.size()),
                       reply_capacity >= 0 ? reply.data() : nullptr,
                       reply_capacity >= 0 ? &result.reply_length : nullptr, timeout != nullptr ? &limit : nullptr);
    result.reply = reply;
    return result;
}

NTSTATUS TestDriver::connect_notify(PFLT_PORT port, PVOID cookie, PVOID context, ULONG length,
                                    PVOID *connection_cookie) {
    TestDriver &driver = *static_cast<TestDriver *>(cookie);
    ClientEnd *end = nullptr;
    world::change([&] {
        driver.clients.push_back(std::make_unique<ClientEnd>());
        end = driver.clients.back().get();
        end->driver = &driver;
        end->port = port;
        end->context.assign(static_cast<const char *>(context), length);
        driver.connect_requestor = fm_current_requestor();
    });
    driver.connects++;
    *connection_cookie = end;
    NTSTATUS status = driver.on_connect ? driver.on_connect(*end) : STATUS_SUCCESS;
    if (!NT_SUCCESS(status)) {
        world::change([&] { __atomic_store_n(&end->port, nullptr, __ATOMIC_RELEASE); });
    }
    return status;
}

void TestDriver::disconnect_notify(PVOID cookie) {
    ClientEnd &end = *static_cast<ClientEnd *>(cookie);
    end.disconnects++;
    if (end.driver->on_disconnect) {
        end.driver->on_disconnect(end);
    } else {
        FltCloseClientPort(end.driver->filter, &end.port);
    }
}

NTSTATUS TestDriver::message_notify(PVOID cookie, PVOID in, ULONG in_length, PVOID out, ULONG out_length,
                                    PULONG returned) {
    ClientEnd &end = *static_cast<ClientEnd *>(cookie);
    return end.driver->on_message ? end.driver->on_message(end, in, in_length, out, out_length, returned)
                                  : STATUS_SUCCESS;
}

// Client --------------------------------------------------------------------------------------------------------------

NTSTATUS Client::connect(const std::u16string &name, const std::string &context, const fm_requestor *requestor,
                         uint32_t options) {
    fm_connect_request request{};
    request.name = unicode(name);
    request.requestor = requestor;
    request.context = context.empty() ? nullptr : context.data();
    request.context_length = static_cast<uint32_t>(context.size());
    request.options = options;
    request.transport = &transport;
    request.ops = &MemoryTransport::ops;
    world::set_requestor(requestor);
    NTSTATUS status = fm_port_connect(&request, &transport.connection, &core_owns);
    world::set_requestor(nullptr);
    open = NT_SUCCESS(status);
    return status;
}

void Client::close() {
    if (open) {
        open = false;
        fm_connection_close_user(transport.connection);
    }
}

Client::~Client() {
    close();
    if (core_owns) {
        transport.await_released();
    }
}

// Fixtures ------------------------------------------------------------------------------------------------------------

void CoreTest::SetUp() {
    ASSERT_EQ(fm_core_init(&host), STATUS_SUCCESS);
}

void CoreTest::TearDown() {
    fm_core_fini();
}

fm_counters CoreTest::counters() {
    fm_counters result;
    fm_core_counters(&result);
    return result;
}

void PortTest::SetUp() {
    CoreTest::SetUp();
    driver = std::make_unique<TestDriver>();
    ASSERT_EQ(driver->create_port(), STATUS_SUCCESS);
    client = std::make_unique<Client>();
    ASSERT_EQ(client->connect(), STATUS_SUCCESS);
}

void PortTest::TearDown() {
    if (client) {
        client->close();
    }
    driver.reset();
    client.reset();
    CoreTest::TearDown();
}
