// SPDX-License-Identifier: Apache-2.0
/** Rules of section 1: objects and security. */
#include "fixture/conformance_test.h"

using namespace conformance;

namespace {

class Objects : public Conformance {};

constexpr const char *connectToPort = "connect \\ConformancePort";

TEST_F(Objects, OBJ_01_OBJ_08_messages_flow_both_ways_on_one_port) {
    const Port port = openPort();
    driver().onMessage(port, Hook().echoing());
    Connection connection = connect(port);

    const Bytes question = pattern(40);
    EXPECT_EQ(question, connection.send(question, 40).answer());

    auto [sender, message] = deliver(connection, 8);
    EXPECT_CODE(result::ok, connection.reply(message, pattern(8)));
    EXPECT_CODE(status::success, sender.status());
    EXPECT_EQ(pattern(8), sender.outcome().replied());
}

TEST_F(Objects, OBJ_02_the_client_port_is_neither_the_server_port_nor_that_of_another_connection) {
    const Port port = openPort();
    Connection first = connect(port);
    Connection second = connect(port);
    const auto connects = driver().events(port, CONFORMANCE_EVENT_CONNECT);
    ASSERT_EQ(2u, connects.size());
    EXPECT_NE(port.object, connects[0].ClientPort);
    EXPECT_NE(port.object, connects[1].ClientPort);
    EXPECT_NE(connects[0].ClientPort, connects[1].ClientPort);
    EXPECT_NE(0u, connects[0].ClientPort);
    EXPECT_NE(first.handle(), second.handle());
}

TEST_F(Objects, OBJ_03_OBJ_04_a_caller_without_access_is_refused_and_ConnectNotify_is_not_called) {
    if (!cannotChangeUser().empty()) {
        GTEST_SKIP() << cannotChangeUser();
    }
    const Port port = openPort(PortOptions().with(Descriptor::administrators));
    auto other = HelperProcess::start(User::unprivileged);
    EXPECT_EQ("0x80070005", other->ask(connectToPort));
    EXPECT_EQ(0u, driver().counter(port, CONFORMANCE_CONNECT_ENTERED));

    Connection own = connect(port);
    EXPECT_EQ(1u, driver().counter(port, CONFORMANCE_CONNECT_ENTERED));
}

TEST_F(Objects, OBJ_03_a_descriptor_for_everybody_admits_everybody) {
    if (!cannotChangeUser().empty()) {
        GTEST_SKIP() << cannotChangeUser();
    }
    openPort(PortOptions().with(Descriptor::everybody));
    auto other = HelperProcess::start(User::unprivileged);
    EXPECT_EQ("0x00000000", other->ask(connectToPort));
}

TEST_F(Objects, OBJ_05_an_unprivileged_program_may_use_all_four_functions) {
    if (!cannotChangeUser().empty()) {
        GTEST_SKIP() << cannotChangeUser();
    }
    const Port port = openPort(PortOptions().with(Descriptor::everybody));
    driver().onMessage(port, Hook().echoing());
    auto other = HelperProcess::start(User::unprivileged);
    ASSERT_EQ("0x00000000", other->ask(connectToPort));
    EXPECT_EQ("0x00000000 2 abcd", other->ask("send abcd 2"));

    Senders sender = driver().start(newestClient(port), SendCall().ofLength(24).wantingReply(24));
    EXPECT_EQ("0x00000000 1", other->ask("keep 1"));
    EXPECT_EQ("0x00000000", other->ask("reply-kept 1"));
    EXPECT_CODE(status::success, sender.status());
    EXPECT_EQ(payloadOf(sender.first(), 24), sender.outcome().replied());
}

TEST_F(Objects, OBJ_06_a_message_without_a_receiver_leaves_no_trace_once_its_sender_gave_up) {
    const Port port = openPort();
    Connection connection = connect(port);
    EXPECT_CODE(status::timeout,
                driver().sendAndWait(connection.client, SendCall().ofLength(48).within(glance)).Status);

    Receive receive;
    ASSERT_CODE(result::pending, receive.arm(connection.handle()));
    EXPECT_TRUE(receive.isPending());
    Senders later = driver().start(connection.client, SendCall().ofLength(20));
    EXPECT_EQ(payloadOf(later.first(), 20), receive.wait().payload);
    EXPECT_CODE(status::success, later.status());
}

TEST_F(Objects, OBJ_07_a_message_is_received_only_through_the_connection_it_was_sent_to) {
    const Port port = openPort();
    Connection addressed = connect(port);
    Connection other = connect(port);
    Receive here, there;
    ASSERT_CODE(result::pending, there.arm(other.handle()));
    Senders sender = driver().start(addressed.client, SendCall());
    EXPECT_TRUE(sender.areWaiting());
    EXPECT_TRUE(there.isPending());

    ASSERT_CODE(result::pending, here.arm(addressed.handle()));
    EXPECT_EQ(payloadOf(sender.first(), 16), here.wait().payload);
    EXPECT_CODE(status::success, sender.status());
    EXPECT_TRUE(there.isPending());
}

TEST_F(Objects, OBJ_09_the_default_descriptor_grants_administrators_and_nobody_else) {
    EXPECT_CODE(status::success, driver().buildDescriptor(portAllAccess));
    openPort(PortOptions().with(Descriptor::administrators).granting(portAllAccess));
    EXPECT_CODE(result::ok, Connection(u"\\ConformancePort").result());
    if (!cannotChangeUser().empty()) {
        GTEST_SKIP() << "the refusal of others is not checked: " << cannotChangeUser();
    }
    EXPECT_EQ("0x80070005", HelperProcess::start(User::unprivileged)->ask(connectToPort));
}

TEST_F(Objects, OBJ_10_the_descriptor_may_be_freed_after_the_create_whatever_its_result) {
    openPort(PortOptions().with(Descriptor::administrators));
    const Port collides = driver().createPort(PortOptions().with(Descriptor::administrators));
    EXPECT_CODE(status::objectNameCollision, collides.status);
    EXPECT_CODE(result::ok, Connection(u"\\ConformancePort").result());
}

TEST_F(Objects, OBJ_10_one_descriptor_may_serve_several_ports) {
    const Port first = openPort(PortOptions().named(u"\\ConformanceOne").with(Descriptor::shared));
    const Port second = openPort(PortOptions().named(u"\\ConformanceTwo").with(Descriptor::shared));
    connect(first);
    connect(second);
}

TEST_F(Objects, OBJ_11_the_port_rights_have_their_documented_values) {
    const auto constants = driver().constants();
    EXPECT_EQ(portConnect, constants.PortConnect);
    EXPECT_EQ(portAllAccess, constants.PortAllAccess);
}

TEST_F(Objects, OBJ_12_generic_all_in_a_descriptor_means_all_access_to_the_port) {
    const Port port = openPort(PortOptions().with(Descriptor::administrators).granting(genericAll));
    connect(port);
}

TEST_F(Objects, OPEN_01_the_right_to_connect_alone_is_not_enough) {
    const Port port = openPort(PortOptions().with(Descriptor::administrators).granting(portConnect));
    EXPECT_CODE(result::accessDenied, Connection(port.name).result());
    EXPECT_EQ(0u, driver().counter(port, CONFORMANCE_CONNECT_ENTERED));
}

TEST_F(Objects, PORT_06_OPEN_19_a_port_without_a_descriptor_is_for_administrators) {
    openPort(PortOptions().with(Descriptor::absent));
    EXPECT_CODE(result::ok, Connection(u"\\ConformancePort").result());
    if (!cannotChangeUser().empty()) {
        GTEST_SKIP() << "the refusal of others is not checked: " << cannotChangeUser();
    }
    EXPECT_EQ("0x80070005", HelperProcess::start(User::unprivileged)->ask(connectToPort));
}

} // namespace
