// SPDX-License-Identifier: Apache-2.0
// Races that no client can provoke from outside: each test stops a sender at one point and lets something happen there.
#include "test_driver.h"

class SendRace : public PortTest {
  protected:
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

    MemoryTransport &transport() { return client->transport; }
    const int64_t ten_ms = -10 * millisecond;
};

// Fill ----------------------------------------------------------------------------------------------------------------

TEST_F(SendRace, GET_10_a_receive_cancelled_while_filling_returns_the_message_to_the_head_of_the_queue) {
    Receive *second = nullptr;
    transport().before_fill = [&](Receive &) {
        transport().before_fill = nullptr;
        second = transport().arm();
        return FM_FILL_CANCELLED;
    };
    Receive *first = transport().arm();
    EXPECT_EQ(driver->send(end(), "x", -1).status, STATUS_SUCCESS);
    EXPECT_EQ(first->status, STATUS_CANCELLED);
    EXPECT_EQ(second->payload(), "x");
    EXPECT_EQ(counters().refilled, 1u);
}

TEST_F(SendRace, a_refilled_message_goes_before_those_that_waited_behind_it) {
    std::unique_ptr<Sender> behind;
    transport().before_fill = [&](Receive &) {
        transport().before_fill = nullptr;
        behind = std::make_unique<Sender>(*driver, end(), "behind", -1);
        transport().await_sleepers(FM_SLEEP_LEADER, 1); // while we fill it is the head
        return FM_FILL_CANCELLED;
    };
    transport().arm();
    Sender first(*driver, end(), "first", 8);
    transport().await_sleepers(FM_SLEEP_LEADER, 2); // both on the doorbell
    Receive *one = transport().arm();
    transport().await(one);
    EXPECT_EQ(one->payload(), "first");
    Receive *two = transport().arm();
    EXPECT_EQ(behind->finish().status, STATUS_SUCCESS);
    EXPECT_EQ(two->payload(), "behind");
    EXPECT_EQ(transport().reply(one->header().MessageId, 0, "ok"), STATUS_SUCCESS);
    EXPECT_EQ(first.finish().status, STATUS_SUCCESS);
}

TEST_F(SendRace, a_refilled_message_leaves_no_window_open_and_gets_a_new_id) {
    transport().before_fill = [&](Receive &) {
        transport().before_fill = nullptr;
        EXPECT_EQ(transport().open_windows(), 1);
        return FM_FILL_CANCELLED;
    };
    transport().arm();
    Sender sender(*driver, end(), "x", 8);
    transport().await_sleepers(FM_SLEEP_LEADER, 1);
    EXPECT_EQ(transport().open_windows(), 0);
    Receive *receive = transport().arm();
    transport().await(receive);
    EXPECT_EQ(receive->header().MessageId, 2u);
    EXPECT_EQ(transport().reply(1, 0, ""), STATUS_FLT_NO_WAITER_FOR_REPLY);
    EXPECT_EQ(transport().reply(2, 0, ""), STATUS_SUCCESS);
    EXPECT_EQ(sender.finish().status, STATUS_SUCCESS);
}

TEST_F(SendRace, OPEN_05_a_buffer_found_too_small_while_filling_fails_and_the_message_stays) {
    transport().before_fill = [&](Receive &) {
        transport().before_fill = nullptr;
        return FM_FILL_TOO_SMALL;
    };
    Receive *liar = transport().arm(64);
    Sender sender(*driver, end(), "x", -1);
    transport().await(liar);
    EXPECT_EQ(liar->status, STATUS_BUFFER_TOO_SMALL);
    Receive *honest = transport().arm(65);
    EXPECT_EQ(sender.finish().status, STATUS_SUCCESS);
    EXPECT_EQ(honest->payload(), "x");
}

TEST_F(SendRace, OPEN_02_a_message_that_may_not_wait_ends_when_its_receive_was_cancelled) {
    transport().before_fill = [](Receive &) { return FM_FILL_CANCELLED; };
    transport().arm();
    const int64_t now = 0;
    EXPECT_EQ(driver->send(end(), "x", 8, &now).status, STATUS_TIMEOUT);
    EXPECT_EQ(transport().open_windows(), 0);
}

