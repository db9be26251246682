// SPDX-License-Identifier: Apache-2.0
#include <cstring>

#include "test_driver.h"

class Send : public PortTest {
  protected:
    /// Sends in a thread of its own; the result is there after join().
    struct Sender {
        Sender(TestDriver &driver, ClientEnd &end, const std::string &payload, int capacity,
               const int64_t *timeout = nullptr)
            : thread([this, &driver, &end, payload, capacity, timeout] {
                  result = driver.send(end, payload, capacity, timeout);
              }) {}
        SendResult finish() {
            thread.join();
            return result;
        }
        SendResult result;
        world::Thread thread;
    };

    void answer(Receive *receive, const std::string &payload, NTSTATUS status = STATUS_SUCCESS) {
        client->transport.await(receive);
        EXPECT_EQ(client->transport.reply(receive->header().MessageId, status, payload), STATUS_SUCCESS);
    }
};

TEST_F(Send, SEND_01_required_arguments) {
    char byte = 0;
    ULONG length = 1;
    EXPECT_EQ(FltSendMessage(nullptr, &end().port, &byte, 1, nullptr, nullptr, nullptr), STATUS_INVALID_PARAMETER);
    EXPECT_EQ(FltSendMessage(driver->filter, nullptr, &byte, 1, nullptr, nullptr, nullptr), STATUS_INVALID_PARAMETER);
    EXPECT_EQ(FltSendMessage(driver->filter, &end().port, nullptr, 0, nullptr, nullptr, nullptr),
              STATUS_INVALID_PARAMETER);
    EXPECT_EQ(FltSendMessage(driver->filter, &end().port, &byte, 1, &byte, nullptr, nullptr),
              STATUS_INVALID_PARAMETER); // SEND-13
    EXPECT_EQ(FltSendMessage(driver->filter, &driver->server, &byte, 1, nullptr, nullptr, nullptr),
              STATUS_INVALID_PARAMETER); // OBJ-02
    EXPECT_EQ(FltSendMessage(driver->filter, &end().port, &byte, 0xFFFFFFFF, nullptr, nullptr, nullptr),
              STATUS_INVALID_PARAMETER);
    client->transport.arm();
    EXPECT_EQ(FltSendMessage(driver->filter, &end().port, &byte, 1, nullptr, &length, nullptr),
              STATUS_SUCCESS); // ReplyLength without buffer
}

TEST_F(Send, SEND_02_a_variable_that_is_NULL_is_a_disconnected_port) {
    ClientEnd gone;
    EXPECT_EQ(driver->send(gone, "x", -1).status, STATUS_PORT_DISCONNECTED);
}

TEST_F(Send, SEND_02_another_filters_port_is_not_ours) {
    TestDriver other({u"other", u"330000"});
    EXPECT_EQ(other.send(end(), "x", -1).status, STATUS_PORT_DISCONNECTED);
}

TEST_F(Send, SEND_03_SEND_12_SEND_18_a_pending_receive_gets_the_message_at_once) {
    Receive *receive = client->transport.arm();
    EXPECT_EQ(driver->send(end(), "payload", -1).status, STATUS_SUCCESS);
    EXPECT_EQ(receive->status, STATUS_SUCCESS);
    EXPECT_EQ(receive->information, 16u + 7u);
    EXPECT_EQ(receive->header().ReplyLength, 0u);
    EXPECT_NE(receive->header().MessageId, 0u);
    EXPECT_EQ(receive->payload(), "payload");
    EXPECT_EQ(receive->buffer[23], 0xEE); // GET-17
    EXPECT_EQ(client->transport.open_windows(), 0);
}

TEST_F(Send, SEND_04_without_a_receive_the_sender_waits) {
    Sender sender(*driver, end(), "wait", -1);
    client->transport.await_sleepers(FM_SLEEP_LEADER, 1);
    Receive *receive = client->transport.arm();
    EXPECT_EQ(sender.finish().status, STATUS_SUCCESS);
    EXPECT_EQ(receive->payload(), "wait");
}

