// SPDX-License-Identifier: Apache-2.0
#include "test_driver.h"

class Unload : public PortTest {
  protected:
    NTSTATUS unload(bool mandatory = false) {
        const std::u16string name = u"scanner";
        UNICODE_STRING string = unicode(name);
        return fm_filter_unload(&string, mandatory);
    }
    bool exists() {
        const std::u16string name = u"SCANNER";
        UNICODE_STRING string = unicode(name);
        return fm_filter_exists(&string);
    }
};

TEST_F(Unload, DISC_05_DISC_13_open_connections_end_and_the_driver_is_told_once) {
    Receive *receive = client->transport.arm();
    EXPECT_EQ(unload(), STATUS_SUCCESS);
    EXPECT_FALSE(exists());
    EXPECT_EQ(receive->status, STATUS_PORT_DISCONNECTED);
    EXPECT_EQ(end().disconnects, 1);
    uint32_t returned;
    EXPECT_EQ(fm_user_message(client->transport.connection, nullptr, 0, nullptr, 0, &returned),
              STATUS_PORT_DISCONNECTED);
    client->close(); // still succeeds
    EXPECT_EQ(end().disconnects, 1);
}

TEST_F(Unload, DISC_15_a_farewell_message_may_be_answered_before_the_ports_are_closed) {
    Receive *receive = client->transport.arm();
    driver->on_unload = [&](FLT_FILTER_UNLOAD_FLAGS) { return driver->send(end(), "bye", 8).status; };
    world::Thread user([&] {
        client->transport.await(receive);
        client->transport.reply(receive->header().MessageId, 0, "bye");
    });
    EXPECT_EQ(unload(), STATUS_SUCCESS);
    EXPECT_EQ(driver->unloads, 1);
}

TEST_F(Unload, DISC_17_a_refused_unload_leaves_everything_working) {
    driver->on_unload = [](FLT_FILTER_UNLOAD_FLAGS flags) {
        EXPECT_EQ(flags, 0u);
        return STATUS_FLT_DO_NOT_DETACH;
    };
    EXPECT_EQ(unload(), STATUS_FLT_DO_NOT_DETACH);
    driver->on_unload = [](FLT_FILTER_UNLOAD_FLAGS) { return STATUS_NO_MORE_ENTRIES; }; // a warning refuses too
    EXPECT_EQ(unload(), STATUS_FLT_DO_NOT_DETACH);
    EXPECT_TRUE(exists());
    Receive *receive = client->transport.arm();
    EXPECT_EQ(driver->send(end(), "alive", -1).status, STATUS_SUCCESS);
    EXPECT_EQ(receive->payload(), "alive");
    driver->on_unload = nullptr;
    EXPECT_EQ(unload(), STATUS_SUCCESS);
}

TEST_F(Unload, DISC_18_a_mandatory_unload_carries_its_flag) {
    driver->on_unload = [&](FLT_FILTER_UNLOAD_FLAGS flags) {
        EXPECT_EQ(flags, FLTFL_FILTER_UNLOAD_MANDATORY);
        driver->unregister();
        return STATUS_FLT_DO_NOT_DETACH; // ignored
    };
    EXPECT_EQ(unload(true), STATUS_SUCCESS);
    EXPECT_FALSE(exists());
}

TEST_F(Unload, DISC_18_DISC_19_filters_that_do_not_support_it_are_not_asked) {
    TestDriver::Options stays{u"stays", u"1"}, serves{u"serves", u"2"};
    stays.unload = false;
    serves.flags = FLTFL_REGISTRATION_DO_NOT_SUPPORT_SERVICE_STOP;
    TestDriver without(stays), no_stop(serves);
    const std::u16string names[] = {u"stays", u"serves", u"unknown"};
    UNICODE_STRING strings[] = {unicode(names[0]), unicode(names[1]), unicode(names[2])};
    EXPECT_EQ(FltUnloadFilter(&strings[0]), STATUS_FLT_DO_NOT_DETACH);
    EXPECT_EQ(fm_filter_unload(&strings[1], true), STATUS_FLT_DO_NOT_DETACH);
    EXPECT_EQ(no_stop.unloads, 0);
    EXPECT_EQ(fm_filter_unload(&strings[1], false), STATUS_SUCCESS);
    EXPECT_EQ(FltUnloadFilter(&strings[2]), STATUS_FLT_FILTER_NOT_FOUND);
}

TEST_F(Unload, a_second_unload_meanwhile_is_told_so) {
    driver->on_unload = [&](FLT_FILTER_UNLOAD_FLAGS) {
        EXPECT_EQ(unload(), STATUS_FLT_DELETING_OBJECT);
        return STATUS_SUCCESS;
    };
    EXPECT_EQ(unload(), STATUS_SUCCESS);
}

TEST_F(Unload, PORT_18_DISC_16_unregistering_waits_for_an_open_server_port) {
    PFLT_FILTER filter = driver->filter;
    PFLT_PORT server = driver->server;
    std::atomic<bool> closed{false};
    world::Thread unregisterer([&] {
        FltUnregisterFilter(filter);
        EXPECT_TRUE(closed);
    });
    while (end().disconnects == 0) { // it has ended the connections and waits
        std::this_thread::yield();
    }
    Client late;
    EXPECT_EQ(late.connect(), STATUS_FLT_DELETING_OBJECT);
    PFLT_PORT another = nullptr;
    UNICODE_STRING name{};
    const std::u16string text = u"\\Another";
    name = unicode(text);
    OBJECT_ATTRIBUTES object{};
    InitializeObjectAttributes(&object, &name, OBJ_KERNEL_HANDLE, nullptr, nullptr);
    EXPECT_EQ(FltCreateCommunicationPort(
                  filter, &another, &object, nullptr,
                  [](PFLT_PORT, PVOID, PVOID, ULONG, PVOID *) -> NTSTATUS { return STATUS_SUCCESS; }, [](PVOID) {},
                  nullptr, 1),
              STATUS_FLT_DELETING_OBJECT); // PORT-12
    closed = true;
    FltCloseCommunicationPort(server);
    unregisterer.join();
    driver->server = nullptr;
    driver->filter = nullptr;
}

TEST_F(Unload, DISC_16_a_sender_inside_is_woken_and_waited_for) {
    std::atomic<bool> returned{false};
    world::Thread sender([&] {
        EXPECT_EQ(driver->send(end(), "x", 8).status, STATUS_PORT_DISCONNECTED);
        returned = true;
    });
    client->transport.await_sleepers(FM_SLEEP_LEADER, 1);
    driver->unregister();
    sender.join();
    EXPECT_TRUE(returned);
}

TEST_F(Unload, MINI_01_a_name_is_registered_once_and_a_wrong_version_refused) {
    FLT_REGISTRATION registration{};
    registration.Size = sizeof(registration);
    registration.Version = 0x0100;
    PFLT_FILTER filter = nullptr;
    EXPECT_EQ(FltRegisterFilter(nullptr, &registration, &filter), STATUS_INVALID_PARAMETER);
    registration.Version = FLT_REGISTRATION_VERSION;
    EXPECT_EQ(FltRegisterFilter(nullptr, &registration, &filter), STATUS_OBJECT_NAME_NOT_FOUND);
}

TEST(NoCore, MINI_01_before_the_core_runs_nothing_registers) {
    FLT_REGISTRATION registration{};
    PFLT_FILTER filter = nullptr;
    EXPECT_EQ(FltRegisterFilter(nullptr, &registration, &filter), STATUS_FLT_NOT_INITIALIZED);
}