TEST_F(SendRace, SEND_08_time_over_while_filling_delivers_and_then_times_out) {
    transport().before_fill = [&](Receive &) {
        world::advance(20 * millisecond);
        return FM_FILL_OK;
    };
    Receive *receive = transport().arm();
    EXPECT_EQ(driver->send(end(), "x", 8, &ten_ms).status, STATUS_TIMEOUT);
    EXPECT_EQ(receive->status, STATUS_SUCCESS);
    EXPECT_EQ(transport().open_windows(), 0);
}

// Leader --------------------------------------------------------------------------------------------------------------

TEST_F(SendRace, OPEN_04_the_next_sender_leads_when_the_leader_times_out) {
    Sender leader(*driver, end(), "leader", -1, &ten_ms);
    transport().await_sleepers(FM_SLEEP_LEADER, 1);
    Sender next(*driver, end(), "next", -1);
    transport().await_sleepers(FM_SLEEP_QUEUED, 1);
    world::advance(10 * millisecond);
    EXPECT_EQ(leader.finish().status, STATUS_TIMEOUT);
    transport().await_sleepers(FM_SLEEP_LEADER, 1);
    Receive *receive = transport().arm();
    EXPECT_EQ(next.finish().status, STATUS_SUCCESS);
    EXPECT_EQ(receive->payload(), "next");
}

TEST_F(SendRace, OPEN_04_a_sender_that_leaves_from_the_middle_leaves_the_others_in_order) {
    Sender first(*driver, end(), "first", -1);
    transport().await_sleepers(FM_SLEEP_LEADER, 1);
    Sender middle(*driver, end(), "middle", -1, &ten_ms);
    transport().await_sleepers(FM_SLEEP_QUEUED, 1);
    Sender last(*driver, end(), "last", -1);
    transport().await_sleepers(FM_SLEEP_QUEUED, 2);
    world::advance(10 * millisecond);
    EXPECT_EQ(middle.finish().status, STATUS_TIMEOUT);
    Receive *one = transport().arm();
    EXPECT_EQ(first.finish().status, STATUS_SUCCESS);
    Receive *two = transport().arm();
    EXPECT_EQ(last.finish().status, STATUS_SUCCESS);
    EXPECT_EQ(one->payload(), "first");
    EXPECT_EQ(two->payload(), "last");
}

TEST_F(SendRace, a_passing_sender_serves_the_leader_without_the_doorbell) {
    Sender leader(*driver, end(), "leader", -1);
    transport().await_sleepers(FM_SLEEP_LEADER, 1);
    Receive *receive = transport().arm_silently(); // nobody rang
    const int64_t now = 0;
    EXPECT_EQ(driver->send(end(), "passing", -1, &now).status, STATUS_TIMEOUT);
    EXPECT_EQ(leader.finish().status, STATUS_SUCCESS);
    EXPECT_EQ(receive->payload(), "leader");
}

// Reply windows ---------------------------------------------------------------------------------------------------------

class SendRaceOneWindow : public SendRace {
  protected:
    void SetUp() override {
        SendRace::SetUp();
        client->close();
        client = std::make_unique<Client>(1);
        ASSERT_EQ(client->connect(), STATUS_SUCCESS);
    }
    ClientEnd &here() { return end(1); }
};

TEST_F(SendRaceOneWindow, no_free_reply_window_counts_as_no_receive_and_freeing_one_serves_the_queue) {
    Receive *one = transport().arm();
    Sender first(*driver, here(), "first", 8);
    transport().await(one);
    Receive *two = transport().arm();
    Sender second(*driver, here(), "second", 8);
    transport().await_sleepers(FM_SLEEP_LEADER, 1);
    EXPECT_FALSE(two->done);
    EXPECT_EQ(transport().reply(one->header().MessageId, 0, "1"), STATUS_SUCCESS);
    EXPECT_EQ(first.finish().status, STATUS_SUCCESS);
    transport().await(two); // no doorbell rang: the first sender handed the window on
    EXPECT_EQ(transport().reply(two->header().MessageId, 0, "2"), STATUS_SUCCESS);
    EXPECT_EQ(second.finish().reply.substr(0, 1), "2");
}

