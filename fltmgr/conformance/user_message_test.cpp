// SPDX-License-Identifier: Apache-2.0
/** Rules of section 5: user to kernel messages. */
#include "fixture/conformance_test.h"

using namespace conformance;

namespace {

class UserMessage : public Conformance {
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
    CONFORMANCE_EVENT lastMessage() { return driver().events(port, CONFORMANCE_EVENT_MESSAGE).back(); }
    ULONG messages() { return driver().counter(port, CONFORMANCE_MESSAGE_ENTERED); }
};

TEST_F(UserMessage, USER_01_the_call_returns_when_MessageNotify_has_returned) {
    driver().onMessage(port, Hook().atGate());
    Blocking call("FilterSendMessage", [&] { return connection.send(pattern(4)).result; });
    driver().waitFor(port, CONFORMANCE_MESSAGE_ENTERED, 1);
    EXPECT_TRUE(call.isBlocked());
    driver().openGate(port, CONFORMANCE_CALLBACK_MESSAGE);
    EXPECT_CODE(result::ok, call.result());
    EXPECT_EQ(1u, driver().counter(port, CONFORMANCE_MESSAGE_RETURNED));
}

TEST_F(UserMessage, USER_02_MessageNotify_gets_exactly_the_callers_bytes) {
    for (const ULONG length : {1u, 3u, 16u, 17u, 1000u, 60000u, 1000000u}) {
        const Bytes input = pattern(length, length);
        EXPECT_CODE(result::ok, connection.send(input).result);
        const auto event = lastMessage();
        EXPECT_EQ(length, event.InputLength);
        EXPECT_EQ(ConformanceHash(input.data(), length), event.InputHash);
    }
}

TEST_F(UserMessage, USER_02_USER_03_the_answer_arrives_whole) {
    driver().onMessage(port, Hook().echoing());
    for (const ULONG length : {1u, 16u, 1000u, 60000u, 1000000u}) {
        const Bytes input = pattern(length, length);
        EXPECT_EQ(input, connection.send(input, length).answer());
    }
}

TEST_F(UserMessage, USER_03_MessageNotify_gets_the_cookie_of_this_connection_and_both_lengths) {
    connection.send(pattern(10), 20);
    const auto event = lastMessage();
    EXPECT_EQ(driver().events(port, CONFORMANCE_EVENT_CONNECT).at(0).NewCookie, event.Cookie);
    EXPECT_EQ(10u, event.InputLength);
    EXPECT_EQ(20u, event.OutputLength);
    EXPECT_EQ(0u, event.OutputNull);
}

TEST_F(UserMessage, USER_04_the_bytes_returned_are_what_the_callback_reports) {
    driver().onMessage(port, Hook().writing(12, 0x77).reporting(9));
    const SendResult sent = connection.send(pattern(1), 32);
    EXPECT_CODE(result::ok, sent.result);
    EXPECT_EQ(9u, sent.returned);
    EXPECT_EQ(Bytes(9, 0x77), sent.answer());
}

TEST_F(UserMessage, USER_04_a_callback_that_reports_nothing_reports_zero) {
    const SendResult sent = connection.send(pattern(1), 32);
    EXPECT_CODE(result::ok, sent.result);
    EXPECT_EQ(0u, sent.returned);
    EXPECT_EQ(0u, lastMessage().ReturnedOnEntry);
}

TEST_F(UserMessage, USER_05_without_an_output_buffer_its_size_is_ignored) {
    Bytes input = pattern(4);
    DWORD returned = 99;
    EXPECT_CODE(result::ok, FilterSendMessage(connection.handle(), input.data(), 4, nullptr, 64, &returned));
    EXPECT_EQ(0u, returned);
    EXPECT_EQ(1u, lastMessage().OutputNull);
}

TEST_F(UserMessage, USER_06_no_input_is_passed_on_as_null_and_zero) {
    DWORD returned = 99;
    UCHAR output[8];
    EXPECT_CODE(result::ok, FilterSendMessage(connection.handle(), nullptr, 0, output, sizeof output, &returned));
    const auto event = lastMessage();
    EXPECT_EQ(1u, event.InputNull);
    EXPECT_EQ(0u, event.InputLength);

    driver().onMessage(port, Hook().returning(status::invalidParameter));
    EXPECT_CODE(result::invalidParameter,
                FilterSendMessage(connection.handle(), nullptr, 0, output, sizeof output, &returned));
}

TEST_F(UserMessage, USER_07_MessageNotify_runs_at_passive_level_in_the_sending_thread) {
    connection.send(pattern(1));
    const auto own = lastMessage();
    EXPECT_EQ(0u, own.Irql);
    EXPECT_EQ(currentProcessId(), own.ProcessId);
    EXPECT_EQ(GetCurrentThreadId(), own.ThreadId);

    Blocking other("FilterSendMessage", [&] { return connection.send(pattern(1)).result; });
    EXPECT_CODE(result::ok, other.result());
    EXPECT_EQ(other.threadId(), lastMessage().ThreadId);
}

TEST_F(UserMessage, USER_08_buffers_need_no_alignment) {
    driver().onMessage(port, Hook().echoing());
    Bytes memory(128, 0);
    const Bytes input = pattern(21);
    for (size_t offset = 0; offset < 8; offset++) {
        std::copy(input.begin(), input.end(), memory.begin() + static_cast<long>(offset));
        UCHAR *output = memory.data() + 64 + offset;
        DWORD returned = 0;
        EXPECT_CODE(result::ok,
                    FilterSendMessage(connection.handle(), memory.data() + offset, 21, output, 21, &returned));
        EXPECT_EQ(21u, returned);
        EXPECT_EQ(input, Bytes(output, output + 21));
    }
}

TEST_F(UserMessage, USER_09_a_buffer_that_cannot_be_accessed_never_reaches_the_callback) {
    UCHAR good[16] = {};
    DWORD returned = 0;
    EXPECT_CODE(result::noAccess,
                FilterSendMessage(connection.handle(), inaccessibleAddress(), 16, good, sizeof good, &returned));
    EXPECT_CODE(result::noAccess,
                FilterSendMessage(connection.handle(), good, sizeof good, inaccessibleAddress(), 16, &returned));
    EXPECT_EQ(0u, messages());
    EXPECT_CODE(result::ok, FilterSendMessage(connection.handle(), good, sizeof good, good, sizeof good, &returned));
}

TEST_F(UserMessage, USER_10_USER_11_the_status_of_the_callback_reaches_the_caller_translated) {
    const std::pair<LONG, HRESULT> outcomes[] = {
        {status::success, result::ok},
        {status::invalidParameter, result::invalidParameter},
        {status::datatypeMisalignment, result::noAccess},
        {status::bufferTooSmall, result::bufferTooSmall},
        {status::noMoreEntries, result::noMoreItems},
        {status::ioTimeout, result::ioTimeout},
    };
    for (const auto &[code, expected] : outcomes) {
        driver().onMessage(port, Hook().returning(code));
        EXPECT_CODE(expected, connection.send(pattern(2)).result);
    }
}

TEST_F(UserMessage, USER_12_on_failure_length_and_bytes_arrive_all_the_same) {
    driver().onMessage(port, Hook().returning(status::noMoreEntries).writing(6, 0x42).reporting(6));
    const SendResult sent = connection.send(pattern(2), 16);
    EXPECT_CODE(result::noMoreItems, sent.result);
    EXPECT_EQ(6u, sent.returned);
    EXPECT_EQ(Bytes(6, 0x42), sent.answer());
}

TEST_F(UserMessage, USER_13_an_unanswered_message_does_not_block_a_send_of_the_user) {
    driver().onMessage(port, Hook().echoing());
    auto [sender, message] = deliver(connection);
    EXPECT_EQ(pattern(5), connection.send(pattern(5), 5).answer());
    EXPECT_TRUE(sender.areWaiting());
    EXPECT_CODE(result::ok, connection.reply(message));
    EXPECT_CODE(status::success, sender.status());
}

TEST_F(UserMessage, USER_14_callbacks_of_one_connection_run_at_the_same_time) {
    constexpr ULONG count = 8;
    driver().onMessage(port, Hook().atGate());
    std::vector<std::unique_ptr<Blocking>> calls;
    for (ULONG i = 0; i < count; i++) {
        calls.push_back(
            std::make_unique<Blocking>("FilterSendMessage", [&] { return connection.send(pattern(4)).result; }));
    }
    driver().waitFor(port, CONFORMANCE_MESSAGE_ENTERED, count);
    EXPECT_EQ(0u, driver().counter(port, CONFORMANCE_MESSAGE_RETURNED));
    driver().openGate(port, CONFORMANCE_CALLBACK_MESSAGE);
    for (auto &call : calls) {
        EXPECT_CODE(result::ok, call->result());
    }
}

TEST_F(UserMessage, USER_15_after_the_drivers_close_the_call_fails_without_reaching_the_driver) {
    driver().closeClient(connection.client);
    EXPECT_CODE(result::disconnected, connection.send(pattern(4)).result);
    EXPECT_EQ(0u, messages());
}

TEST_F(UserMessage, OPEN_17_a_send_from_inside_MessageNotify_is_answered_by_another_thread) {
    Senders inside = driver().prepare(connection.client, SendCall().wantingReply(8));
    driver().onMessage(port, Hook().sending(inside.first()).times(1));
    Blocking call("FilterSendMessage", [&] { return connection.send(pattern(4)).result; });
    Receive receive;
    ASSERT_CODE(result::pending, receive.arm(connection.handle()));
    const Message message = receive.wait();
    EXPECT_TRUE(call.isBlocked());
    EXPECT_CODE(result::ok, connection.reply(message, pattern(8)));
    EXPECT_CODE(status::success, inside.status());
    EXPECT_CODE(result::ok, call.result());
}

TEST_F(UserMessage, OPEN_17_GET_15_on_a_synchronous_handle_only_a_timeout_ends_a_send_from_inside_MessageNotify) {
    Connection synchronous = connect(port, syncHandle);
    Senders inside = driver().prepare(synchronous.client, SendCall().within(glance * 4));
    driver().onMessage(port, Hook().sending(inside.first()).times(1));
    Blocking call("FilterSendMessage", [&] { return synchronous.send(pattern(4)).result; });
    inside.waitUntilSending();
    Blocking get("FilterGetMessage", [&] { return synchronous.get().result; });
    EXPECT_CODE(status::timeout, inside.status());
    EXPECT_CODE(result::ok, call.result());
    EXPECT_TRUE(get.isBlocked());
    EXPECT_CODE(status::success, driver().sendAndWait(synchronous.client, SendCall()).Status);
    EXPECT_CODE(result::ok, get.result());
}

} // namespace
