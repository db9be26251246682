// SPDX-License-Identifier: Apache-2.0
#include <cstring>

#include "test_driver.h"

class UserMessage : public PortTest {};

TEST_F(UserMessage, USER_02_USER_03_USER_04_bytes_cookie_and_length_pass_through) {
    driver->on_message = [&](ClientEnd &from, PVOID in, ULONG in_length, PVOID out, ULONG out_length, PULONG returned) {
        EXPECT_EQ(&from, &end());
        EXPECT_EQ(std::string(static_cast<char *>(in), in_length), "ask");
        EXPECT_EQ(*returned, 0u);
        EXPECT_EQ(out_length, 8u);
        std::memcpy(out, "tell", 4);
        *returned = 4;
        return STATUS_SUCCESS;
    };
    char in[] = "ask", out[8];
    uint32_t returned = 77;
    EXPECT_EQ(fm_user_message(client->transport.connection, in, 3, out, sizeof(out), &returned), STATUS_SUCCESS);
    EXPECT_EQ(returned, 4u);
    EXPECT_EQ(counters().user_messages, 1u);
}

TEST_F(UserMessage, USER_04_a_returned_length_never_exceeds_the_buffer) {
    driver->on_message = [](ClientEnd &, PVOID, ULONG, PVOID, ULONG, PULONG returned) {
        *returned = 1000;
        return STATUS_SUCCESS;
    };
    char out[8];
    uint32_t returned = 0;
    EXPECT_EQ(fm_user_message(client->transport.connection, nullptr, 0, out, sizeof(out), &returned), STATUS_SUCCESS);
    EXPECT_EQ(returned, 8u);
}

TEST_F(UserMessage, USER_05_USER_06_null_buffers_have_length_0) {
    driver->on_message = [](ClientEnd &, PVOID in, ULONG in_length, PVOID out, ULONG out_length, PULONG) {
        EXPECT_EQ(in, nullptr);
        EXPECT_EQ(in_length, 0u);
        EXPECT_EQ(out, nullptr);
        EXPECT_EQ(out_length, 0u);
        return STATUS_INVALID_PARAMETER;
    };
    uint32_t returned = 0;
    EXPECT_EQ(fm_user_message(client->transport.connection, nullptr, 5, nullptr, 5, &returned),
              STATUS_INVALID_PARAMETER); // USER-10
}

TEST_F(UserMessage, USER_12_a_failing_status_keeps_the_returned_length) {
    driver->on_message = [](ClientEnd &, PVOID, ULONG, PVOID, ULONG, PULONG returned) {
        *returned = 3;
        return STATUS_NO_MORE_ENTRIES;
    };
    char out[8];
    uint32_t returned = 0;
    EXPECT_EQ(fm_user_message(client->transport.connection, nullptr, 0, out, sizeof(out), &returned),
              STATUS_NO_MORE_ENTRIES);
    EXPECT_EQ(returned, 3u);
}

TEST_F(UserMessage, USER_14_callbacks_of_one_connection_run_at_the_same_time) {
    int inside = 0;
    driver->on_message = [&](ClientEnd &, PVOID, ULONG, PVOID, ULONG, PULONG) {
        world::change([&] { inside++; });
        world::await([&] { return inside == 2; }); // only possible together
        return STATUS_SUCCESS;
    };
    world::Thread other([&] {
        uint32_t returned;
        EXPECT_EQ(fm_user_message(client->transport.connection, nullptr, 0, nullptr, 0, &returned), STATUS_SUCCESS);
    });
    uint32_t returned;
    EXPECT_EQ(fm_user_message(client->transport.connection, nullptr, 0, nullptr, 0, &returned), STATUS_SUCCESS);
}

TEST_F(UserMessage, USER_15_after_disconnection_the_driver_is_not_reached) {
    driver->on_message = [](ClientEnd &, PVOID, ULONG, PVOID, ULONG, PULONG) {
        ADD_FAILURE();
        return STATUS_SUCCESS;
    };
    FltCloseClientPort(driver->filter, &end().port);
    uint32_t returned = 9;
    EXPECT_EQ(fm_user_message(client->transport.connection, nullptr, 0, nullptr, 0, &returned),
              STATUS_PORT_DISCONNECTED);
    EXPECT_EQ(returned, 0u);
}

TEST_F(UserMessage, OPEN_08_a_port_without_MessageNotify_refuses) {
    TestDriver other({u"other", u"330000"});
    ASSERT_EQ(other.create_port(u"\\Silent", 1, nullptr, OBJ_KERNEL_HANDLE, false), STATUS_SUCCESS);
    Client silent;
    ASSERT_EQ(silent.connect(u"\\Silent"), STATUS_SUCCESS);
    uint32_t returned;
    EXPECT_EQ(fm_user_message(silent.transport.connection, nullptr, 0, nullptr, 0, &returned), STATUS_NOT_SUPPORTED);
    Receive *receive = silent.transport.arm(); // PORT-08
    EXPECT_EQ(other.send(*other.clients[0], "down", -1).status, STATUS_SUCCESS);
    EXPECT_EQ(receive->payload(), "down");
    silent.close();
}

TEST_F(UserMessage, OPEN_17_the_driver_may_send_while_it_answers_the_user) {
    driver->on_message = [&](ClientEnd &from, PVOID, ULONG, PVOID, ULONG, PULONG) {
        return driver->send(from, "question", 8).status;
    };
    Receive *receive = client->transport.arm();
    world::Thread receiver([&] {
        client->transport.await(receive);
        EXPECT_EQ(client->transport.reply(receive->header().MessageId, STATUS_SUCCESS, "fine"), STATUS_SUCCESS);
    });
    uint32_t returned;
    EXPECT_EQ(fm_user_message(client->transport.connection, nullptr, 0, nullptr, 0, &returned), STATUS_SUCCESS);
}
