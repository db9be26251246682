// SPDX-License-Identifier: Apache-2.0
/** Rules of section 6: disconnect and teardown. */
#include "fixture/conformance_test.h"

#include <algorithm>

using namespace conformance;

namespace {

class Disconnect : public Conformance {
  protected:
    void expectWorks(Connection &connection) {
        EXPECT_CODE(result::ok, connection.send(pattern(4)).result);
        auto [sender, message] = deliver(connection);
        EXPECT_CODE(result::ok, connection.reply(message));
        EXPECT_CODE(status::success, sender.status());
    }
    void waitForDisconnects(const Port &port, ULONG count) {
        driver().waitFor(port, CONFORMANCE_DISCONNECT_RETURNED, count);
        EXPECT_EQ(count, driver().counter(port, CONFORMANCE_DISCONNECT_ENTERED));
    }
    /// Position of the first event of a kind; fails the test when there is none.
    size_t position(const std::vector<CONFORMANCE_EVENT> &events, ULONG kind) {
        const auto found =
            std::find_if(events.begin(), events.end(), [&](const auto &event) { return event.Kind == kind; });
        EXPECT_NE(events.end(), found) << "no event of kind " << kind;
        return static_cast<size_t>(found - events.begin());
    }
};

TEST_F(Disconnect, DISC_01_closing_either_end_ends_that_connection_only) {
    const Port port = openPort();
    Connection byUser = connect(port);
    Connection byDriver = connect(port);
    Connection stays = connect(port);
    byUser.close();
    waitForDisconnects(port, 1);
    driver().closeClient(byDriver.client);
    EXPECT_CODE(result::disconnected, byDriver.send(pattern(4)).result);
    expectWorks(stays);
}

TEST_F(Disconnect, DISC_02_OPEN_10_the_users_close_calls_DisconnectNotify_once_with_the_connections_cookie) {
    const Port port = openPort();
    Connection connection = connect(port);
    connection.close();
    waitForDisconnects(port, 1);
    const auto disconnects = driver().events(port, CONFORMANCE_EVENT_DISCONNECT);
    ASSERT_EQ(1u, disconnects.size());
    EXPECT_EQ(driver().events(port, CONFORMANCE_EVENT_CONNECT).at(0).NewCookie, disconnects[0].Cookie);
    EXPECT_EQ(0u, disconnects[0].Irql);
}

TEST_F(Disconnect, OPEN_10_the_slot_is_free_when_CloseHandle_returns) {
    const Port port = openPort(PortOptions().limitedTo(1));
    for (ULONG i = 1; i <= 50; i++) {
        Connection connection(port.name);
        ASSERT_CODE(result::ok, connection.result());
        connection.close();
        if (manager().closesSynchronously()) {
            ASSERT_EQ(i, driver().counter(port, CONFORMANCE_DISCONNECT_RETURNED));
        }
    }
}

TEST_F(Disconnect, DISC_04_a_process_that_ends_without_closing_is_disconnected) {
    const Port port = openPort();
    auto orderly = HelperProcess::start();
    ASSERT_EQ("0x00000000", orderly->ask("connect \\ConformancePort"));
    orderly->tell("quit");
    orderly->waitForEnd();
    waitForDisconnects(port, 1);

    auto killed = HelperProcess::start();
    ASSERT_EQ("0x00000000", killed->ask("connect \\ConformancePort"));
    killed->kill();
    waitForDisconnects(port, 2);
}

TEST_F(Disconnect, DISC_05_DISC_13_unregistering_ends_open_connections_and_calls_DisconnectNotify) {
    const Port port = openPort();
    Connection connection = connect(port);
    Receive receive;
    ASSERT_CODE(result::pending, receive.arm(connection.handle()));
    driver().reregister();
    EXPECT_CODE(result::disconnected, receive.wait().result);
    EXPECT_CODE(result::disconnected, connection.send(pattern(4)).result);

    const auto events = driver().events();
    EXPECT_EQ(1, std::count_if(events.begin(), events.end(),
                               [](const auto &event) { return event.Kind == CONFORMANCE_EVENT_DISCONNECT; }));
    EXPECT_LT(position(events, CONFORMANCE_EVENT_UNREGISTER), position(events, CONFORMANCE_EVENT_DISCONNECT));
    EXPECT_LT(position(events, CONFORMANCE_EVENT_DISCONNECT_END), position(events, CONFORMANCE_EVENT_UNREGISTER_END));
    EXPECT_TRUE(connection.close());
}

TEST_F(Disconnect, DISC_13_unregistering_ends_waiting_senders_and_connections_the_driver_did_not_close) {
    const Port port = openPort();
    Connection connection = connect(port);
    driver().onDisconnect(port, Hook().keepingClientPort());
    auto [delivered, message] = deliver(connection);
    Senders queued = driver().start(connection.client, SendCall().times(3));
    EXPECT_TRUE(queued.areWaiting());
    driver().reregister(0, patience);
    EXPECT_CODE(status::portDisconnected, delivered.status());
    for (const LONG code : queued.statuses()) {
        EXPECT_CODE(status::portDisconnected, code);
    }
}

TEST_F(Disconnect, DISC_06_FltCloseClientPort_in_DisconnectNotify_sets_the_variable_to_null) {
    const Port port = openPort();
    Connection connection = connect(port);
    EXPECT_NE(0u, driver().client(connection.client).ClientPort);
    connection.close();
    waitForDisconnects(port, 1);
    EXPECT_EQ(0u, driver().client(connection.client).ClientPort);
}

TEST_F(Disconnect, DISC_07_closing_a_client_port_twice_does_nothing_more) {
    const Port port = openPort();
    driver().onDisconnect(port, Hook().closingClientPortTwice());
    Connection connection = connect(port);
    EXPECT_EQ(0u, driver().closeClient(connection.client));
    EXPECT_EQ(0u, driver().closeClient(connection.client));
    connection.close();
    waitForDisconnects(port, 1);
    Connection next = connect(port);
    expectWorks(next);
}

TEST_F(Disconnect, DISC_09_after_the_drivers_close_user_calls_fail_and_CloseHandle_succeeds) {
    const Port port = openPort();
    Connection connection = connect(port);
    driver().closeClient(connection.client);
    EXPECT_CODE(result::disconnected, connection.get().result);
    EXPECT_CODE(result::disconnected, connection.send(pattern(4)).result);
    EXPECT_CODE(result::disconnected, connection.reply(1));
    EXPECT_TRUE(connection.close());
}

TEST_F(Disconnect, OPEN_09_after_the_drivers_close_DisconnectNotify_comes_once_when_the_user_closes) {
    const Port port = openPort();
    Connection connection = connect(port);
    driver().closeClient(connection.client);
    EXPECT_FALSE(driver().reachesSoon(port, CONFORMANCE_DISCONNECT_ENTERED, 1));
    connection.close();
    waitForDisconnects(port, 1);
}

TEST_F(Disconnect, DISC_10_the_connection_counts_until_DisconnectNotify_has_returned) {
    const Port port = openPort(PortOptions().limitedTo(1));
    Connection connection = connect(port);
    driver().onDisconnect(port, Hook().atGate().times(1));
    Blocking close("CloseHandle", [&] { return connection.close() ? result::ok : lastError(); });
    driver().waitFor(port, CONFORMANCE_DISCONNECT_ENTERED, 1);
    EXPECT_CODE(result::tooManyConnections, Connection(port.name).result());
    driver().openGate(port, CONFORMANCE_CALLBACK_DISCONNECT);
    EXPECT_CODE(result::ok, close.result());
    driver().waitFor(port, CONFORMANCE_DISCONNECT_RETURNED, 1);
    HRESULT code = result::ok;
    eventually([&] { return (code = Connection(port.name).result()) != result::tooManyConnections; });
    EXPECT_CODE(result::ok, code);
}

TEST_F(Disconnect, DISC_10_who_closes_and_connects_again_finds_the_place_free) {
    const Port port = openPort(PortOptions().limitedTo(1));
    Connection connection = connect(port);
    driver().onDisconnect(port, Hook().atGate().times(1));
    Blocking again("CloseHandle, FilterConnectCommunicationPort",
                   [&] { return connection.close() ? Connection(port.name).result() : lastError(); });
    driver().waitFor(port, CONFORMANCE_DISCONNECT_ENTERED, 1);
    driver().openGate(port, CONFORMANCE_CALLBACK_DISCONNECT);
    EXPECT_CODE(result::ok, again.result());
}

TEST_F(Disconnect, DISC_11_DisconnectNotify_waits_for_running_message_callbacks) {
    const Port port = openPort();
    Connection connection = connect(port);
    const HANDLE handle = connection.handle();
    driver().onMessage(port, Hook().atGate());
    // Through the handle alone: the connection object is being closed meanwhile.
    Blocking send("FilterSendMessage", [&] {
        UCHAR input[4] = {};
        DWORD returned = 0;
        return FilterSendMessage(handle, input, sizeof input, nullptr, 0, &returned);
    });
    driver().waitFor(port, CONFORMANCE_MESSAGE_ENTERED, 1);
    Blocking close("CloseHandle", [&] { return connection.close() ? result::ok : lastError(); });
    EXPECT_FALSE(driver().reachesSoon(port, CONFORMANCE_DISCONNECT_ENTERED, 1));
    driver().openGate(port, CONFORMANCE_CALLBACK_MESSAGE);
    EXPECT_CODE(result::ok, close.result());
    send.result();
    waitForDisconnects(port, 1);
    const auto events = driver().events();
    EXPECT_LT(position(events, CONFORMANCE_EVENT_MESSAGE_END), position(events, CONFORMANCE_EVENT_DISCONNECT));
    EXPECT_EQ(1u, driver().counter(port, CONFORMANCE_MESSAGE_ENTERED));
}

TEST_F(Disconnect, DISC_12_a_new_connection_is_new_and_the_old_handle_stays_dead) {
    const Port port = openPort();
    Connection old = connect(port);
    auto [sender, message] = deliver(old);
    driver().closeClient(old.client);
    EXPECT_CODE(status::portDisconnected, sender.status());

    Connection fresh = connect(port);
    EXPECT_NE(old.client, fresh.client);
    const auto connects = driver().events(port, CONFORMANCE_EVENT_CONNECT);
    EXPECT_NE(connects.at(0).NewCookie, connects.at(1).NewCookie);
    EXPECT_CODE(result::noWaiterForReply, fresh.reply(message));
    EXPECT_CODE(result::disconnected, old.send(pattern(4)).result);
    EXPECT_CODE(result::disconnected, old.reply(message));
    expectWorks(fresh);
}

TEST_F(Disconnect, DISC_14_DISC_15_during_unload_the_driver_may_still_send_and_hear_the_reply) {
    const Port port = openPort();
    Connection connection = connect(port);
    Senders farewell = driver().prepare(connection.client, SendCall().wantingReply(8));
    Senders echo = driver().prepare(connection.client, SendCall().ofLength(8));
    driver().planUnload(0, farewell.first(), echo.first());
    const ULONG first = farewell.first();

    Receive question, answer, last;
    ASSERT_CODE(result::pending, question.arm(connection.handle()));
    ASSERT_CODE(result::pending, answer.arm(connection.handle()));
    ASSERT_CODE(result::pending, last.arm(connection.handle()));
    Blocking unload("the unload of the driver", [] { return manager().unload("conformance"); });
    const Message asked = question.wait();
    EXPECT_EQ(payloadOf(first, 16), asked.payload);
    EXPECT_TRUE(unload.isBlocked());
    EXPECT_CODE(result::ok, connection.reply(asked, pattern(8)));
    EXPECT_EQ(pattern(8), answer.wait().payload) << "the driver heard the reply";
    EXPECT_CODE(result::disconnected, last.wait().result);
    EXPECT_CODE(result::ok, unload.result());
    EXPECT_CODE(result::nameNotFound, Connection(port.name).result());

    driver().disconnect();
    EXPECT_CODE(result::ok, manager().load("conformance"));
}

TEST_F(Disconnect, DISC_16_unregistering_waits_for_running_callbacks) {
    const Port port = openPort();
    Connection connection = connect(port);
    driver().onMessage(port, Hook().atGate());
    Blocking send("FilterSendMessage", [&] { return connection.send(pattern(4)).result; });
    driver().waitFor(port, CONFORMANCE_MESSAGE_ENTERED, 1);
    driver().reregister(0, glance);
    send.result();
    const auto events = driver().events();
    EXPECT_LT(position(events, CONFORMANCE_EVENT_UNREGISTER), position(events, CONFORMANCE_EVENT_MESSAGE_END));
    EXPECT_LT(position(events, CONFORMANCE_EVENT_MESSAGE_END), position(events, CONFORMANCE_EVENT_UNREGISTER_END));
}

TEST_F(Disconnect, DISC_17_a_refused_unload_leaves_the_filter_and_its_ports_working) {
    const Port port = openPort();
    Connection connection = connect(port);
    driver().planUnload(status::fltDoNotDetach);
    EXPECT_TRUE(FAILED(manager().unload("conformance")));
    expectWorks(connection);
    Connection another = connect(port);
    expectWorks(another);
    driver().planUnload(0);
}

TEST_F(Disconnect, DISC_18_a_mandatory_unload_cannot_be_refused) {
    const Port port = openPort();
    Connection connection = connect(port);
    Senders farewell = driver().prepare(connection.client, SendCall().wantingReply(8));
    const ULONG first = farewell.first();
    driver().planUnload(status::fltDoNotDetach, first);
    EXPECT_TRUE(FAILED(manager().unload("conformance")));

    Receive receive;
    ASSERT_CODE(result::pending, receive.arm(connection.handle()));
    driver().disconnect();
    Blocking stop("the end of the Filter Manager",
                  [] { return manager().stop().empty() ? result::ok : result::aborted; });
    const Message message = receive.wait();
    EXPECT_EQ(payloadOf(first, 16), message.payload) << "the unload callback ran";
    EXPECT_CODE(result::ok, connection.reply(message));
    EXPECT_CODE(result::ok, stop.result());
    manager().start();
}

TEST_F(Disconnect, DISC_19_a_filter_without_an_unload_callback_cannot_be_unloaded) {
    driver().reregister(CONFORMANCE_REGISTER_NO_UNLOAD);
    const Port port = openPort();
    Connection connection = connect(port);
    EXPECT_TRUE(FAILED(manager().unload("conformance")));
    expectWorks(connection);
    driver().reregister();
}

} // namespace
