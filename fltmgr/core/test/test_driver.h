// SPDX-License-Identifier: Apache-2.0
// A minifilter with one server port for the tests, its clients, and the core's start and stop around each test.
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <string>

#include "memory_transport.h"

UNICODE_STRING unicode(const std::u16string &text); // the text must outlive the string
std::u16string text(const UNICODE_STRING &string);

class TestDriver;

/// The driver's side of one connection; its address is the connection's cookie.
struct ClientEnd {
    TestDriver *driver = nullptr;
    PFLT_PORT port = nullptr;
    std::string context;
    std::atomic<int> disconnects{0};
};

struct SendResult {
    NTSTATUS status = STATUS_PENDING;
    std::string reply;
    ULONG reply_length = 0;
};

class TestDriver {
  public:
    struct Options {
        std::u16string name = u"scanner";
        std::u16string altitude = u"320000";
        bool unload = true;
        FLT_REGISTRATION_FLAGS flags = 0;
        const FLT_OPERATION_REGISTRATION *operations = nullptr;
        const FLT_CONTEXT_REGISTRATION *contexts = nullptr;
        PFLT_INSTANCE_SETUP_CALLBACK setup = nullptr;
        PFLT_INSTANCE_QUERY_TEARDOWN_CALLBACK query_teardown = nullptr;
        PFLT_INSTANCE_TEARDOWN_CALLBACK teardown_start = nullptr;
        PFLT_INSTANCE_TEARDOWN_CALLBACK teardown_complete = nullptr;
    };

    TestDriver() : TestDriver(Options()) {}
    explicit TestDriver(const Options &options);
    ~TestDriver();

    NTSTATUS create_port(const std::u16string &name = u"\\ScannerPort", LONG limit = 8,
                         PSECURITY_DESCRIPTOR descriptor = nullptr,
                         ULONG attributes = OBJ_KERNEL_HANDLE | OBJ_CASE_INSENSITIVE, bool with_message_notify = true);
    void close_port();
    void unregister(); // closes the port, then unregisters; no-op when done

    SendResult send(ClientEnd &client, const std::string &payload, int reply_capacity,
                    const int64_t *timeout = nullptr);

    PFLT_FILTER filter = nullptr;
    PFLT_PORT server = nullptr;
    std::vector<std::unique_ptr<ClientEnd>> clients; // in order of ConnectNotify; stable addresses
    std::atomic<int> connects{0}, unloads{0};
    const fm_requestor *connect_requestor = nullptr;

    // Hooks, all optional.
    std::function<NTSTATUS(ClientEnd &)> on_connect;
    std::function<void(ClientEnd &)> on_disconnect;
    std::function<NTSTATUS(ClientEnd &, PVOID in, ULONG in_length, PVOID out, ULONG out_length, PULONG returned)>
        on_message;
    std::function<NTSTATUS(FLT_FILTER_UNLOAD_FLAGS)> on_unload;

  private:
    static NTSTATUS connect_notify(PFLT_PORT port, PVOID cookie, PVOID context, ULONG length, PVOID *connection_cookie);
    static void disconnect_notify(PVOID cookie);
    static NTSTATUS message_notify(PVOID cookie, PVOID in, ULONG in_length, PVOID out, ULONG out_length,
                                   PULONG returned);
};

/// A client: its transport and its handle.
class Client {
  public:
    explicit Client(size_t windows = 16) : transport(windows) {}
    ~Client();

    NTSTATUS connect(const std::u16string &name = u"\\ScannerPort", const std::string &context = "",
                     const fm_requestor *requestor = &world::administrator, uint32_t options = 0);
    void close(); // the user's handle

    MemoryTransport transport;
    bool core_owns = false; // released() will come
    bool open = false;
};

class CoreTest : public ::testing::Test {
  protected:
    void SetUp() override;
    void TearDown() override;
    static fm_counters counters();
};

/// With a driver, its port, and one connected client.
class PortTest : public CoreTest {
  protected:
    void SetUp() override;
    void TearDown() override;
    ClientEnd &end(size_t index = 0) { return *driver->clients[index]; }

    std::unique_ptr<TestDriver> driver;
    std::unique_ptr<Client> client;
};

constexpr int64_t millisecond = 10'000;
