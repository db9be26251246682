// SPDX-License-Identifier: Apache-2.0
/** A client killed in each state of a message, with many senders waiting (rules DISC-04, DISC-08, SEND-22, OPEN-22). */
#include "fixture/conformance_test.h"

#include <algorithm>

using namespace conformance;

namespace {

constexpr ULONG crowd = 64;

class ClientDeath : public Conformance {
  protected:
    Port port;
    std::unique_ptr<HelperProcess> client;
    ULONG index = CONFORMANCE_NONE;
    ULONG deaths = 0;

    void SetUp() override {
        Conformance::SetUp();
        port = openPort(PortOptions().limitedTo(1));
    }

    void startClient() {
        client = HelperProcess::start();
        ASSERT_EQ("0x00000000", client->ask("connect \\ConformancePort"));
        index = newestClient(port);
    }
    Senders startCrowd() { return driver().start(index, SendCall().ofLength(24).wantingReply(24).times(crowd)); }
    /// DisconnectNotify exactly once for each death, and the only slot is free.
    void expectCleanedUp() {
        deaths++;
        driver().waitFor(port, CONFORMANCE_DISCONNECT_RETURNED, deaths);
        EXPECT_EQ(deaths, driver().counter(port, CONFORMANCE_DISCONNECT_ENTERED));
        if (index != CONFORMANCE_NONE) {
            EXPECT_EQ(0u, driver().client(index).Connected);
        }
    }
    void expectAllDisconnected(Senders &senders) {
        for (const LONG code : senders.statuses()) {
            EXPECT_CODE(status::portDisconnected, code);
        }
    }
    void keep(ULONG count) {
        ASSERT_EQ("0x00000000 " + std::to_string(count), client->ask("keep " + std::to_string(count)));
    }
    /// The slot of a port that admits one client is free again.
    void expectSlotFree() {
        Connection next(port.name);
        EXPECT_CODE(result::ok, next.result());
        next.close();
        deaths++;
        driver().waitFor(port, CONFORMANCE_DISCONNECT_RETURNED, deaths);
    }
};

TEST_F(ClientDeath, DISC_04_DISC_08_SEND_22_killed_while_messages_are_queued) {
    startClient();
    Senders senders = startCrowd();
    EXPECT_TRUE(senders.areWaiting());
    client->kill();
    expectAllDisconnected(senders);
    expectCleanedUp();
    expectSlotFree();
}

TEST_F(ClientDeath, DISC_04_DISC_08_SEND_22_killed_with_messages_delivered_but_not_taken) {
    startClient();
    ASSERT_EQ("0x800703E5", client->ask("arm " + std::to_string(crowd / 2)));
    Senders senders = startCrowd();
    EXPECT_TRUE(senders.areWaiting());
    client->kill();
    expectAllDisconnected(senders);
    expectCleanedUp();
    expectSlotFree();
}

TEST_F(ClientDeath, DISC_04_DISC_08_SEND_22_OPEN_22_killed_while_it_keeps_messages_unanswered) {
    startClient();
    Senders senders = startCrowd();
    keep(crowd);
    EXPECT_TRUE(senders.areWaiting());
    client->kill();
    expectAllDisconnected(senders);
    for (ULONG i = 0; i < crowd; i++) {
        EXPECT_TRUE(senders.outcome(i).replyUntouched());
    }
    expectCleanedUp();
    expectSlotFree();
}

TEST_F(ClientDeath, DISC_04_REPLY_12_killed_right_after_replies_were_written_those_replies_count) {
    startClient();
    Senders senders = startCrowd();
    keep(crowd);
    client->tell("reply-kept-and-die " + std::to_string(crowd / 2));
    client->waitForEnd();
    senders.waitUntilReturned();
    ULONG answered = 0;
    for (ULONG i = 0; i < crowd; i++) {
        const SendOutcome sent = senders.outcome(i);
        if (sent.Status == status::success) {
            answered++;
            EXPECT_EQ(payloadOf(senders.first() + i, 24), sent.replied());
        } else {
            EXPECT_CODE(status::portDisconnected, sent.Status);
            EXPECT_TRUE(sent.replyUntouched());
        }
    }
    EXPECT_EQ(crowd / 2, answered);
    expectCleanedUp();
    expectSlotFree();
}

TEST_F(ClientDeath, DISC_04_DISC_08_killed_at_any_moment_of_a_busy_exchange) {
    for (ULONG round = 0; round < 10; round++) {
        startClient();
        ASSERT_EQ("serving", client->ask("serve 4"));
        Senders senders = startCrowd();
        senders.waitUntilAnyReturned();
        Senders more = startCrowd();
        client->kill();
        for (Senders *group : {&senders, &more}) {
            group->waitUntilReturned();
            for (ULONG i = 0; i < crowd; i++) {
                const SendOutcome sent = group->outcome(i);
                if (sent.Status == status::success) {
                    EXPECT_EQ(payloadOf(group->first() + i, 24), sent.replied());
                } else {
                    EXPECT_CODE(status::portDisconnected, sent.Status);
                }
            }
            group->release();
        }
        expectCleanedUp();
    }
}

TEST_F(ClientDeath, SEND_21_DISC_11_killed_while_its_message_callback_runs) {
    startClient();
    driver().onMessage(port, Hook().atGate());
    ASSERT_EQ("started", client->ask("send-aside 00 8"));
    driver().waitFor(port, CONFORMANCE_MESSAGE_ENTERED, 1);
    client->kill();
    EXPECT_FALSE(driver().reachesSoon(port, CONFORMANCE_DISCONNECT_ENTERED, 1));
    driver().openGate(port, CONFORMANCE_CALLBACK_MESSAGE);
    expectCleanedUp();
    expectSlotFree();
}

TEST_F(ClientDeath, SEND_21_killed_while_its_message_callback_waits_for_a_reply_of_another_client) {
    const Port other = openPort(PortOptions().named(u"\\ConformanceOther"));
    Connection survivor = connect(other);
    Receive receive;
    ASSERT_CODE(result::pending, receive.arm(survivor.handle()));
    Senders inside = driver().prepare(survivor.client, SendCall().wantingReply(8));
    driver().onMessage(port, Hook().sending(inside.first()).times(1));
    startClient();
    ASSERT_EQ("started", client->ask("send-aside 00 8"));
    const Message message = receive.wait();
    client->kill();
    EXPECT_CODE(status::threadIsTerminating, inside.status());
    EXPECT_CODE(result::noWaiterForReply, survivor.reply(message));
    expectCleanedUp();
    EXPECT_CODE(result::ok, survivor.send(pattern(4)).result);
}

TEST_F(ClientDeath, DISC_04_killed_while_ConnectNotify_runs_it_leaves_nothing_behind) {
    driver().onConnect(port, Hook().atGate().times(1));
    client = HelperProcess::start();
    client->tell("connect \\ConformancePort");
    driver().waitFor(port, CONFORMANCE_CONNECT_ENTERED, 1);
    client->kill();
    driver().openGate(port, CONFORMANCE_CALLBACK_CONNECT);
    driver().waitFor(port, CONFORMANCE_CONNECT_RETURNED, 1);
    expectCleanedUp();
    expectSlotFree();
}

TEST_F(ClientDeath, DISC_04_two_hundred_deaths_leak_no_descriptor_mapping_or_thread) {
    if (!manager().cannotCountResources().empty()) {
        GTEST_SKIP() << manager().cannotCountResources();
    }
    constexpr ULONG cycles = 200, warmUp = 20;
    Resources before{};
    for (ULONG cycle = 0; cycle < cycles + warmUp; cycle++) {
        if (cycle == warmUp) {
            before = manager().resources();
        }
        startClient();
        Senders senders = startCrowd();
        switch (cycle % 4) {
        case 0:
            senders.waitUntilSending();
            break;
        case 1:
            ASSERT_EQ("0x800703E5", client->ask("arm 32"));
            break;
        case 2:
            keep(crowd);
            break;
        default:
            keep(crowd);
            client->tell("reply-kept-and-die 32");
            client->waitForEnd();
            break;
        }
        client->kill();
        senders.waitUntilReturned();
        senders.release();
        expectCleanedUp();
    }
    // What is released a moment later counts as released; growth with the number of cycles does not.
    Resources after{};
    const bool released = eventually([&] {
        after = manager().resources();
        return after.descriptors <= before.descriptors && after.mappings <= before.mappings &&
               after.threads <= before.threads + cycles / 10;
    });
    EXPECT_TRUE(released) << "before: " << before.descriptors << " descriptors, " << before.mappings << " mappings, "
                          << before.threads << " threads; after: " << after.descriptors << ", " << after.mappings
                          << ", " << after.threads;
}

} // namespace
