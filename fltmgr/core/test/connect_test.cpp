// SPDX-License-Identifier: Apache-2.0
#include "test_driver.h"

class Connect : public CoreTest {
  protected:
    void SetUp() override {
        CoreTest::SetUp();
        driver = std::make_unique<TestDriver>();
        ASSERT_EQ(driver->create_port(u"\\ScannerPort", 1), STATUS_SUCCESS);
    }
    void TearDown() override {
        driver.reset();
        CoreTest::TearDown();
    }
    std::unique_ptr<TestDriver> driver;
};

TEST_F(Connect, CONN_03_context_and_length_go_together) {
    Client client;
    const char byte = 0;
    fm_connect_request request{};
    const std::u16string name = u"\\ScannerPort";
    request.name = unicode(name);
    request.requestor = &world::administrator;
    request.transport = &client.transport;
    request.ops = &MemoryTransport::ops;
    request.context = &byte;
    bool released = true;
    EXPECT_EQ(fm_port_connect(&request, &client.transport.connection, &released), STATUS_INVALID_PARAMETER);
    EXPECT_FALSE(released);
    request.context = nullptr;
    request.context_length = 1;
    EXPECT_EQ(fm_port_connect(&request, &client.transport.connection, &released), STATUS_INVALID_PARAMETER);
    EXPECT_EQ(driver->connects, 0);
}

TEST_F(Connect, CONN_04_no_such_port) {
    Client client;
    EXPECT_EQ(client.connect(u"\\Nothing"), STATUS_OBJECT_NAME_NOT_FOUND);
    EXPECT_FALSE(client.core_owns);
}

TEST_F(Connect, CONN_06_name_then_access_then_count_then_the_driver) {
    Client first;
    ASSERT_EQ(first.connect(), STATUS_SUCCESS);
    Client stranger, too_many;
    EXPECT_EQ(stranger.connect(u"\\Nothing", "", &world::ordinary_user), STATUS_OBJECT_NAME_NOT_FOUND);
    EXPECT_EQ(stranger.connect(u"\\ScannerPort", "", &world::ordinary_user),
              STATUS_ACCESS_DENIED); // though the port is full
    EXPECT_EQ(too_many.connect(), STATUS_CONNECTION_COUNT_LIMIT);
    EXPECT_EQ(driver->connects, 1);
    EXPECT_EQ(counters().connects, 1u);
    EXPECT_EQ(counters().connects_refused, 3u);
}

TEST_F(Connect, CONN_09_CONN_10_the_callback_sees_the_context_and_the_connecting_process) {
    Client client;
    ASSERT_EQ(client.connect(u"\\ScannerPort", "hello"), STATUS_SUCCESS);
    EXPECT_EQ(driver->clients[0]->context, "hello");
    EXPECT_EQ(driver->connect_requestor, &world::administrator);
}

TEST_F(Connect, CONN_12_CONN_13_a_refusal_arrives_unchanged_and_leaves_nothing) {
    driver->on_connect = [](ClientEnd &) { return STATUS_INVALID_PARAMETER; };
    {
        Client refused;
        EXPECT_EQ(refused.connect(), STATUS_INVALID_PARAMETER);
        EXPECT_EQ(refused.transport.connection, nullptr);
        EXPECT_TRUE(refused.core_owns);
    }
    EXPECT_EQ(driver->clients[0]->disconnects, 0);
    driver->on_connect = nullptr;
    Client accepted; // the only place is free
    EXPECT_EQ(accepted.connect(), STATUS_SUCCESS);
}

TEST_F(Connect, OPEN_21_any_success_code_accepts_and_a_warning_refuses) {
    driver->on_connect = [](ClientEnd &) { return STATUS_TIMEOUT; };
    {
        Client client;
        EXPECT_EQ(client.connect(), STATUS_SUCCESS);
        EXPECT_TRUE(client.open);
    }
    driver->on_connect = [](ClientEnd &) { return STATUS_NO_MORE_ENTRIES; };
    Client client;
    EXPECT_EQ(client.connect(), STATUS_NO_MORE_ENTRIES);
}

TEST_F(Connect, OPEN_14_OPEN_15_too_large_a_context_and_unknown_options) {
    Client client;
    EXPECT_EQ(client.connect(u"\\ScannerPort", std::string(FLT_PORT_CONTEXT_MAX, 'x')), STATUS_INTEGER_OVERFLOW);
    EXPECT_EQ(client.connect(u"\\ScannerPort", "", &world::administrator, 2), STATUS_INVALID_PARAMETER);
    EXPECT_EQ(driver->connects, 0);
    EXPECT_EQ(client.connect(u"\\ScannerPort", std::string(FLT_PORT_CONTEXT_MAX - 1, 'x'), &world::administrator,
                             FLT_PORT_FLAG_SYNC_HANDLE),
              STATUS_SUCCESS);
}

TEST_F(Connect, OPEN_16_the_driver_may_close_its_end_inside_the_callback) {
    driver->on_connect = [](ClientEnd &end) {
        FltCloseClientPort(end.driver->filter, &end.port);
        return STATUS_SUCCESS;
    };
    Client client;
    ASSERT_EQ(client.connect(), STATUS_SUCCESS);
    EXPECT_EQ(driver->clients[0]->port, nullptr);
    EXPECT_TRUE(client.transport.told_disconnected());
    Receive *receive = client.transport.arm();
    uint32_t returned;
    EXPECT_EQ(fm_user_message(client.transport.connection, nullptr, 0, nullptr, 0, &returned),
              STATUS_PORT_DISCONNECTED);
    EXPECT_FALSE(client.transport.cancel(receive)); // collected, and dropped at once
    EXPECT_EQ(receive->status, STATUS_PORT_DISCONNECTED);
    client.close();
    EXPECT_EQ(driver->clients[0]->disconnects, 1); // OPEN-09
}

TEST_F(Connect, OPEN_16_the_driver_may_send_inside_the_callback) {
    Client client;
    Receive *receive = client.transport.arm();
    driver->on_connect = [&](ClientEnd &end) {
        EXPECT_EQ(driver->send(end, "early", -1).status, STATUS_SUCCESS);
        return STATUS_SUCCESS;
    };
    ASSERT_EQ(client.connect(), STATUS_SUCCESS);
    EXPECT_EQ(receive->payload(), "early");
}

TEST_F(Connect, no_memory_for_a_connection_gives_the_place_back) {
    Client client;
    world::fail_allocation(1);
    EXPECT_EQ(client.connect(), STATUS_INSUFFICIENT_RESOURCES);
    EXPECT_FALSE(client.core_owns);
    EXPECT_EQ(client.connect(), STATUS_SUCCESS);
}

TEST_F(Connect, DISC_12_a_new_connection_is_new_in_every_respect) {
    Client first;
    ASSERT_EQ(first.connect(u"\\ScannerPort", "one"), STATUS_SUCCESS);
    first.close();
    Client second;
    ASSERT_EQ(second.connect(u"\\ScannerPort", "two"), STATUS_SUCCESS);
    EXPECT_EQ(driver->clients.size(), 2u);
    EXPECT_EQ(driver->send(*driver->clients[0], "x", -1).status, STATUS_PORT_DISCONNECTED);
    Receive *receive = second.transport.arm();
    EXPECT_EQ(driver->send(*driver->clients[1], "y", -1).status, STATUS_SUCCESS);
    EXPECT_EQ(receive->payload(), "y");
}