TEST_F(Send, SEND_13_SEND_14_SEND_16_SEND_18_the_reply_comes_back_with_its_true_length) {
    Receive *receive = client->transport.arm();
    Sender sender(*driver, end(), "ask", 64);
    client->transport.await(receive);
    EXPECT_EQ(receive->header().ReplyLength, 64u + 16u);
    answer(receive, "yes");
    SendResult result = sender.finish();
    EXPECT_EQ(result.status, STATUS_SUCCESS);
    EXPECT_EQ(result.reply_length, 3u);
    EXPECT_EQ(result.reply.substr(0, 3), "yes");
    EXPECT_EQ(result.reply[3], '\xCC');
    EXPECT_EQ(counters().replied, 1u);
}

TEST_F(Send, SEND_17_message_and_reply_may_share_their_memory) {
    Receive *receive = client->transport.arm();
    world::Thread sender([&] {
        char both[8] = "ask";
        ULONG length = sizeof(both);
        EXPECT_EQ(FltSendMessage(driver->filter, &end().port, both, 3, both, &length, nullptr), STATUS_SUCCESS);
        EXPECT_EQ(std::string(both, length), "answer");
    });
    answer(receive, "answer");
    sender.join();
    EXPECT_EQ(receive->payload(), "ask");
}

TEST_F(Send, SEND_19_SEND_20_many_senders_each_get_their_own_answer) {
    std::vector<Receive *> receives;
    for (int i = 0; i < 8; i++) {
        receives.push_back(client->transport.arm());
    }
    std::vector<std::unique_ptr<Sender>> senders;
    for (int i = 0; i < 8; i++) {
        senders.push_back(std::make_unique<Sender>(*driver, end(), std::to_string(i), 16));
    }
    for (int i = 7; i >= 0; i--) { // any order: REPLY-09
        client->transport.await(receives[static_cast<size_t>(i)]);
        answer(receives[static_cast<size_t>(i)], "re " + receives[static_cast<size_t>(i)]->payload());
    }
    for (int i = 0; i < 8; i++) {
        SendResult result = senders[static_cast<size_t>(i)]->finish();
        EXPECT_EQ(result.status, STATUS_SUCCESS);
        EXPECT_EQ(result.reply.substr(0, result.reply_length), "re " + std::to_string(i));
    }
}

TEST_F(Send, SEND_09_timeout_before_delivery_leaves_no_trace) {
    const int64_t timeout = -10 * millisecond;
    Sender sender(*driver, end(), "never", 16, &timeout);
    client->transport.await_sleepers(FM_SLEEP_LEADER, 1);
    world::advance(10 * millisecond);
    SendResult result = sender.finish();
    EXPECT_EQ(result.status, STATUS_TIMEOUT);
    EXPECT_EQ(result.reply_length, 0u);
    EXPECT_EQ(result.reply, std::string(16, '\xCC'));
    EXPECT_EQ(client->transport.open_windows(), 0);

    Receive *receive = client->transport.arm();
    EXPECT_EQ(driver->send(end(), "next", -1).status, STATUS_SUCCESS);
    EXPECT_EQ(receive->payload(), "next");
    EXPECT_EQ(counters().timed_out_queued, 1u);
}

TEST_F(Send, SEND_08_SEND_10_one_limit_covers_both_phases) {
    const int64_t timeout = -10 * millisecond;
    Sender sender(*driver, end(), "late", 16, &timeout);
    client->transport.await_sleepers(FM_SLEEP_LEADER, 1);
    world::advance(6 * millisecond);
    Receive *receive = client->transport.arm();
    client->transport.await_sleepers(FM_SLEEP_REPLY, 1);
    world::advance(4 * millisecond);
    SendResult result = sender.finish();
    EXPECT_EQ(result.status, STATUS_TIMEOUT);
    EXPECT_EQ(result.reply, std::string(16, '\xCC'));
    EXPECT_EQ(client->transport.reply(receive->header().MessageId, 0, "too late"),
              STATUS_FLT_NO_WAITER_FOR_REPLY); // REPLY-05
    EXPECT_EQ(counters().timed_out_delivered, 1u);
}

