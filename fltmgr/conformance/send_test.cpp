// SPDX-License-Identifier: Apache-2.0
/** Rules of section 4a: FltSendMessage. */
#include "fixture/conformance_test.h"

#include <chrono>
#include <map>
#include <set>

using namespace conformance;
using namespace std::chrono_literals;

namespace {

class Send : public Conformance {
  protected:
    Port port;
    Connection connection;

    void SetUp() override {
        Conformance::SetUp();
        port = openPort();
        connection = connect(port);
    }
    void TearDown() override {
        connection.close();
        Conformance::TearDown();
    }
    Senders start(const SendCall &call) { return driver().start(connection.client, call); }
    SendOutcome sendAndWait(const SendCall &call) { return driver().sendAndWait(connection.client, call); }
};

TEST_F(Send, SEND_01_SEND_18_the_receiver_sees_a_header_and_exactly_the_bytes_sent) {
    for (const ULONG length : {1u, 7u, 16u, 1000u, 4096u, 60000u}) {
        Receive receive(65536);
        ASSERT_CODE(result::pending, receive.arm(connection.handle()));
        Senders sender = start(SendCall().ofLength(length).wantingReply(40));
        const Message message = receive.wait();
        EXPECT_CODE(result::ok, message.result);
        EXPECT_EQ(16 + length, message.bytes);
        EXPECT_EQ(payloadOf(sender.first(), length), message.payload);
        EXPECT_EQ(40u + 16u, message.replyLength);
        EXPECT_CODE(result::ok, connection.reply(message));
        EXPECT_CODE(status::success, sender.status());
    }
}

TEST_F(Send, SEND_02_a_client_port_variable_that_became_null_means_disconnected) {
    EXPECT_EQ(0u, driver().closeClient(connection.client));
    EXPECT_CODE(status::portDisconnected, sendAndWait(SendCall()).Status);
}

TEST_F(Send, SEND_02_a_connection_that_is_gone_means_disconnected) {
    driver().onDisconnect(port, Hook().keepingClientPort());
    connection.close();
    driver().waitFor(port, CONFORMANCE_DISCONNECT_RETURNED, 1);
    EXPECT_NE(0u, driver().client(connection.client).ClientPort);
    EXPECT_CODE(status::portDisconnected, sendAndWait(SendCall()).Status);
}

TEST_F(Send,
       SEND_03_SEND_12_a_pending_receive_gets_the_message_at_once_and_the_sender_does_not_wait_for_its_processing) {
    Receive receive;
    ASSERT_CODE(result::pending, receive.arm(connection.handle()));
    const SendOutcome sent = sendAndWait(SendCall());
    EXPECT_CODE(status::success, sent.Status);
    EXPECT_EQ(16u, receive.wait().payload.size());
}

TEST_F(Send, SEND_04_SEND_05_without_a_receive_and_without_a_limit_the_sender_waits_until_one_comes) {
    Senders sender = start(SendCall());
    EXPECT_TRUE(sender.areWaiting());
    Receive receive;
    ASSERT_CODE(result::pending, receive.arm(connection.handle()));
    EXPECT_EQ(payloadOf(sender.first(), 16), receive.wait().payload);
    EXPECT_CODE(status::success, sender.status());
}

TEST_F(Send, SEND_05_without_a_limit_the_sender_also_waits_for_the_reply) {
    auto [sender, message] = deliver(connection);
    EXPECT_TRUE(sender.areWaiting());
    EXPECT_CODE(result::ok, connection.reply(message));
    EXPECT_CODE(status::success, sender.status());
}

TEST_F(Send, SEND_06_SEND_11_an_interval_that_passes_ends_in_STATUS_TIMEOUT_a_success_code) {
    const SendOutcome sent = sendAndWait(SendCall().within(20ms));
    EXPECT_CODE(0x00000102, sent.Status);
    EXPECT_GE(sent.Status, 0);
    EXPECT_GE(sent.Returned - sent.Started, 20u * 10000u);
}

TEST_F(Send, SEND_06_an_interval_long_enough_does_not_end_the_wait) {
    Senders sender = start(SendCall().within(10min));
    EXPECT_TRUE(sender.areWaiting());
    EXPECT_CODE(result::ok, connection.get().result);
    EXPECT_CODE(status::success, sender.status());
}

TEST_F(Send, SEND_07_an_absolute_time_that_passes_ends_in_STATUS_TIMEOUT) {
    EXPECT_CODE(status::timeout, sendAndWait(SendCall().untilFromNow(20ms)).Status);
}

TEST_F(Send, SEND_07_an_absolute_time_far_ahead_does_not_end_the_wait) {
    Senders sender = start(SendCall().untilFromNow(10min));
    EXPECT_TRUE(sender.areWaiting());
    EXPECT_CODE(result::ok, connection.get().result);
    EXPECT_CODE(status::success, sender.status());
}

TEST_F(Send, SEND_07_OPEN_02_an_absolute_time_in_the_past_acts_like_zero) {
    EXPECT_CODE(status::timeout, sendAndWait(SendCall().untilFromNow(-1000ms)).Status);
    EXPECT_CODE(status::timeout, sendAndWait(SendCall().withTimeoutValue(1)).Status);
    Receive receive;
    ASSERT_CODE(result::pending, receive.arm(connection.handle()));
    EXPECT_TRUE(receive.isPending());
    EXPECT_CODE(status::success, sendAndWait(SendCall().withTimeoutValue(1)).Status);
    EXPECT_CODE(result::ok, receive.wait().result);
}

TEST_F(Send, SEND_08_one_limit_covers_the_wait_for_a_receive_and_for_the_reply) {
    const auto limit = 2s;
    Senders sender = start(SendCall().wantingReply(8).within(limit));
    EXPECT_FALSE(sender.returnWithin(limit * 3 / 4)) << "nobody receives for most of the limit";
    Receive receive;
    ASSERT_CODE(result::pending, receive.arm(connection.handle()));
    sender.waitUntilReturned();
    EXPECT_CODE(status::timeout, sender.status());
    const SendOutcome sent = sender.outcome();
    // A limit that began anew with the delivery would end at seven quarters.
    EXPECT_LT(sent.Returned - sent.Started, 10000000ull * 2 * 7 / 4 - 1000000u);
}

TEST_F(Send, SEND_09_timeout_before_delivery_is_never_delivered_later) {
    EXPECT_CODE(status::timeout, sendAndWait(SendCall().ofLength(32).within(20ms)).Status);
    EXPECT_CODE(status::timeout, sendAndWait(SendCall().ofLength(32).untilFromNow(20ms)).Status);
    Receive receive;
    ASSERT_CODE(result::pending, receive.arm(connection.handle()));
    EXPECT_TRUE(receive.isPending());
    Senders later = start(SendCall().ofLength(20));
    EXPECT_EQ(payloadOf(later.first(), 20), receive.wait().payload);
}

TEST_F(Send, SEND_10_REPLY_05_after_a_timeout_the_late_reply_finds_nobody_and_the_reply_buffer_stays_untouched) {
    auto [sender, message] = deliver(connection, 8, SendCall().within(50ms));
    EXPECT_CODE(status::timeout, sender.status());
    EXPECT_CODE(result::noWaiterForReply, connection.reply(message, pattern(8)));
    const SendOutcome sent = sender.outcome();
    EXPECT_TRUE(sent.replyUntouched());
    EXPECT_TRUE(sent.guardIntact);
}

TEST_F(Send, SEND_13_with_a_reply_buffer_the_sender_waits_after_delivery_for_the_reply) {
    auto [sender, message] = deliver(connection, 4);
    EXPECT_TRUE(sender.areWaiting());
    EXPECT_CODE(result::ok, connection.reply(message, pattern(4)));
    EXPECT_CODE(status::success, sender.status());
}

TEST_F(Send, SEND_13_SEND_18_a_length_without_a_buffer_means_no_reply) {
    Receive receive;
    ASSERT_CODE(result::pending, receive.arm(connection.handle()));
    EXPECT_CODE(status::success, sendAndWait(SendCall().withLengthButNoReply(8)).Status);
    EXPECT_EQ(0u, receive.wait().replyLength);
}

TEST_F(Send, SEND_14_SEND_15_SEND_16_REPLY_04_capacity_and_length_count_the_payload_without_header) {
    auto [sender, message] = deliver(connection, 1);
    EXPECT_EQ(17u, message.replyLength);
    EXPECT_CODE(result::ok, connection.reply(message, {0x5A}));
    EXPECT_CODE(status::success, sender.status());
    const SendOutcome sent = sender.outcome();
    EXPECT_EQ(1u, sent.ReplyLength);
    EXPECT_EQ(Bytes{0x5A}, sent.replied());
    EXPECT_TRUE(sent.guardIntact);
}

TEST_F(Send, SEND_16_the_length_on_return_is_what_was_copied) {
    auto [sender, message] = deliver(connection, 64);
    EXPECT_CODE(result::ok, connection.reply(message, pattern(10)));
    sender.waitUntilReturned();
    const SendOutcome sent = sender.outcome();
    EXPECT_EQ(10u, sent.ReplyLength);
    EXPECT_EQ(pattern(10), sent.replied());
    EXPECT_TRUE(sent.guardIntact);
}

TEST_F(Send, SEND_17_sender_and_reply_buffer_may_be_the_same_memory) {
    Receive receive;
    ASSERT_CODE(result::pending, receive.arm(connection.handle()));
    Senders sender = start(SendCall().ofLength(100).wantingReplyInSameBuffer(50));
    const Message message = receive.wait();
    EXPECT_EQ(payloadOf(sender.first(), 100), message.payload);
    EXPECT_CODE(result::ok, connection.reply(message, pattern(50, 9)));
    EXPECT_CODE(status::success, sender.status());
    EXPECT_EQ(pattern(50, 9), sender.outcome().replied());
}

TEST_F(Send, SEND_18_without_a_reply_wanted_the_header_says_zero) {
    Receive receive;
    ASSERT_CODE(result::pending, receive.arm(connection.handle()));
    EXPECT_CODE(status::success, sendAndWait(SendCall()).Status);
    EXPECT_EQ(0u, receive.wait().replyLength);
}

TEST_F(Send, SEND_19_OPEN_18_messages_that_wait_for_a_reply_have_ids_of_their_own) {
    constexpr ULONG count = 32;
    Senders senders = start(SendCall().wantingReply(4).times(count));
    std::set<ULONGLONG> ids;
    for (ULONG i = 0; i < count; i++) {
        Receive receive;
        ASSERT_CODE(result::pending, receive.arm(connection.handle()));
        ids.insert(receive.wait().id);
    }
    EXPECT_EQ(count, ids.size());
    for (const ULONGLONG id : ids) {
        EXPECT_CODE(result::ok, connection.reply(id));
    }
    senders.waitUntilReturned();
}

TEST_F(Send, SEND_20_any_number_of_threads_may_send_each_with_its_own_wait_and_reply) {
    constexpr ULONG count = 64;
    Senders senders = start(SendCall().ofLength(12).wantingReply(12).times(count));
    std::vector<Message> messages;
    for (ULONG i = 0; i < count; i++) {
        Receive receive;
        ASSERT_CODE(result::pending, receive.arm(connection.handle()));
        messages.push_back(receive.wait());
    }
    for (auto message = messages.rbegin(); message != messages.rend(); ++message) {
        EXPECT_CODE(result::ok, connection.reply(*message, pattern(12, senderOf(message->payload))));
    }
    senders.waitUntilReturned();
    for (ULONG i = 0; i < count; i++) {
        const SendOutcome sent = senders.outcome(i);
        EXPECT_CODE(status::success, sent.Status);
        EXPECT_EQ(pattern(12, senders.first() + i), sent.replied());
    }
}

/// A thread of another process sends in its message callback to the connection of this test; then the process is
/// killed.
class SendFromDyingThread : public Send {
  protected:
    std::unique_ptr<HelperProcess> other;

