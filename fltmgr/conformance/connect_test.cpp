// SPDX-License-Identifier: Apache-2.0
/** Rules of section 3: connecting. */
#include "fixture/conformance_test.h"

#include <thread>

using namespace conformance;

namespace {

class Connect : public Conformance {
  protected:
    /// FilterConnectCommunicationPort with every argument as given.
    HRESULT connectRaw(const std::u16string &name, DWORD options, const void *context, ULONG size, HANDLE *handle) {
        return FilterConnectCommunicationPort(systemText(name), options, context, static_cast<WORD>(size), nullptr,
                                              handle);
    }
};

TEST_F(Connect, CONN_01_CONN_02_success_gives_a_handle_for_the_named_port) {
    const Port port = openPort(PortOptions().named(u"\\ConformanceNamed"));
    Connection connection(u"\\ConformanceNamed");
    EXPECT_CODE(result::ok, connection.result());
    EXPECT_NE(INVALID_HANDLE_VALUE, connection.handle());
    EXPECT_NE(nullptr, connection.handle());
    EXPECT_EQ(1u, driver().counter(port, CONFORMANCE_CONNECT_RETURNED));
}

TEST_F(Connect, CONN_01_CONN_04_an_unknown_name_is_not_found_and_gives_no_handle) {
    HANDLE handle = nullptr;
    EXPECT_CODE(result::nameNotFound, connectRaw(u"\\ConformanceNobody", 0, nullptr, 0, &handle));
    EXPECT_EQ(INVALID_HANDLE_VALUE, handle);
}

TEST_F(Connect, CONN_03_context_and_size_go_together) {
    const Port port = openPort();
    const Bytes context = pattern(8);
    HANDLE handle = nullptr;
    EXPECT_CODE(result::invalidParameter, connectRaw(port.name, 0, context.data(), 0, &handle));
    EXPECT_EQ(INVALID_HANDLE_VALUE, handle);
    EXPECT_CODE(result::invalidParameter, connectRaw(port.name, 0, nullptr, 8, &handle));
    EXPECT_EQ(INVALID_HANDLE_VALUE, handle);
    EXPECT_EQ(0u, driver().counter(port, CONFORMANCE_CONNECT_ENTERED));
}

TEST_F(Connect, CONN_05_too_many_connections_are_refused_and_ConnectNotify_is_not_called) {
    const Port port = openPort(PortOptions().limitedTo(1));
    Connection first = connect(port);
    Connection second(port.name);
    EXPECT_CODE(result::tooManyConnections, second.result());
    EXPECT_EQ(INVALID_HANDLE_VALUE, second.handle());
    EXPECT_EQ(1u, driver().counter(port, CONFORMANCE_CONNECT_ENTERED));
}

TEST_F(Connect, CONN_06_access_is_checked_before_the_number_of_connections) {
    if (!cannotChangeUser().empty()) {
        GTEST_SKIP() << cannotChangeUser();
    }
    const Port port = openPort(PortOptions().with(Descriptor::administrators).limitedTo(1));
    Connection full = connect(port);
    auto other = HelperProcess::start(User::unprivileged);
    EXPECT_EQ("0x80070002", other->ask("connect \\ConformanceNobody"));
    EXPECT_EQ("0x80070005", other->ask("connect \\ConformancePort"));
}

TEST_F(Connect, CONN_06_the_number_of_connections_is_checked_before_ConnectNotify) {
    const Port port = openPort(PortOptions().limitedTo(1));
    Connection full = connect(port);
    driver().onConnect(port, Hook().returning(status::accessDenied));
    EXPECT_CODE(result::tooManyConnections, Connection(port.name).result());
    full.close();
    HRESULT code = result::tooManyConnections;
    eventually([&] { return (code = Connection(port.name).result()) != result::tooManyConnections; });
    EXPECT_CODE(result::accessDenied, code);
}

TEST_F(Connect, CONN_07_each_attempt_calls_ConnectNotify_once_with_a_new_client_port) {
    const Port port = openPort(PortOptions().withCookie(77));
    const Bytes context = pattern(9);
    Connection connection = connect(port, 0, context);
    const auto connects = driver().events(port, CONFORMANCE_EVENT_CONNECT);
    ASSERT_EQ(1u, connects.size());
    EXPECT_NE(0u, connects[0].ClientPort);
    EXPECT_EQ(77u, connects[0].Cookie);
    EXPECT_EQ(9u, connects[0].InputLength);
    Connection another = connect(port);
    EXPECT_EQ(2u, driver().events(port, CONFORMANCE_EVENT_CONNECT).size());
}

TEST_F(Connect, CONN_08_the_call_blocks_until_ConnectNotify_has_returned) {
    const Port port = openPort();
    driver().onConnect(port, Hook().atGate());
    Connection connection;
    Blocking call("FilterConnectCommunicationPort", [&] {
        connection = Connection(port.name);
        return connection.result();
    });
    driver().waitFor(port, CONFORMANCE_CONNECT_ENTERED, 1);
    EXPECT_TRUE(call.isBlocked());
    driver().openGate(port, CONFORMANCE_CALLBACK_CONNECT);
    EXPECT_CODE(result::ok, call.result());
    EXPECT_EQ(1u, driver().counter(port, CONFORMANCE_CONNECT_RETURNED));
}

TEST_F(Connect, CONN_09_ConnectNotify_runs_at_passive_level_in_the_connecting_process_and_thread) {
    const Port port = openPort();
    connect(port);
    const auto event = driver().events(port, CONFORMANCE_EVENT_CONNECT).at(0);
    EXPECT_EQ(0u, event.Irql);
    EXPECT_EQ(currentProcessId(), event.ProcessId);
    EXPECT_EQ(GetCurrentThreadId(), event.ThreadId);

    auto other = HelperProcess::start();
    ASSERT_EQ("0x00000000", other->ask("connect \\ConformancePort"));
    EXPECT_EQ(other->processId(), driver().events(port, CONFORMANCE_EVENT_CONNECT).at(1).ProcessId);
}

TEST_F(Connect, CONN_10_the_context_arrives_whole_and_absent_means_null_and_zero) {
    const Port port = openPort();
    for (const ULONG length : std::initializer_list<ULONG>{1, 64, 1000, largestContext}) {
        const Bytes context = pattern(length);
        connect(port, 0, context);
        const auto event = driver().events(port, CONFORMANCE_EVENT_CONNECT).back();
        EXPECT_EQ(length, event.InputLength);
        EXPECT_EQ(ConformanceHash(context.data(), length), event.InputHash);
    }
    connect(port);
    const auto event = driver().events(port, CONFORMANCE_EVENT_CONNECT).back();
    EXPECT_EQ(1u, event.InputNull);
    EXPECT_EQ(0u, event.InputLength);
}

TEST_F(Connect, CONN_11_OPEN_21_any_success_code_accepts) {
    const Port port = openPort();
    driver().onConnect(port, Hook().returning(status::timeout));
    Connection connection = connect(port);
    EXPECT_CODE(result::ok, connection.send(pattern(2)).result);
}

TEST_F(Connect, CONN_11_CONN_12_a_rejection_reaches_the_caller_translated) {
    const Port port = openPort();
    const std::pair<LONG, HRESULT> rejections[] = {
        {status::invalidParameter, result::invalidParameter},
        {status::accessDenied, result::accessDenied},
        {status::insufficientResources, result::insufficientResources},
        {status::noMoreEntries, result::noMoreItems},
    };
    for (const auto &[code, expected] : rejections) {
        driver().onConnect(port, Hook().returning(code));
        Connection rejected(port.name);
        EXPECT_CODE(expected, rejected.result());
        EXPECT_EQ(INVALID_HANDLE_VALUE, rejected.handle());
    }
}

TEST_F(Connect, CONN_13_after_a_rejection_the_slot_is_free_and_no_DisconnectNotify_comes) {
    const Port port = openPort(PortOptions().limitedTo(1));
    driver().onConnect(port, Hook().returning(status::accessDenied).times(1));
    EXPECT_CODE(result::accessDenied, Connection(port.name).result());
    Connection accepted = connect(port);
    EXPECT_EQ(0u, driver().counter(port, CONFORMANCE_DISCONNECT_ENTERED));
    accepted.close();
    driver().waitFor(port, CONFORMANCE_DISCONNECT_RETURNED, 1);
    EXPECT_EQ(1u, driver().counter(port, CONFORMANCE_DISCONNECT_ENTERED));
}

TEST_F(Connect, CONN_14_the_connection_cookie_goes_to_MessageNotify_and_DisconnectNotify) {
    const Port port = openPort();
    Connection first = connect(port);
    Connection second = connect(port);
    second.send(pattern(1));
    first.send(pattern(1));
    first.close();
    driver().waitFor(port, CONFORMANCE_DISCONNECT_RETURNED, 1);

    const auto connects = driver().events(port, CONFORMANCE_EVENT_CONNECT);
    const auto messages = driver().events(port, CONFORMANCE_EVENT_MESSAGE);
    EXPECT_NE(connects.at(0).NewCookie, connects.at(1).NewCookie);
    EXPECT_EQ(connects.at(1).NewCookie, messages.at(0).Cookie);
    EXPECT_EQ(connects.at(0).NewCookie, messages.at(1).Cookie);
    EXPECT_EQ(connects.at(0).NewCookie, driver().events(port, CONFORMANCE_EVENT_DISCONNECT).at(0).Cookie);
}

TEST_F(Connect, CONN_14_a_null_cookie_is_allowed) {
    const Port port = openPort();
    driver().onConnect(port, Hook().storingNullCookie());
    Connection connection = connect(port);
    connection.send(pattern(1));
    connection.close();
    driver().waitFor(port, CONFORMANCE_DISCONNECT_RETURNED, 1);
    EXPECT_EQ(0u, driver().events(port, CONFORMANCE_EVENT_MESSAGE).at(0).Cookie);
    EXPECT_EQ(0u, driver().events(port, CONFORMANCE_EVENT_DISCONNECT).at(0).Cookie);
}

TEST_F(Connect, CONN_15_the_client_port_of_ConnectNotify_serves_sends_until_it_is_closed) {
    const Port port = openPort();
    Connection connection = connect(port);
    EXPECT_EQ(driver().events(port, CONFORMANCE_EVENT_CONNECT).at(0).ClientPort,
              driver().client(connection.client).ClientPort);
    Receive receive;
    ASSERT_CODE(result::pending, receive.arm(connection.handle()));
    EXPECT_CODE(status::success, driver().sendAndWait(connection.client, SendCall()).Status);
    EXPECT_EQ(0u, driver().closeClient(connection.client));
    EXPECT_CODE(status::portDisconnected, driver().sendAndWait(connection.client, SendCall()).Status);
}

TEST_F(Connect, CONN_16_a_synchronous_handle_can_be_asked_for) {
    const Port port = openPort();
    Connection connection = connect(port, syncHandle);
    EXPECT_CODE(result::ok, connection.send(pattern(8)).result);
    Senders sender = driver().start(connection.client, SendCall());
    EXPECT_CODE(result::ok, connection.get().result);
    EXPECT_CODE(status::success, sender.status());
}

TEST_F(Connect, CONN_17_without_inheritance_another_process_does_not_keep_the_connection_alive) {
    const Port port = openPort();
    HANDLE handle = nullptr;
    SECURITY_ATTRIBUTES attributes{};
    attributes.nLength = sizeof attributes;
    ASSERT_CODE(result::ok, FilterConnectCommunicationPort(systemText(port.name), 0, nullptr, 0, &attributes, &handle));
    Connection absent = connect(port);
    auto child = HelperProcess::start();
    EXPECT_TRUE(CloseHandle(handle));
    EXPECT_TRUE(absent.close());
    driver().waitFor(port, CONFORMANCE_DISCONNECT_RETURNED, 2);
}

TEST_F(Connect, CONN_18_CloseHandle_closes_the_connection_once) {
    const Port port = openPort();
    Connection connection = connect(port);
    const HANDLE handle = connection.release();
    EXPECT_TRUE(CloseHandle(handle));
    driver().waitFor(port, CONFORMANCE_DISCONNECT_RETURNED, 1);
    EXPECT_FALSE(CloseHandle(handle));
    EXPECT_EQ(win32::invalidHandle, GetLastError());
    EXPECT_EQ(1u, driver().counter(port, CONFORMANCE_DISCONNECT_ENTERED));
}

TEST_F(Connect, CONN_19_the_handle_can_be_associated_with_a_completion_port) {
    const Port port = openPort();
    Connection connection = connect(port);
    CompletionPort completions;
    ASSERT_TRUE(completions.associate(connection.handle(), 42));
    Receive receive(64, Receive::Notify::nothing);
    ASSERT_CODE(result::pending, receive.arm(connection.handle()));
    EXPECT_CODE(status::success, driver().sendAndWait(connection.client, SendCall()).Status);
    const auto packet = completions.wait();
    EXPECT_TRUE(packet.success);
    EXPECT_EQ(42u, packet.key);
    EXPECT_EQ(&receive.overlapped(), packet.overlapped);
    receive.take();
}

TEST_F(Connect, CONN_19_a_synchronous_handle_cannot_be_associated) {
    Connection connection = connect(openPort(), syncHandle);
    CompletionPort completions;
    EXPECT_FALSE(completions.associate(connection.handle(), 1));
}

TEST_F(Connect, CONN_21_one_process_may_hold_several_connections_to_one_port) {
    const Port port = openPort(PortOptions().limitedTo(4));
    std::vector<Connection> connections;
    for (int i = 0; i < 4; i++) {
        connections.push_back(connect(port));
    }
    EXPECT_CODE(result::tooManyConnections, Connection(port.name).result());
    const auto connects = driver().events(port, CONFORMANCE_EVENT_CONNECT);
    for (size_t i = 0; i < 4; i++) {
        for (size_t k = 0; k < i; k++) {
            EXPECT_NE(connects.at(i).ClientPort, connects.at(k).ClientPort);
            EXPECT_NE(connects.at(i).NewCookie, connects.at(k).NewCookie);
        }
    }
}

TEST_F(Connect, OPEN_12_case_matters_unless_the_port_says_otherwise) {
    openPort(PortOptions().named(u"\\ConformanceExact").withAttributes(kernelHandle));
    openPort(PortOptions().named(u"\\ConformanceLoose"));
    EXPECT_CODE(result::nameNotFound, Connection(u"\\conformanceEXACT").result());
    EXPECT_CODE(result::ok, Connection(u"\\conformanceLOOSE").result());
}

TEST_F(Connect, OPEN_13_malformed_names_fail_as_in_the_object_manager) {
    EXPECT_CODE(result::badPathname, Connection(u"ConformancePort").result());
    EXPECT_CODE(result::invalidName, Connection(u"").result());
    EXPECT_CODE(result::pathNotFound, Connection(u"\\ConformanceFolder\\Port").result());
}

TEST_F(Connect, OPEN_14_a_context_too_large_is_refused_without_ConnectNotify) {
    const Port port = openPort();
    Connection connection(port.name, 0, pattern(largestContext + 1u));
    EXPECT_TRUE(FAILED(connection.result()));
    EXPECT_EQ(INVALID_HANDLE_VALUE, connection.handle());
    EXPECT_EQ(0u, driver().counter(port, CONFORMANCE_CONNECT_ENTERED));
}

TEST_F(Connect, OPEN_15_unknown_options_are_refused) {
    if (!manager().refusesUnknownOptions()) {
        GTEST_SKIP() << "this Filter Manager is not known to refuse unknown options";
    }
    const Port port = openPort();
    EXPECT_CODE(result::invalidParameter, Connection(port.name, 2).result());
    EXPECT_CODE(result::invalidParameter, Connection(port.name, 0x80000001u).result());
    EXPECT_EQ(0u, driver().counter(port, CONFORMANCE_CONNECT_ENTERED));
}

TEST_F(Connect, OPEN_16_closing_the_client_port_inside_ConnectNotify_gives_a_disconnected_handle) {
    const Port port = openPort();
    driver().onConnect(port, Hook().closingClientPort());
    Connection connection = connect(port);
    EXPECT_CODE(result::disconnected, connection.send(pattern(4)).result);
    EXPECT_CODE(result::disconnected, connection.get().result);
    EXPECT_TRUE(connection.close());
    driver().waitFor(port, CONFORMANCE_DISCONNECT_RETURNED, 1);
}

TEST_F(Connect, OPEN_16_a_send_inside_ConnectNotify_waits_and_times_out) {
    const Port port = openPort();
    Senders sender = driver().prepare(CONFORMANCE_SELF, SendCall().within(glance));
    driver().onConnect(port, Hook().sending(sender.first()).times(1));
    connect(port);
    EXPECT_CODE(status::timeout, sender.status());
}

} // namespace