TEST_F(SendRaceOneWindow, a_window_freed_by_a_timeout_serves_the_queue_too) {
    Receive *one = transport().arm();
    Sender first(*driver, here(), "first", 8, &ten_ms);
    transport().await_sleepers(FM_SLEEP_REPLY, 1);
    Receive *two = transport().arm();
    Sender second(*driver, here(), "second", 8);
    transport().await_sleepers(FM_SLEEP_LEADER, 1);
    world::advance(10 * millisecond);
    EXPECT_EQ(first.finish().status, STATUS_TIMEOUT);
    transport().await(two);
    EXPECT_EQ(transport().reply(one->header().MessageId, 0, "1"), STATUS_FLT_NO_WAITER_FOR_REPLY);
    EXPECT_EQ(transport().reply(two->header().MessageId, 0, "2"), STATUS_SUCCESS);
    EXPECT_EQ(second.finish().status, STATUS_SUCCESS);
}

// Reply against the end of the window -----------------------------------------------------------------------------------

TEST_F(SendRace, a_reply_published_after_the_sender_woke_for_its_timeout_still_wins) {
    Receive *receive = transport().arm();
    transport().after_reply_timeout = [&](uint64_t id) { EXPECT_EQ(transport().reply(id, 0, "just"), STATUS_SUCCESS); };
    Sender sender(*driver, end(), "x", 8, &ten_ms);
    transport().await_sleepers(FM_SLEEP_REPLY, 1);
    world::advance(10 * millisecond);
    SendResult result = sender.finish();
    EXPECT_EQ(result.status, STATUS_SUCCESS);
    EXPECT_EQ(result.reply.substr(0, result.reply_length), "just");
    EXPECT_EQ(transport().reply(receive->header().MessageId, 0, ""), STATUS_FLT_NO_WAITER_FOR_REPLY);
}

TEST_F(SendRace, a_reply_published_before_the_disconnect_wins) {
    transport().arm();
    transport().after_reply_timeout = [&](uint64_t id) {
        EXPECT_EQ(transport().reply(id, 0, "last"), STATUS_SUCCESS);
        fm_connection_break(transport().connection);
    };
    Sender sender(*driver, end(), "x", 8, &ten_ms);
    transport().await_sleepers(FM_SLEEP_REPLY, 1);
    world::advance(10 * millisecond);
    EXPECT_EQ(sender.finish().status, STATUS_SUCCESS);
}

TEST_F(SendRace, a_client_that_takes_its_reply_back_is_disconnected) {
    transport().lie = true;
    transport().arm();
    EXPECT_EQ(driver->send(end(), "x", 8).status, STATUS_PORT_DISCONNECTED);
    EXPECT_TRUE(transport().told_disconnected());
    EXPECT_EQ(driver->send(end(), "x", -1).status, STATUS_PORT_DISCONNECTED);
    EXPECT_EQ(end().disconnects, 0); // the handle is still open
    client->close();
    EXPECT_EQ(end().disconnects, 1);
}

// Disconnect in each phase ------------------------------------------------------------------------------------------------

TEST_F(SendRace, SEND_22_DISC_08_disconnect_while_queued) {
    Sender leader(*driver, end(), "1", -1), follower(*driver, end(), "2", 8);
    transport().await_sleepers(FM_SLEEP_LEADER, 1);
    transport().await_sleepers(FM_SLEEP_QUEUED, 1);
    client->close();
    EXPECT_EQ(leader.finish().status, STATUS_PORT_DISCONNECTED);
    EXPECT_EQ(follower.finish().status, STATUS_PORT_DISCONNECTED);
    EXPECT_EQ(end().disconnects, 1);
    EXPECT_EQ(counters().disconnected, 2u);
}

TEST_F(SendRace, SEND_22_disconnect_while_filling) {
    transport().before_fill = [&](Receive &) {
        fm_connection_break(transport().connection);
        return FM_FILL_OK;
    };
    Receive *receive = transport().arm();
    EXPECT_EQ(driver->send(end(), "x", 8).status, STATUS_PORT_DISCONNECTED);
    EXPECT_EQ(receive->status, STATUS_SUCCESS); // it already held the message
    EXPECT_EQ(transport().open_windows(), 0);
}

