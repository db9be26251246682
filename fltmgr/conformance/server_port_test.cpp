// SPDX-License-Identifier: Apache-2.0
/** Rules of section 2: the server port. */
#include "fixture/conformance_test.h"

#include <algorithm>

using namespace conformance;

namespace {

class ServerPort : public Conformance {
  protected:
    /// Connects as soon as the slot of an ended connection is free.
    Connection connectWhenFree(const Port &port) {
        Connection connection;
        eventually([&] {
            connection = Connection(port.name);
            return connection.result() != result::tooManyConnections;
        });
        return connection;
    }
};

TEST_F(ServerPort, PORT_01_PORT_02_creating_a_port_is_listening) {
    const Port port = driver().createPort();
    EXPECT_CODE(status::success, port.status);
    EXPECT_NE(0u, port.object);
    EXPECT_CODE(result::ok, Connection(port.name).result());
}

TEST_F(ServerPort, PORT_03_a_create_without_OBJ_KERNEL_HANDLE_is_refused) {
    EXPECT_CODE(status::invalidParameter, driver().createPort(PortOptions().withAttributes(caseInsensitive)).status);
    EXPECT_CODE(status::invalidParameter, driver().createPort(PortOptions().withAttributes(0)).status);
}

TEST_F(ServerPort, PORT_04_a_taken_name_collides_and_the_older_port_is_untouched) {
    const Port older = openPort();
    Connection before = connect(older);
    EXPECT_CODE(status::objectNameCollision, driver().createPort().status);

    Connection after = connect(older);
    EXPECT_EQ(2u, driver().counter(older, CONFORMANCE_CONNECT_RETURNED));
    EXPECT_CODE(result::ok, before.send(pattern(4)).result);
    EXPECT_CODE(result::ok, after.send(pattern(4)).result);
}

TEST_F(ServerPort, PORT_05_without_regard_to_case_two_spellings_are_one_name) {
    openPort(PortOptions().named(u"\\ConformanceCase"));
    EXPECT_CODE(status::objectNameCollision, driver().createPort(PortOptions().named(u"\\CONFORMANCEcase")).status);
    EXPECT_CODE(result::ok, Connection(u"\\conformancecase").result());
}

TEST_F(ServerPort, PORT_05_with_regard_to_case_two_spellings_are_two_names) {
    const Port one = openPort(PortOptions().named(u"\\ConformanceCase").withAttributes(kernelHandle));
    const Port two = openPort(PortOptions().named(u"\\ConformanceCASE").withAttributes(kernelHandle));
    connect(two);
    EXPECT_EQ(0u, driver().counter(one, CONFORMANCE_CONNECT_ENTERED));
    EXPECT_EQ(1u, driver().counter(two, CONFORMANCE_CONNECT_ENTERED));
}

TEST_F(ServerPort, PORT_07_connect_and_disconnect_callbacks_are_required) {
    const ULONG withoutConnect = CONFORMANCE_HAS_ALL & ~CONFORMANCE_HAS_CONNECT;
    const ULONG withoutDisconnect = CONFORMANCE_HAS_ALL & ~CONFORMANCE_HAS_DISCONNECT;
    EXPECT_CODE(status::invalidParameter, driver().createPort(PortOptions().withCallbacks(withoutConnect)).status);
    EXPECT_CODE(status::invalidParameter, driver().createPort(PortOptions().withCallbacks(withoutDisconnect)).status);
}

TEST_F(ServerPort, PORT_08_OPEN_08_without_a_message_callback_user_messages_fail_and_kernel_messages_flow) {
    const Port port = openPort(PortOptions().withCallbacks(CONFORMANCE_HAS_CONNECT | CONFORMANCE_HAS_DISCONNECT));
    Connection connection = connect(port);
    EXPECT_TRUE(FAILED(connection.send(pattern(8), 8).result));

    auto [sender, message] = deliver(connection);
    EXPECT_CODE(result::ok, connection.reply(message, pattern(4)));
    EXPECT_CODE(status::success, sender.status());
}

TEST_F(ServerPort, PORT_09_a_limit_of_no_connections_is_refused) {
    EXPECT_CODE(status::invalidParameter, driver().createPort(PortOptions().limitedTo(0)).status);
    EXPECT_CODE(status::invalidParameter, driver().createPort(PortOptions().limitedTo(-1)).status);
    EXPECT_CODE(status::success, driver().createPort(PortOptions().limitedTo(1)).status);
}

TEST_F(ServerPort, PORT_10_the_limit_counts_connections_that_exist_at_the_same_time) {
    const Port port = openPort(PortOptions().limitedTo(2));
    Connection first = connect(port);
    Connection second = connect(port);
    for (int i = 0; i < 5; i++) {
        EXPECT_CODE(result::tooManyConnections, Connection(port.name).result());
        first.close();
        first = connectWhenFree(port);
        EXPECT_CODE(result::ok, first.result());
    }
    EXPECT_EQ(7u, driver().counter(port, CONFORMANCE_CONNECT_ENTERED));
}

TEST_F(ServerPort, PORT_11_the_port_cookie_goes_to_ConnectNotify_and_to_no_other_callback) {
    const ULONGLONG cookie = 0x1234567890ABCDEFull;
    const Port port = openPort(PortOptions().withCookie(cookie));
    Connection connection = connect(port);
    connection.send(pattern(1));
    connection.close();
    driver().waitFor(port, CONFORMANCE_DISCONNECT_RETURNED, 1);

    EXPECT_EQ(cookie, driver().events(port, CONFORMANCE_EVENT_CONNECT).at(0).Cookie);
    EXPECT_NE(cookie, driver().events(port, CONFORMANCE_EVENT_MESSAGE).at(0).Cookie);
    EXPECT_NE(cookie, driver().events(port, CONFORMANCE_EVENT_DISCONNECT).at(0).Cookie);
}

TEST_F(ServerPort, PORT_11_the_port_cookie_may_be_null) {
    const Port port = openPort(PortOptions().withCookie(0));
    connect(port);
    EXPECT_EQ(0u, driver().events(port, CONFORMANCE_EVENT_CONNECT).at(0).Cookie);
}

TEST_F(ServerPort, PORT_12_a_create_while_the_filter_is_torn_down_is_refused) {
    const Port port = openPort();
    Connection connection = connect(port);
    driver().onDisconnect(port, Hook().creatingPort());
    driver().reregister(0, patience);
    const auto creates = driver().events(port, CONFORMANCE_EVENT_CREATE_INSIDE);
    ASSERT_EQ(1u, creates.size());
    EXPECT_CODE(status::fltDeletingObject, creates[0].Status);
}

TEST_F(ServerPort, PORT_13_one_filter_may_have_several_ports_with_their_own_limits) {
    std::vector<Port> ports;
    std::vector<Connection> connections;
    for (char16_t digit = u'1'; digit <= u'3'; digit++) {
        ports.push_back(openPort(PortOptions().named(std::u16string(u"\\Conformance") + digit).limitedTo(1)));
    }
    for (const Port &port : ports) {
        connections.push_back(connect(port, 0, pattern(4, port.index)));
        EXPECT_CODE(result::tooManyConnections, Connection(port.name).result());
    }
    for (const Port &port : ports) {
        const auto connects = driver().events(port, CONFORMANCE_EVENT_CONNECT);
        ASSERT_EQ(1u, connects.size());
        EXPECT_EQ(pattern(4, port.index), Bytes(connects[0].Input, connects[0].Input + 4));
    }
}

TEST_F(ServerPort, PORT_14_clients_connect_and_talk_before_filtering_has_started) {
    driver().reregister(CONFORMANCE_REGISTER_NO_START);
    const Port port = openPort();
    Connection connection = connect(port);
    EXPECT_CODE(result::ok, connection.send(pattern(4)).result);
    auto [sender, message] = deliver(connection);
    EXPECT_CODE(result::ok, connection.reply(message));
    EXPECT_CODE(status::success, sender.status());

    EXPECT_CODE(status::success, driver().startFiltering());
    EXPECT_CODE(result::ok, connection.send(pattern(4)).result);
}

TEST_F(ServerPort, PORT_15_PORT_16_closing_the_port_stops_new_connections_and_frees_the_name) {
    const Port port = openPort();
    driver().closePort(port);
    Connection late(port.name);
    EXPECT_CODE(result::nameNotFound, late.result());
    EXPECT_EQ(0u, driver().counter(port, CONFORMANCE_CONNECT_ENTERED));

    const Port again = openPort();
    connect(again);
    EXPECT_EQ(0u, driver().counter(port, CONFORMANCE_CONNECT_ENTERED));
    EXPECT_EQ(1u, driver().counter(again, CONFORMANCE_CONNECT_ENTERED));
}

TEST_F(ServerPort, PORT_17_closing_the_port_leaves_connections_working_in_both_directions) {
    const Port port = openPort();
    driver().onMessage(port, Hook().echoing());
    Connection connection = connect(port);
    driver().closePort(port);

    EXPECT_EQ(pattern(12), connection.send(pattern(12), 12).answer());
    auto [sender, message] = deliver(connection);
    EXPECT_CODE(result::ok, connection.reply(message, pattern(8)));
    EXPECT_CODE(status::success, sender.status());
    connection.close();
    driver().waitFor(port, CONFORMANCE_DISCONNECT_RETURNED, 1);
}

TEST_F(ServerPort, PORT_18_unregistering_does_not_return_while_a_port_is_open) {
    const Port port = openPort();
    driver().reregister(CONFORMANCE_REGISTER_KEEP_PORTS, glance);
    const auto events = driver().events();
    const auto at = [&](ULONG kind) {
        return std::find_if(events.begin(), events.end(), [&](const auto &event) { return event.Kind == kind; });
    };
    ASSERT_NE(events.end(), at(CONFORMANCE_EVENT_CLOSE_PORT));
    ASSERT_NE(events.end(), at(CONFORMANCE_EVENT_UNREGISTER_END));
    EXPECT_LT(at(CONFORMANCE_EVENT_UNREGISTER), at(CONFORMANCE_EVENT_CLOSE_PORT));
    EXPECT_LT(at(CONFORMANCE_EVENT_CLOSE_PORT), at(CONFORMANCE_EVENT_UNREGISTER_END));
}

} // namespace
