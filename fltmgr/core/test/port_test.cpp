// SPDX-License-Identifier: Apache-2.0
#include "test_driver.h"

class ServerPort : public CoreTest {
  protected:
    void TearDown() override {
        driver.reset();
        CoreTest::TearDown();
    }
    void SetUp() override {
        CoreTest::SetUp();
        driver = std::make_unique<TestDriver>();
    }
    std::unique_ptr<TestDriver> driver;
};

TEST_F(ServerPort, PORT_03_the_kernel_handle_attribute_is_required) {
    EXPECT_EQ(driver->create_port(u"\\P", 1, nullptr, OBJ_CASE_INSENSITIVE), STATUS_INVALID_PARAMETER);
}

TEST_F(ServerPort, PORT_04_a_name_can_be_taken_once_and_the_older_port_stays) {
    ASSERT_EQ(driver->create_port(u"\\P"), STATUS_SUCCESS);
    PFLT_PORT first = driver->server;
    EXPECT_EQ(driver->create_port(u"\\p"), STATUS_OBJECT_NAME_COLLISION);
    driver->server = first;
    Client client;
    EXPECT_EQ(client.connect(u"\\P"), STATUS_SUCCESS);
}

TEST_F(ServerPort, PORT_05_without_the_attribute_names_that_differ_in_case_are_two_names) {
    TestDriver other({u"other", u"330000"});
    ASSERT_EQ(driver->create_port(u"\\Port", 1, nullptr, OBJ_KERNEL_HANDLE), STATUS_SUCCESS);
    EXPECT_EQ(other.create_port(u"\\PORT", 1, nullptr, OBJ_KERNEL_HANDLE), STATUS_SUCCESS);
    Client exact, wrong;
    EXPECT_EQ(exact.connect(u"\\PORT"), STATUS_SUCCESS);
    EXPECT_EQ(wrong.connect(u"\\port"), STATUS_OBJECT_NAME_NOT_FOUND); // OPEN-12
    EXPECT_EQ(other.connects, 1);
}

TEST_F(ServerPort, OPEN_12_a_port_that_ignores_case_is_found_in_any) {
    ASSERT_EQ(driver->create_port(u"\\ScannerPort"), STATUS_SUCCESS);
    Client client;
    EXPECT_EQ(client.connect(u"\\SCANNERPORT"), STATUS_SUCCESS);
}

TEST_F(ServerPort, PORT_07_PORT_09_callbacks_and_a_positive_limit_are_required) {
    const std::u16string written = u"\\P";
    UNICODE_STRING name = unicode(written);
    OBJECT_ATTRIBUTES object{};
    InitializeObjectAttributes(&object, &name, OBJ_KERNEL_HANDLE, nullptr, nullptr);
    PFLT_CONNECT_NOTIFY connect = [](PFLT_PORT, PVOID, PVOID, ULONG, PVOID *) -> NTSTATUS { return STATUS_SUCCESS; };
    PFLT_DISCONNECT_NOTIFY disconnect = [](PVOID) {};
    PFLT_PORT port = nullptr;
    EXPECT_EQ(FltCreateCommunicationPort(driver->filter, &port, &object, nullptr, nullptr, disconnect, nullptr, 1),
              STATUS_INVALID_PARAMETER);
    EXPECT_EQ(FltCreateCommunicationPort(driver->filter, &port, &object, nullptr, connect, nullptr, nullptr, 1),
              STATUS_INVALID_PARAMETER);
    EXPECT_EQ(FltCreateCommunicationPort(driver->filter, &port, &object, nullptr, connect, disconnect, nullptr, 0),
              STATUS_INVALID_PARAMETER);
    EXPECT_EQ(FltCreateCommunicationPort(driver->filter, &port, &object, nullptr, connect, disconnect, nullptr, -1),
              STATUS_INVALID_PARAMETER);
    EXPECT_EQ(FltCreateCommunicationPort(driver->filter, &port, nullptr, nullptr, connect, disconnect, nullptr, 1),
              STATUS_INVALID_PARAMETER);
    ASSERT_EQ(FltCreateCommunicationPort(driver->filter, &port, &object, nullptr, connect, disconnect, nullptr, 1),
              STATUS_SUCCESS);
    FltCloseCommunicationPort(port);
}

TEST_F(ServerPort, PORT_12_no_memory) {
    for (int n = 1; n <= 2; n++) {
        world::fail_allocation(n);
        EXPECT_EQ(driver->create_port(), STATUS_INSUFFICIENT_RESOURCES);
    }
    world::fail_allocation(0);
    EXPECT_EQ(driver->create_port(), STATUS_SUCCESS);
}

TEST_F(ServerPort, PORT_16_a_closed_port_is_absent_and_its_name_free) {
    ASSERT_EQ(driver->create_port(u"\\P"), STATUS_SUCCESS);
    driver->close_port();
    Client late, again;
    EXPECT_EQ(late.connect(u"\\P"), STATUS_OBJECT_NAME_NOT_FOUND);
    EXPECT_EQ(driver->create_port(u"\\P"), STATUS_SUCCESS);
    EXPECT_EQ(again.connect(u"\\P"), STATUS_SUCCESS);
}

TEST_F(ServerPort, PORT_17_existing_connections_live_on_when_the_server_port_closes) {
    ASSERT_EQ(driver->create_port(u"\\P"), STATUS_SUCCESS);
    Client client;
    ASSERT_EQ(client.connect(u"\\P"), STATUS_SUCCESS);
    driver->close_port();

    Receive *receive = client.transport.arm();
    EXPECT_EQ(driver->send(*driver->clients[0], "still here", -1).status, STATUS_SUCCESS);
    EXPECT_EQ(receive->payload(), "still here");
    uint32_t returned = 1;
    EXPECT_EQ(fm_user_message(client.transport.connection, nullptr, 0, nullptr, 0, &returned), STATUS_SUCCESS);
    client.close();
    EXPECT_EQ(driver->clients[0]->disconnects, 1);
}

TEST_F(ServerPort, OPEN_13_names_are_checked_as_NT_does) {
    EXPECT_EQ(driver->create_port(u"P"), STATUS_OBJECT_PATH_SYNTAX_BAD);
    EXPECT_EQ(driver->create_port(u""), STATUS_OBJECT_NAME_INVALID);
    EXPECT_EQ(driver->create_port(u"\\no\\P"), STATUS_OBJECT_PATH_NOT_FOUND);
    Client client;
    EXPECT_EQ(client.connect(u"P"), STATUS_OBJECT_PATH_SYNTAX_BAD);
    EXPECT_EQ(client.connect(u""), STATUS_OBJECT_NAME_INVALID);
    EXPECT_EQ(client.connect(u"\\no\\P"), STATUS_OBJECT_PATH_NOT_FOUND);
}
