// SPDX-License-Identifier: Apache-2.0
/** Rules of section 4c: FilterReplyMessage. */
#include "fixture/conformance_test.h"

#include <algorithm>
#include <cstring>

using namespace conformance;
using namespace std::chrono_literals;

namespace {

class Reply : public Conformance {
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
    /// A message goes to and fro: the connection is usable.
    void expectUsable() {
        auto [sender, message] = deliver(connection);
        EXPECT_CODE(result::ok, connection.reply(message, pattern(8)));
        EXPECT_CODE(status::success, sender.status());
        EXPECT_EQ(pattern(8), sender.outcome().replied());
    }
};

TEST_F(Reply, REPLY_01_REPLY_02_the_reply_goes_to_the_sender_of_the_message_it_names) {
    auto [first, firstMessage] = deliver(connection);
    auto [second, secondMessage] = deliver(connection);
    EXPECT_CODE(result::ok, connection.reply(secondMessage, pattern(8, 2)));
    EXPECT_CODE(status::success, second.status());
    EXPECT_TRUE(first.areWaiting());
    EXPECT_CODE(result::ok, connection.reply(firstMessage, pattern(8, 1)));
    EXPECT_CODE(status::success, first.status());
    EXPECT_EQ(pattern(8, 1), first.outcome().replied());
    EXPECT_EQ(pattern(8, 2), second.outcome().replied());
}

TEST_F(Reply, REPLY_01_SEND_15_replies_of_every_length_arrive_whole) {
    for (const ULONG length : {0u, 1u, 8u, 959u, 960u, 961u, 992u, 993u, 1024u, 4096u, 65000u}) {
        auto [sender, message] = deliver(connection, length);
        EXPECT_EQ(length + 16u, message.replyLength);
        EXPECT_CODE(result::ok, connection.reply(message, pattern(length, length)));
        EXPECT_CODE(status::success, sender.status());
        const SendOutcome sent = sender.outcome();
        EXPECT_EQ(length, sent.ReplyLength);
        EXPECT_EQ(pattern(length, length), sent.reply);
        EXPECT_TRUE(sent.guardIntact);
    }
}

TEST_F(Reply, REPLY_03_trailing_padding_counts_as_data) {
    auto [sender, message] = deliver(connection, 5);
    EXPECT_CODE(result::bufferOverflow, connection.reply(message, Bytes(8)));
    EXPECT_CODE(status::bufferOverflow, sender.status());
}

TEST_F(Reply, REPLY_05_nobody_waits_after_a_timeout_and_the_connection_stays_usable) {
    auto [sender, message] = deliver(connection, 8, SendCall().within(50ms));
    EXPECT_CODE(status::timeout, sender.status());
    EXPECT_CODE(result::noWaiterForReply, connection.reply(message, pattern(8)));
    expectUsable();
}

TEST_F(Reply, REPLY_05_nobody_waits_for_a_long_reply_after_a_timeout) {
    auto [sender, message] = deliver(connection, 5000, SendCall().within(50ms));
    EXPECT_CODE(status::timeout, sender.status());
    EXPECT_CODE(result::noWaiterForReply, connection.reply(message, pattern(5000)));
    EXPECT_TRUE(sender.outcome().replyUntouched());
    expectUsable();
}

TEST_F(Reply, REPLY_06_a_message_that_asked_no_reply_has_no_waiter) {
    Receive receive;
    ASSERT_CODE(result::pending, receive.arm(connection.handle()));
    EXPECT_CODE(status::success, driver().sendAndWait(connection.client, SendCall()).Status);
    EXPECT_CODE(result::noWaiterForReply, connection.reply(receive.wait()));
}

TEST_F(Reply, REPLY_06_a_second_reply_has_no_waiter_and_does_not_change_the_first) {
    auto [sender, message] = deliver(connection);
    EXPECT_CODE(result::ok, connection.reply(message, pattern(8, 1)));
    EXPECT_CODE(result::noWaiterForReply, connection.reply(message, pattern(8, 2)));
    EXPECT_CODE(status::success, sender.status());
    EXPECT_EQ(pattern(8, 1), sender.outcome().replied());
}

TEST_F(Reply, REPLY_06_two_threads_that_reply_at_once_one_wins) {
    for (int round = 0; round < 50; round++) {
        auto [sender, message] = deliver(connection);
        const ULONGLONG id = message.id;
        Blocking other("FilterReplyMessage", [&] { return connection.reply(id, pattern(8, 1)); });
        const HRESULT own = connection.reply(id, pattern(8, 2));
        const HRESULT others = other.result();
        EXPECT_TRUE((own == result::ok) != (others == result::ok)) << "exactly one reply counts";
        EXPECT_CODE(result::noWaiterForReply, own == result::ok ? others : own);
        EXPECT_CODE(status::success, sender.status());
        EXPECT_EQ(pattern(8, own == result::ok ? 2 : 1), sender.outcome().replied());
        sender.release();
    }
}

TEST_F(Reply, REPLY_07_an_id_never_issued_has_no_waiter_and_the_connection_stays_usable) {
    auto [sender, message] = deliver(connection);
    for (const ULONGLONG id : {0ull, ~0ull, message.id + 1, message.id - 1, message.id ^ 0x8000000000000000ull,
                               message.id + 0x10000, message.id + 0x7FFF}) {
        EXPECT_CODE(result::noWaiterForReply, connection.reply(id, pattern(8)));
        EXPECT_CODE(result::noWaiterForReply, connection.reply(id, pattern(3000)));
    }
    EXPECT_TRUE(sender.areWaiting());
    EXPECT_CODE(result::ok, connection.reply(message));
    expectUsable();
}

TEST_F(Reply, REPLY_08_a_reply_through_another_connection_has_no_waiter) {
    Connection other = connect(port);
    auto [sender, message] = deliver(connection);
    EXPECT_CODE(result::noWaiterForReply, other.reply(message, pattern(8)));
    EXPECT_CODE(result::noWaiterForReply, other.reply(message, pattern(3000)));
    EXPECT_TRUE(sender.areWaiting());
    EXPECT_CODE(result::ok, connection.reply(message, pattern(8)));
    EXPECT_CODE(status::success, sender.status());
}

TEST_F(Reply, REPLY_09_any_thread_may_reply_in_any_order) {
    constexpr ULONG count = 24, threads = 4;
    Senders senders = driver().start(connection.client, SendCall().wantingReply(8).times(count));
    std::vector<Message> messages;
    for (ULONG i = 0; i < count; i++) {
        Receive receive;
        ASSERT_CODE(result::pending, receive.arm(connection.handle()));
        messages.push_back(receive.wait());
    }
    std::reverse(messages.begin(), messages.end());
    {
        std::vector<std::unique_ptr<Blocking>> repliers;
        for (ULONG thread = 0; thread < threads; thread++) {
            repliers.push_back(std::make_unique<Blocking>("a replying thread", [&, thread] {
                for (ULONG i = thread; i < count; i += threads) {
                    const HRESULT code = connection.reply(messages[i], pattern(8, senderOf(messages[i].payload)));
                    if (code != result::ok) {
                        return code;
                    }
                }
                return result::ok;
            }));
        }
        for (auto &replier : repliers) {
            EXPECT_CODE(result::ok, replier->result());
        }
    }
    senders.waitUntilReturned();
    for (ULONG i = 0; i < count; i++) {
        EXPECT_EQ(pattern(8, senders.first() + i), senders.outcome(i).replied());
    }
}

TEST_F(Reply, REPLY_10_SEND_16_a_shorter_reply_and_a_bare_header_are_accepted) {
    for (const ULONG length : {0u, 1u, 99u}) {
        auto [sender, message] = deliver(connection, 100);
        EXPECT_CODE(result::ok, connection.reply(message, pattern(length)));
        EXPECT_CODE(status::success, sender.status());
        const SendOutcome sent = sender.outcome();
        EXPECT_EQ(length, sent.ReplyLength);
        EXPECT_EQ(pattern(length), sent.replied());
    }
}

TEST_F(Reply, REPLY_11_OPEN_03_the_status_of_the_reply_becomes_that_of_the_send_and_data_comes_along) {
    auto [refused, message] = deliver(connection, 8);
    EXPECT_CODE(result::ok, connection.reply(message, pattern(8), status::accessDenied));
    EXPECT_CODE(status::accessDenied, refused.status());
    EXPECT_EQ(8u, refused.outcome().ReplyLength);
    EXPECT_EQ(pattern(8), refused.outcome().replied());

    auto [accepted, another] = deliver(connection, 8);
    EXPECT_CODE(result::ok, connection.reply(another, pattern(8), 0));
    EXPECT_CODE(status::success, accepted.status());
}

TEST_F(Reply, REPLY_12_the_buffer_may_be_reused_when_the_call_returns) {
    for (const ULONG length : {8u, 800u, 4000u}) {
        auto [sender, message] = deliver(connection, length);
        std::vector<ULONGLONG> memory((16 + length) / 8);
        auto *header = reinterpret_cast<FILTER_REPLY_HEADER *>(memory.data());
        UCHAR *payload = reinterpret_cast<UCHAR *>(memory.data()) + 16;
        header->Status = 0;
        header->MessageId = message.id;
        const Bytes sent = pattern(length);
        std::memcpy(payload, sent.data(), length);
        EXPECT_CODE(result::ok, FilterReplyMessage(connection.handle(), header, 16 + length));
        std::memset(memory.data(), 0xFF, 16 + length);
        EXPECT_CODE(status::success, sender.status());
        EXPECT_EQ(sent, sender.outcome().replied());
    }
}

TEST_F(Reply, REPLY_13_after_the_drivers_close_a_reply_is_disconnected) {
    auto [sender, message] = deliver(connection);
    driver().closeClient(connection.client);
    EXPECT_CODE(status::portDisconnected, sender.status());
    EXPECT_CODE(result::disconnected, connection.reply(message));
    EXPECT_CODE(result::disconnected, connection.reply(message, pattern(3000)));
}

TEST_F(Reply, REPLY_13_through_a_closed_handle_a_reply_is_refused) {
    auto [sender, message] = deliver(connection);
    const HANDLE handle = connection.release();
    EXPECT_TRUE(CloseHandle(handle));
    EXPECT_CODE(result::disconnected, replyThrough(handle, message.id));
    EXPECT_CODE(status::portDisconnected, sender.status());
}

TEST_F(Reply, REPLY_14_no_buffer_or_one_too_small_is_refused_and_the_sender_keeps_waiting) {
    auto [sender, message] = deliver(connection);
    FILTER_REPLY_HEADER header{};
    header.MessageId = message.id;
    EXPECT_CODE(result::invalidParameter, FilterReplyMessage(connection.handle(), nullptr, 24));
    EXPECT_CODE(result::invalidParameter, FilterReplyMessage(connection.handle(), &header, 15));
    EXPECT_CODE(result::invalidParameter, FilterReplyMessage(connection.handle(), &header, 0));
    EXPECT_TRUE(sender.areWaiting());
    EXPECT_CODE(result::ok, FilterReplyMessage(connection.handle(), &header, 16));
    EXPECT_CODE(status::success, sender.status());
}

} // namespace
