// SPDX-License-Identifier: Apache-2.0
/** A client that does its worst to the memory it shares with the Filter Manager; others must not notice. */
#include "fixture/conformance_test.h"

using namespace conformance;
using namespace std::chrono_literals;

namespace {

class HostileClient : public Conformance {
  protected:
    Port port;
    Connection honest;
    std::unique_ptr<HelperProcess> hostile;
    ULONG hostileIndex = CONFORMANCE_NONE;

    void SetUp() override {
        Conformance::SetUp();
        port = openPort();
        honest = connect(port);
    }
    void TearDown() override {
        honest.close();
        hostile.reset();
        Conformance::TearDown();
    }
    void startHostile() {
        hostile = HelperProcess::start();
        ASSERT_EQ("0x00000000", hostile->ask("connect \\ConformancePort"));
        hostileIndex = newestClient(port);
        ASSERT_EQ("0x800703E5", hostile->ask("arm 8"));
        ASSERT_EQ("serving", hostile->ask("serve 2"));
    }
    /// Messages to the honest client, each answered correctly and unharmed.
    void exchangeHonestly(ULONG count) {
        for (ULONG i = 0; i < count; i++) {
            auto [sender, message] = deliver(honest, 32, SendCall().ofLength(32));
            ASSERT_EQ(payloadOf(sender.first(), 32), message.payload);
            ASSERT_CODE(result::ok, honest.reply(message, pattern(32, i)));
            ASSERT_CODE(status::success, sender.status());
            ASSERT_EQ(pattern(32, i), sender.outcome().replied());
            ASSERT_CODE(result::ok, honest.send(pattern(8)).result);
            sender.release();
        }
    }
};

TEST_F(HostileClient, OBJ_07_random_bytes_over_every_shared_page_harm_nobody_else) {
    if (!noSharedPages().empty()) {
        GTEST_SKIP() << noSharedPages();
    }
    for (ULONG seed = 1; seed <= 4; seed++) {
        const ULONG before = driver().counter(port, CONFORMANCE_DISCONNECT_RETURNED);
        startHostile();
        Senders victims =
            driver().start(hostileIndex, SendCall().ofLength(24).wantingReply(24).within(2000ms).times(32));
        hostile->tell("scribble " + std::to_string(seed) + " 50");
        exchangeHonestly(50);
        victims.waitUntilReturned();
        victims.release();
        hostile->kill();
        driver().waitFor(port, CONFORMANCE_DISCONNECT_RETURNED, before + 1);
        EXPECT_TRUE(manager().isRunning());
        exchangeHonestly(5);
    }
}

TEST_F(HostileClient, OBJ_07_holes_in_shared_pages_and_changes_of_their_size_harm_nobody_else) {
    if (!noSharedPages().empty()) {
        GTEST_SKIP() << noSharedPages();
    }
    startHostile();
    Senders victims = driver().start(hostileIndex, SendCall().ofLength(24).wantingReply(24).within(2000ms).times(32));
    EXPECT_EQ("ok 0", hostile->ask("punch")) << "a change of size was accepted";
    exchangeHonestly(50);
    victims.waitUntilReturned();
    victims.release();
    hostile->kill();
    driver().waitFor(port, CONFORMANCE_DISCONNECT_RETURNED, 1);
    EXPECT_TRUE(manager().isRunning());
    exchangeHonestly(5);
}

TEST_F(HostileClient, SEND_22_senders_to_a_scribbling_client_are_released_when_it_dies) {
    if (!noSharedPages().empty()) {
        GTEST_SKIP() << noSharedPages();
    }
    startHostile();
    Senders victims = driver().start(hostileIndex, SendCall().ofLength(24).wantingReply(24).times(64));
    victims.waitUntilSending();
    hostile->tell("scribble 9 50");
    exchangeHonestly(20);
    hostile->kill();
    victims.waitUntilReturned();
    driver().waitFor(port, CONFORMANCE_DISCONNECT_RETURNED, 1);
    exchangeHonestly(5);
}

} // namespace