TEST_F(Send, SEND_07_absolute_time) {
    const int64_t timeout = world::system_now() + 5 * millisecond;
    Sender sender(*driver, end(), "x", -1, &timeout);
    client->transport.await_sleepers(FM_SLEEP_LEADER, 1);
    world::advance(5 * millisecond);
    EXPECT_EQ(sender.finish().status, STATUS_TIMEOUT);
}

TEST_F(Send, SEND_07_OPEN_02_zero_and_the_past_do_not_wait) {
    for (const int64_t timeout : {int64_t{0}, world::system_now(), int64_t{1}}) {
        EXPECT_EQ(driver->send(end(), "x", -1, &timeout).status, STATUS_TIMEOUT);
        EXPECT_EQ(driver->send(end(), "x", 8, &timeout).status, STATUS_TIMEOUT);

        Receive *receive = client->transport.arm();
        EXPECT_EQ(driver->send(end(), "x", -1, &timeout).status, STATUS_SUCCESS); // delivered if a receive is pending
        EXPECT_EQ(receive->status, STATUS_SUCCESS);

        receive = client->transport.arm();
        EXPECT_EQ(driver->send(end(), "x", 8, &timeout).status, STATUS_TIMEOUT); // delivered, and nobody waits
        EXPECT_EQ(receive->status, STATUS_SUCCESS);
        EXPECT_EQ(client->transport.reply(receive->header().MessageId, 0, ""), STATUS_FLT_NO_WAITER_FOR_REPLY);
    }
}

TEST_F(Send, SEND_06_the_longest_interval_does_not_overflow) {
    const int64_t timeout = INT64_MIN;
    Sender sender(*driver, end(), "x", -1, &timeout);
    client->transport.await_sleepers(FM_SLEEP_LEADER, 1);
    world::advance(int64_t{1} << 50);
    client->transport.arm();
    EXPECT_EQ(sender.finish().status, STATUS_SUCCESS);
}

TEST_F(Send, OPEN_03_the_replys_status_is_the_result_and_data_is_copied_whatever_it_is) {
    Receive *receive = client->transport.arm();
    Sender sender(*driver, end(), "x", 8);
    answer(receive, "why", STATUS_ACCESS_DENIED);
    SendResult result = sender.finish();
    EXPECT_EQ(result.status, STATUS_ACCESS_DENIED);
    EXPECT_EQ(result.reply.substr(0, result.reply_length), "why");
}

TEST_F(Send, OPEN_06_a_reply_too_long_ends_the_message_and_nothing_is_copied) {
    Receive *receive = client->transport.arm();
    Sender sender(*driver, end(), "x", 2);
    client->transport.await(receive);
    EXPECT_EQ(client->transport.reply(receive->header().MessageId, 0, "long"), STATUS_BUFFER_OVERFLOW);
    SendResult result = sender.finish();
    EXPECT_EQ(result.status, STATUS_BUFFER_OVERFLOW);
    EXPECT_EQ(result.reply_length, 0u);
    EXPECT_EQ(result.reply, "\xCC\xCC");
    EXPECT_EQ(client->transport.reply(receive->header().MessageId, 0, "a"), STATUS_FLT_NO_WAITER_FOR_REPLY);
}

TEST_F(Send, OPEN_07_empty_messages_and_replies) {
    Receive *receive = client->transport.arm(16);
    EXPECT_EQ(driver->send(end(), "", -1).status, STATUS_SUCCESS);
    EXPECT_EQ(receive->information, 16u);

    receive = client->transport.arm(16);
    Sender sender(*driver, end(), "", 0);
    answer(receive, "");
    SendResult result = sender.finish();
    EXPECT_EQ(result.status, STATUS_SUCCESS);
    EXPECT_EQ(result.reply_length, 0u);
    EXPECT_EQ(receive->header().ReplyLength, 16u);
}