TEST_F(SendRace, SEND_22_disconnect_while_filling_a_cancelled_receive) {
    transport().before_fill = [&](Receive &) {
        fm_connection_break(transport().connection);
        return FM_FILL_CANCELLED;
    };
    transport().arm();
    EXPECT_EQ(driver->send(end(), "x", 8).status, STATUS_PORT_DISCONNECTED);
    EXPECT_EQ(transport().open_windows(), 0);
}

TEST_F(SendRace, SEND_22_DISC_08_disconnect_while_waiting_for_the_reply) {
    transport().arm();
    Sender sender(*driver, end(), "x", 8);
    transport().await_sleepers(FM_SLEEP_REPLY, 1);
    client->close();
    EXPECT_EQ(sender.finish().status, STATUS_PORT_DISCONNECTED);
    EXPECT_EQ(transport().open_windows(), 0);
}

TEST_F(SendRace, SEND_02_the_transport_outlives_the_last_sender) {
    bool go_on = false;
    transport().before_fill = [&](Receive &) {
        world::change([&] { go_on = true; });
        world::await([&] { return !go_on; });
        return FM_FILL_OK;
    };
    transport().arm();
    Sender sender(*driver, end(), "x", 8);
    world::await([&] { return go_on; });
    client->close(); // user's end closed, DisconnectNotify has closed the driver's
    EXPECT_EQ(end().port, nullptr);
    EXPECT_FALSE(transport().released());
    world::change([&] { go_on = false; });
    EXPECT_EQ(sender.finish().status, STATUS_PORT_DISCONNECTED);
    transport().await_released();
}

// Alert in each phase -------------------------------------------------------------------------------------------------------

TEST_F(SendRace, SEND_21_alert_while_queued) {
    Sender leader(*driver, end(), "1", -1);
    transport().await_sleepers(FM_SLEEP_LEADER, 1);
    Sender follower(*driver, end(), "2", -1);
    transport().await_sleepers(FM_SLEEP_QUEUED, 1);
    leader.thread.alert();
    EXPECT_EQ(leader.finish().status, STATUS_THREAD_IS_TERMINATING);
    transport().await_sleepers(FM_SLEEP_LEADER, 1);
    follower.thread.alert();
    EXPECT_EQ(follower.finish().status, STATUS_THREAD_IS_TERMINATING);
    EXPECT_EQ(counters().terminated, 2u);
}

TEST_F(SendRace, SEND_21_alert_while_waiting_for_the_reply) {
    Receive *receive = transport().arm();
    Sender sender(*driver, end(), "x", 8);
    transport().await_sleepers(FM_SLEEP_REPLY, 1);
    sender.thread.alert();
    EXPECT_EQ(sender.finish().status, STATUS_THREAD_IS_TERMINATING);
    EXPECT_EQ(transport().reply(receive->header().MessageId, 0, ""), STATUS_FLT_NO_WAITER_FOR_REPLY);
}

TEST_F(SendRace, SEND_21_alert_while_filling) {
    Sender *self = nullptr;
    transport().before_fill = [&](Receive &) {
        world::await([&] { return self != nullptr; });
        self->thread.alert();
        return FM_FILL_OK;
    };
    Receive *receive = transport().arm();
    Sender sender(*driver, end(), "x", 8);
    world::change([&] { self = &sender; });
    EXPECT_EQ(sender.finish().status, STATUS_THREAD_IS_TERMINATING);
    EXPECT_EQ(receive->status, STATUS_SUCCESS);
    EXPECT_EQ(transport().open_windows(), 0);
}

TEST_F(SendRace, SEND_21_an_alert_before_the_send_is_not_forgotten_until_the_thread_is_reset) {
    world::Thread thread([&] {
        fm_alert_thread(fm_current_thread());
        EXPECT_EQ(driver->send(end(), "x", -1).status, STATUS_THREAD_IS_TERMINATING);
        EXPECT_EQ(driver->send(end(), "x", -1).status, STATUS_THREAD_IS_TERMINATING);
        fm_thread_reset(fm_current_thread());
        transport().arm();
        EXPECT_EQ(driver->send(end(), "x", -1).status, STATUS_SUCCESS);
    });
}