    Senders startInOtherProcess(const SendCall &call) {
        Senders sender = driver().prepare(connection.client, call);
        driver().onMessage(port, Hook().sending(sender.first()).times(1));
        other = HelperProcess::start();
        EXPECT_EQ("0x00000000", other->ask("connect \\ConformancePort"));
        EXPECT_EQ("started", other->ask("send-aside 00 8"));
        sender.waitUntilSending();
        return sender;
    }
};

TEST_F(SendFromDyingThread, SEND_21_a_thread_terminated_before_delivery_stops_waiting) {
    Senders sender = startInOtherProcess(SendCall());
    EXPECT_TRUE(sender.areWaiting());
    other->kill();
    EXPECT_CODE(status::threadIsTerminating, sender.status());
    Receive receive;
    ASSERT_CODE(result::pending, receive.arm(connection.handle()));
    EXPECT_TRUE(receive.isPending());
}

TEST_F(SendFromDyingThread, SEND_21_REPLY_05_a_thread_terminated_after_delivery_stops_waiting_for_the_reply) {
    Receive receive;
    ASSERT_CODE(result::pending, receive.arm(connection.handle()));
    Senders sender = startInOtherProcess(SendCall().wantingReply(8));
    const Message message = receive.wait();
    EXPECT_TRUE(sender.areWaiting());
    other->kill();
    EXPECT_CODE(status::threadIsTerminating, sender.status());
    EXPECT_CODE(result::noWaiterForReply, connection.reply(message, pattern(8)));
}

TEST_F(Send, SEND_22_DISC_08_the_users_close_ends_senders_before_delivery) {
    Senders senders = start(SendCall().times(8));
    EXPECT_TRUE(senders.areWaiting());
    connection.close();
    for (const LONG code : senders.statuses()) {
        EXPECT_CODE(status::portDisconnected, code);
    }
}

TEST_F(Send, SEND_22_DISC_08_the_users_close_ends_senders_after_delivery) {
    auto [first, message] = deliver(connection);
    auto [second, another] = deliver(connection);
    connection.close();
    EXPECT_CODE(status::portDisconnected, first.status());
    EXPECT_CODE(status::portDisconnected, second.status());
    EXPECT_TRUE(first.outcome().replyUntouched());
}

TEST_F(Send, SEND_22_DISC_09_the_drivers_close_ends_senders_in_either_phase) {
    auto [delivered, message] = deliver(connection);
    Senders queued = start(SendCall().times(4));
    EXPECT_TRUE(queued.areWaiting());
    driver().closeClient(connection.client);
    EXPECT_CODE(status::portDisconnected, delivered.status());
    for (const LONG code : queued.statuses()) {
        EXPECT_CODE(status::portDisconnected, code);
    }
}

TEST_F(Send, SEND_24_REPLY_03_REPLY_04_OPEN_06_a_reply_that_does_not_fit_overflows_on_both_sides) {
    auto [sender, message] = deliver(connection, 1);
    EXPECT_CODE(result::bufferOverflow, connection.reply(message, pattern(8)));
    EXPECT_CODE(status::bufferOverflow, sender.status());
    const SendOutcome sent = sender.outcome();
    EXPECT_EQ(0u, sent.ReplyLength);
    EXPECT_TRUE(sent.replyUntouched());
    EXPECT_TRUE(sent.guardIntact);
    EXPECT_CODE(result::noWaiterForReply, connection.reply(message, {1}));
}

TEST_F(Send, SEND_24_OPEN_06_a_long_reply_that_does_not_fit_overflows_too) {
    auto [sender, message] = deliver(connection, 2000);
    EXPECT_CODE(result::bufferOverflow, connection.reply(message, pattern(2001)));
    EXPECT_CODE(status::bufferOverflow, sender.status());
    EXPECT_EQ(0u, sender.outcome().ReplyLength);
    EXPECT_TRUE(sender.outcome().replyUntouched());
    EXPECT_CODE(result::noWaiterForReply, connection.reply(message, {1}));
}

TEST_F(Send, OPEN_02_zero_without_a_receive_times_out_at_once_and_is_not_delivered_later) {
    EXPECT_CODE(status::timeout, sendAndWait(SendCall().withTimeoutValue(0)).Status);
    Receive receive;
    ASSERT_CODE(result::pending, receive.arm(connection.handle()));
    EXPECT_TRUE(receive.isPending());
}

TEST_F(Send, OPEN_02_zero_with_a_pending_receive_delivers) {
    Receive receive;
    ASSERT_CODE(result::pending, receive.arm(connection.handle()));
    EXPECT_CODE(status::success, sendAndWait(SendCall().withTimeoutValue(0)).Status);
    EXPECT_CODE(result::ok, receive.wait().result);
}

TEST_F(Send, OPEN_02_zero_with_a_reply_wanted_delivers_and_then_times_out) {
    Receive receive;
    ASSERT_CODE(result::pending, receive.arm(connection.handle()));
    EXPECT_CODE(status::timeout, sendAndWait(SendCall().wantingReply(8).withTimeoutValue(0)).Status);
    const Message message = receive.wait();
    EXPECT_CODE(result::ok, message.result);
    EXPECT_CODE(result::noWaiterForReply, connection.reply(message));
}

TEST_F(Send, OPEN_04_waiting_senders_are_served_in_the_order_they_came) {
    constexpr ULONG count = 6;
    std::vector<Senders> senders;
    for (ULONG i = 0; i < count; i++) {
        senders.push_back(start(SendCall()));
        senders.back().waitUntilSending();
        manager().waitUntilBlocked(senders.back().outcome().ThreadId);
    }
    std::vector<ULONG> order;
    for (ULONG i = 0; i < count; i++) {
        Receive receive;
        ASSERT_CODE(result::pending, receive.arm(connection.handle()));
        order.push_back(senderOf(receive.wait().payload) - senders.front().first());
    }
    const bool inOrder = order == std::vector<ULONG>{0, 1, 2, 3, 4, 5};
    if (!inOrder && !manager().servesSendersInOrder()) {
        GTEST_SKIP() << "this Filter Manager served its senders in another order, which no document forbids";
    }
    EXPECT_TRUE(inOrder);
}

TEST_F(Send, OPEN_07_an_empty_message_arrives_as_a_bare_header) {
    Receive receive;
    ASSERT_CODE(result::pending, receive.arm(connection.handle()));
    EXPECT_CODE(status::success, sendAndWait(SendCall().ofLength(0)).Status);
    EXPECT_EQ(16u, receive.wait().bytes);
}

TEST_F(Send, OPEN_07_a_capacity_of_zero_waits_for_a_reply_of_the_header_alone) {
    auto [sender, message] = deliver(connection, 0);
    EXPECT_EQ(16u, message.replyLength);
    EXPECT_TRUE(sender.areWaiting());
    EXPECT_CODE(result::ok, connection.reply(message));
    EXPECT_CODE(status::success, sender.status());
    EXPECT_EQ(0u, sender.outcome().ReplyLength);
    EXPECT_TRUE(sender.outcome().guardIntact);
}

TEST_F(Send, OPEN_22_a_cancel_after_delivery_leaves_the_sender_waiting_for_its_reply) {
    auto [sender, message] = deliver(connection);
    CancelIoEx(connection.handle(), nullptr);
    EXPECT_TRUE(sender.areWaiting());
    EXPECT_CODE(result::ok, connection.reply(message));
    EXPECT_CODE(status::success, sender.status());
}

TEST_F(Send, SEND_20_OBJ_07_many_messages_through_several_connections_do_not_mix) {
    Connection second = connect(port);
    constexpr ULONG count = 40;
    Senders here = start(SendCall().wantingReply(4).times(count));
    Senders there = driver().start(second.client, SendCall().wantingReply(4).times(count));
    const auto serve = [&](Connection &own, const Senders &senders) {
        for (ULONG i = 0; i < count; i++) {
            Receive receive;
            if (receive.arm(own.handle()) != result::pending) {
                return false;
            }
            const Message message = receive.wait();
            const ULONG sender = senderOf(message.payload);
            if (sender < senders.first() || sender >= senders.first() + count ||
                own.reply(message, pattern(4, sender)) != result::ok) {
                return false;
            }
        }
        return true;
    };
    Blocking other("serving the second connection",
                   [&] { return serve(second, there) ? result::ok : result::aborted; });
    EXPECT_TRUE(serve(connection, here));
    EXPECT_CODE(result::ok, other.result());
    here.waitUntilReturned();
    there.waitUntilReturned();
}

} // namespace