TEST_F(Send, REPLY_06_a_message_that_wants_no_reply_has_no_waiter) {
    Receive *receive = client->transport.arm();
    EXPECT_EQ(driver->send(end(), "x", -1).status, STATUS_SUCCESS);
    EXPECT_EQ(client->transport.reply(receive->header().MessageId, 0, ""), STATUS_FLT_NO_WAITER_FOR_REPLY);
}

TEST_F(Send, OPEN_04_first_come_first_served_and_GET_07_for_receives) {
    Sender first(*driver, end(), "first", -1);
    client->transport.await_sleepers(FM_SLEEP_LEADER, 1);
    Sender second(*driver, end(), "second", -1);
    client->transport.await_sleepers(FM_SLEEP_QUEUED, 1);
    Receive *one = client->transport.arm_silently();
    Receive *two = client->transport.arm();
    client->transport.await(one);
    client->transport.await(two);
    EXPECT_EQ(one->payload(), "first");
    EXPECT_EQ(two->payload(), "second");
    EXPECT_EQ(counters().queue_high, 2u);
}

TEST_F(Send, OPEN_05_one_receive_fails_per_size_and_the_message_stays_first) {
    Receive *small = client->transport.arm_silently(20);
    Receive *same = client->transport.arm_silently(20);
    Sender sender(*driver, end(), "ten bytes!", -1);
    client->transport.await(small);
    EXPECT_EQ(small->status, STATUS_BUFFER_TOO_SMALL);
    client->transport.await_sleepers(FM_SLEEP_LEADER, 1);
    EXPECT_FALSE(same->done); // only one fails

    Receive *larger = client->transport.arm(25); // larger, still too small
    client->transport.await(larger);
    EXPECT_EQ(larger->status, STATUS_BUFFER_TOO_SMALL);

    Sender behind(*driver, end(), "tiny", -1); // would fit, but the line is blocked
    client->transport.await_sleepers(FM_SLEEP_QUEUED, 1);
    EXPECT_FALSE(same->done);
    Receive *enough = client->transport.arm(26);
    EXPECT_EQ(sender.finish().status, STATUS_SUCCESS);
    EXPECT_EQ(enough->payload(), "ten bytes!");
    EXPECT_EQ(behind.finish().status, STATUS_SUCCESS);
    EXPECT_EQ(same->payload(), "tiny");
    EXPECT_EQ(counters().receives_too_small, 2u);
}

TEST_F(Send, GET_09_GET_10_cancelling_a_receive_loses_no_message) {
    Receive *receive = client->transport.arm();
    EXPECT_TRUE(client->transport.cancel(receive));
    EXPECT_EQ(receive->status, STATUS_CANCELLED);
    EXPECT_EQ(receive->information, 0u);
    EXPECT_FALSE(client->transport.cancel(receive));

    Sender sender(*driver, end(), "x", -1);
    client->transport.await_sleepers(FM_SLEEP_LEADER, 1);
    Receive *next = client->transport.arm();
    EXPECT_EQ(sender.finish().status, STATUS_SUCCESS);
    EXPECT_EQ(next->payload(), "x");
}

TEST_F(Send, OBJ_07_connections_do_not_share_messages) {
    Client other;
    ASSERT_EQ(other.connect(), STATUS_SUCCESS);
    Receive *theirs = other.transport.arm();
    const int64_t now = 0;
    EXPECT_EQ(driver->send(end(0), "mine", -1, &now).status, STATUS_TIMEOUT);
    EXPECT_FALSE(theirs->done);
    EXPECT_EQ(driver->send(end(1), "theirs", -1, &now).status, STATUS_SUCCESS);
    EXPECT_EQ(theirs->payload(), "theirs");
}

TEST_F(Send, receives_submitted_without_a_ring_serve_a_waiting_sender) {
    Sender sender(*driver, end(), "request", -1);
    client->transport.await_sleepers(FM_SLEEP_LEADER, 1);
    Receive direct;
    direct.buffer.resize(64);
    direct.core.capacity = 64;
    fm_receive_submit(client->transport.connection, &direct.core);
    EXPECT_EQ(sender.finish().status, STATUS_SUCCESS);
    EXPECT_EQ(direct.payload(), "request");
}
