// SPDX-License-Identifier: Apache-2.0
#include "test_driver.h"

class Disconnect : public PortTest {};

TEST_F(Disconnect, DISC_02_OPEN_10_the_users_close_calls_DisconnectNotify_once_before_it_returns) {
    client->close();
    EXPECT_EQ(end().disconnects, 1);
    EXPECT_EQ(end().port, nullptr); // DISC-06
    EXPECT_TRUE(client->transport.released());
}

TEST_F(Disconnect, DISC_07_closing_a_port_that_is_NULL_does_nothing) {
    PFLT_PORT port = nullptr;
    FltCloseClientPort(driver->filter, &port);
    FltCloseClientPort(driver->filter, &end().port);
    EXPECT_EQ(end().port, nullptr);
    FltCloseClientPort(driver->filter, &end().port);
}

TEST_F(Disconnect, DISC_09_OPEN_09_the_driver_closes_first) {
    Receive *receive = client->transport.arm();
    FltCloseClientPort(driver->filter, &end().port);
    EXPECT_EQ(receive->status, STATUS_PORT_DISCONNECTED); // GET-11
    EXPECT_TRUE(client->transport.told_disconnected());
    EXPECT_EQ(end().disconnects, 0);
    EXPECT_FALSE(client->transport.released()); // the handle still has to be closed
    client->close();
    EXPECT_EQ(end().disconnects, 1);
    EXPECT_TRUE(client->transport.released());
}

TEST_F(Disconnect, DISC_01_only_that_connection_ends) {
    Client other;
    ASSERT_EQ(other.connect(), STATUS_SUCCESS);
    client->close();
    Receive *receive = other.transport.arm();
    EXPECT_EQ(driver->send(end(1), "alive", -1).status, STATUS_SUCCESS);
    EXPECT_EQ(receive->payload(), "alive");
    EXPECT_EQ(end(1).disconnects, 0);
}

TEST_F(Disconnect, DISC_10_the_place_is_taken_until_DisconnectNotify_has_returned) {
    TestDriver one({u"one", u"330000"});
    ASSERT_EQ(one.create_port(u"\\One", 1), STATUS_SUCCESS);
    Client first, second;
    ASSERT_EQ(first.connect(u"\\One"), STATUS_SUCCESS);
    one.on_disconnect = [&](ClientEnd &gone) {
        FltCloseClientPort(one.filter, &gone.port);
        EXPECT_EQ(second.connect(u"\\One"), STATUS_CONNECTION_COUNT_LIMIT);
    };
    first.close();
    EXPECT_EQ(second.connect(u"\\One"), STATUS_SUCCESS);
    one.on_disconnect = nullptr;
    second.close();
}

TEST_F(Disconnect, DISC_11_DisconnectNotify_waits_for_running_MessageNotify_calls) {
    bool inside = false, go_on = false;
    driver->on_message = [&](ClientEnd &from, PVOID, ULONG, PVOID, ULONG, PULONG) {
        world::change([&] { inside = true; });
        world::await([&] { return go_on; });
        EXPECT_EQ(from.disconnects, 0);
        return STATUS_SUCCESS;
    };
    world::Thread user([&] {
        uint32_t returned;
        EXPECT_EQ(fm_user_message(client->transport.connection, nullptr, 0, nullptr, 0, &returned), STATUS_SUCCESS);
    });
    world::await([&] { return inside; });
    fm_connection *connection = client->transport.connection;
    fm_connection_reference(connection);
    world::Thread closer([&] { client->close(); });
    world::await([&] { return true; });
    while (!client->transport.told_disconnected()) {
        std::this_thread::yield();
    }
    EXPECT_EQ(end().disconnects, 0);
    uint32_t returned;
    EXPECT_EQ(fm_user_message(connection, nullptr, 0, nullptr, 0, &returned),
              STATUS_PORT_DISCONNECTED); // none starts afterwards
    world::change([&] { go_on = true; });
    closer.join();
    user.join();
    EXPECT_EQ(end().disconnects, 1);
    fm_connection_release(connection);
}

TEST_F(Disconnect, a_reference_keeps_the_transport_after_the_close) {
    fm_connection *connection = client->transport.connection;
    EXPECT_EQ(fm_connection_transport(connection), &client->transport);
    fm_connection_reference(connection);
    client->close();
    EXPECT_FALSE(client->transport.released());
    EXPECT_TRUE(fm_connection_is_disconnected(connection));
    fm_connection_release(connection);
    EXPECT_TRUE(client->transport.released());
}

TEST_F(Disconnect, a_driver_that_never_closes_its_end_keeps_the_transport_until_it_unregisters) {
    driver->on_disconnect = [](ClientEnd &) {};
    client->close();
    EXPECT_FALSE(client->transport.released());
    EXPECT_EQ(driver->send(end(), "x", -1).status, STATUS_PORT_DISCONNECTED);
    driver->unregister();
    EXPECT_TRUE(client->transport.released());
    EXPECT_EQ(end().disconnects, 1);
}
