// SPDX-License-Identifier: Apache-2.0
/** Rules of section 4b: FilterGetMessage. */
#include "fixture/conformance_test.h"

#include <array>
#include <cstddef>
#include <cstring>
#include <mutex>
#include <set>
#include <thread>

using namespace conformance;
using namespace std::chrono_literals;

namespace {

class Get : public Conformance {
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
    Senders start(const SendCall &call = SendCall()) { return driver().start(connection.client, call); }
    void send(ULONG length = 16) {
        EXPECT_CODE(status::success, driver().sendAndWait(connection.client, SendCall().ofLength(length)).Status);
    }
};

TEST_F(Get, GET_01_the_size_counts_the_header) {
    Receive receive(32);
    ASSERT_CODE(result::pending, receive.arm(connection.handle()));
    send(32);
    const Message message = receive.wait();
    EXPECT_CODE(result::ok, message.result);
    EXPECT_EQ(48u, message.bytes);
}

TEST_F(Get, GET_02_without_OVERLAPPED_it_returns_a_message_that_is_available) {
    Senders sender = start();
    EXPECT_TRUE(sender.areWaiting());
    Receive receive(16, Receive::Notify::nothing);
    EXPECT_CODE(result::ok, receive.get(connection.handle()));
    EXPECT_EQ(payloadOf(sender.first(), 16), receive.message().payload);
    EXPECT_CODE(status::success, sender.status());
}

TEST_F(Get, GET_02_without_OVERLAPPED_it_blocks_until_a_message_comes) {
    Receive receive(16, Receive::Notify::nothing);
    Blocking call("FilterGetMessage", [&] { return receive.get(connection.handle()); });
    EXPECT_TRUE(call.isBlocked());
    Senders sender = start();
    EXPECT_CODE(result::ok, call.result());
    EXPECT_EQ(payloadOf(sender.first(), 16), receive.message().payload);
}

TEST_F(Get, GET_03_with_OVERLAPPED_it_returns_ERROR_IO_PENDING) {
    Receive receive;
    EXPECT_CODE(result::pending, receive.arm(connection.handle()));
    EXPECT_TRUE(receive.isPending());
    send();
    EXPECT_CODE(result::ok, receive.wait().result);
}

TEST_F(Get, GET_03_OPEN_20_also_while_a_sender_already_waits) {
    Senders sender = start();
    EXPECT_TRUE(sender.areWaiting());
    CompletionPort completions;
    ASSERT_TRUE(completions.associate(connection.handle(), 5));
    Receive receive;
    EXPECT_CODE(result::pending, receive.arm(connection.handle()));
    EXPECT_EQ(&receive.overlapped(), completions.wait().overlapped);
    EXPECT_EQ(payloadOf(sender.first(), 16), receive.wait().payload);
}

TEST_F(Get, GET_04_the_event_is_reset_by_the_call_and_set_on_delivery) {
    Receive receive;
    SetEvent(receive.event());
    ASSERT_CODE(result::pending, receive.arm(connection.handle()));
    EXPECT_EQ(win32::waitTimeout, WaitForSingleObject(receive.event(), 0));
    send();
    EXPECT_EQ(WAIT_OBJECT_0, WaitForSingleObject(receive.event(), patienceMilliseconds));
    receive.take();
}

TEST_F(Get, GET_04_the_event_may_be_absent) {
    Receive receive(64, Receive::Notify::nothing);
    ASSERT_CODE(result::pending, receive.arm(connection.handle()));
    DWORD bytes = 0;
    EXPECT_FALSE(GetOverlappedResult(connection.handle(), &receive.overlapped(), &bytes, FALSE));
    EXPECT_EQ(win32::ioIncomplete, GetLastError());
    send();
    EXPECT_TRUE(GetOverlappedResult(connection.handle(), &receive.overlapped(), &bytes, TRUE));
    EXPECT_EQ(32u, bytes);
    receive.take();
}

TEST_F(Get, GET_05_one_packet_a_receive_with_the_byte_count_and_the_status_in_OVERLAPPED) {
    CompletionPort completions;
    ASSERT_TRUE(completions.associate(connection.handle(), 7));
    Receive receive(64, Receive::Notify::nothing);
    ASSERT_CODE(result::pending, receive.arm(connection.handle()));
    EXPECT_EQ(static_cast<ULONG_PTR>(status::pending), receive.overlapped().Internal);
    EXPECT_EQ(win32::waitTimeout, completions.wait(0).error);

    send(24);
    const auto packet = completions.wait();
    EXPECT_TRUE(packet.success);
    EXPECT_EQ(7u, packet.key);
    EXPECT_EQ(&receive.overlapped(), packet.overlapped);
    EXPECT_EQ(40u, packet.bytes);
    EXPECT_EQ(0u, receive.overlapped().Internal);
    EXPECT_EQ(40u, receive.overlapped().InternalHigh);
    EXPECT_EQ(win32::waitTimeout, completions.wait(0).error);
    receive.take();
}

TEST_F(Get, GET_05_packets_can_be_taken_in_batches) {
    CompletionPort completions;
    ASSERT_TRUE(completions.associate(connection.handle(), 7));
    std::array<Receive, 8> receives;
    for (Receive &receive : receives) {
        ASSERT_CODE(result::pending, receive.arm(connection.handle()));
        send();
    }
    std::set<OVERLAPPED *> seen;
    while (seen.size() < receives.size()) {
        OVERLAPPED_ENTRY entries[16];
        ULONG count = 0;
        ASSERT_TRUE(
            GetQueuedCompletionStatusEx(completions.handle(), entries, 16, &count, patienceMilliseconds, FALSE));
        for (ULONG i = 0; i < count; i++) {
            EXPECT_TRUE(seen.insert(entries[i].lpOverlapped).second);
            EXPECT_EQ(32u, entries[i].dwNumberOfBytesTransferred);
            EXPECT_EQ(7u, entries[i].lpCompletionKey);
        }
    }
    for (Receive &receive : receives) {
        EXPECT_CODE(result::ok, receive.wait().result);
    }
}

TEST_F(Get, GET_06_several_receives_of_several_threads_and_each_message_ends_exactly_one) {
    constexpr ULONG threads = 4, each = 10;
    std::mutex lock;
    std::multiset<ULONG> received;
    std::vector<std::unique_ptr<Blocking>> receivers;
    for (ULONG i = 0; i < threads; i++) {
        receivers.push_back(std::make_unique<Blocking>("a receiving thread", [&] {
            std::array<Receive, each> receives;
            for (Receive &receive : receives) {
                if (receive.arm(connection.handle()) != result::pending) {
                    return result::aborted;
                }
            }
            for (Receive &receive : receives) {
                const Message message = receive.wait();
                if (message.result != result::ok) {
                    return message.result;
                }
                const std::lock_guard<std::mutex> guard(lock);
                received.insert(senderOf(message.payload));
            }
            return result::ok;
        }));
    }
    Senders senders = start(SendCall().times(threads * each));
    for (auto &receiver : receivers) {
        EXPECT_CODE(result::ok, receiver->result());
    }
    senders.waitUntilReturned();
    EXPECT_EQ(threads * each, received.size());
    for (ULONG i = 0; i < threads * each; i++) {
        EXPECT_EQ(1u, received.count(senders.first() + i));
    }
}

TEST_F(Get, GET_07_outstanding_receives_are_served_first_come_first_served) {
    std::array<Receive, 5> receives;
    for (Receive &receive : receives) {
        ASSERT_CODE(result::pending, receive.arm(connection.handle()));
    }
    for (size_t i = 0; i < receives.size(); i++) {
        send(20 + static_cast<ULONG>(i));
        EXPECT_EQ(36 + i, receives[i].wait().bytes);
        if (i + 1 < receives.size()) {
            EXPECT_FALSE(receives[i + 1].hasEnded());
        }
    }
}

TEST_F(Get, GET_08_OVERLAPPED_may_lie_behind_the_message_in_one_structure) {
    struct {
        FILTER_MESSAGE_HEADER header;
        UCHAR payload[40];
        OVERLAPPED overlapped;
    } request;
    CompletionPort completions;
    ASSERT_TRUE(completions.associate(connection.handle(), 0));
    for (ULONG round = 0; round < 3; round++) {
        std::memset(&request, 0, sizeof request);
        const DWORD size =
            static_cast<DWORD>(reinterpret_cast<UCHAR *>(&request.overlapped) - reinterpret_cast<UCHAR *>(&request));
        ASSERT_CODE(result::pending, FilterGetMessage(connection.handle(), &request.header, size, &request.overlapped));
        Senders sender = start(SendCall().ofLength(40));
        EXPECT_EQ(&request.overlapped, completions.wait().overlapped);
        EXPECT_EQ(payloadOf(sender.first(), 40), Bytes(request.payload, request.payload + 40));
        EXPECT_EQ(56u, request.overlapped.InternalHigh);
    }
}

TEST_F(Get, GET_09_CancelIoEx_ends_the_receive_it_names) {
    Receive stays, ends;
    ASSERT_CODE(result::pending, stays.arm(connection.handle()));
    ASSERT_CODE(result::pending, ends.arm(connection.handle()));
    EXPECT_TRUE(CancelIoEx(connection.handle(), &ends.overlapped()));
    const Message cancelled = ends.wait();
    EXPECT_CODE(result::aborted, cancelled.result);
    EXPECT_EQ(0u, cancelled.bytes);
    EXPECT_TRUE(stays.isPending());
    send();
    EXPECT_CODE(result::ok, stays.wait().result);
    EXPECT_FALSE(CancelIoEx(connection.handle(), &stays.overlapped()));
    EXPECT_EQ(win32::notFound, GetLastError());
}

TEST_F(Get, GET_09_CancelIoEx_without_OVERLAPPED_ends_them_all) {
    std::array<Receive, 4> receives;
    for (Receive &receive : receives) {
        ASSERT_CODE(result::pending, receive.arm(connection.handle()));
    }
    EXPECT_TRUE(CancelIoEx(connection.handle(), nullptr));
    for (Receive &receive : receives) {
        EXPECT_CODE(result::aborted, receive.wait().result);
    }
}

TEST_F(Get, GET_09_a_cancelled_receive_reports_through_its_completion_port) {
    CompletionPort completions;
    ASSERT_TRUE(completions.associate(connection.handle(), 3));
    Receive receive(64, Receive::Notify::nothing);
    ASSERT_CODE(result::pending, receive.arm(connection.handle()));
    EXPECT_TRUE(CancelIoEx(connection.handle(), nullptr));
    const auto packet = completions.wait();
    EXPECT_FALSE(packet.success);
    EXPECT_EQ(win32::operationAborted, packet.error);
    EXPECT_EQ(&receive.overlapped(), packet.overlapped);
    EXPECT_EQ(0u, packet.bytes);
    EXPECT_CODE(result::aborted, receive.take().result);
}

TEST_F(Get, GET_09_CancelIoEx_ends_a_blocked_synchronous_receive) {
    Receive receive(64, Receive::Notify::nothing);
    Blocking call("FilterGetMessage", [&] { return receive.get(connection.handle()); });
    EXPECT_TRUE(call.isBlocked());
    EXPECT_TRUE(eventually([&] { return CancelIoEx(connection.handle(), nullptr) || call.hasReturned(); }));
    EXPECT_CODE(result::aborted, call.result());
}

TEST_F(Get, GET_10_a_cancel_loses_no_message) {
    constexpr int rounds = 100;
    for (int i = 0; i < rounds; i++) {
        Receive first, second;
        ASSERT_CODE(result::pending, first.arm(connection.handle()));
        Senders sender = start();
        CancelIoEx(connection.handle(), &first.overlapped());
        Message message = first.wait();
        if (message.result != result::ok) {
            EXPECT_CODE(result::aborted, message.result);
            ASSERT_CODE(result::pending, second.arm(connection.handle()));
            message = second.wait();
        }
        ASSERT_CODE(result::ok, message.result);
        EXPECT_EQ(payloadOf(sender.first(), 16), message.payload);
        EXPECT_CODE(status::success, sender.status());
        sender.release();
    }
}

TEST_F(Get, GET_10_a_receive_that_holds_a_message_completes_as_success) {
    Receive receive;
    ASSERT_CODE(result::pending, receive.arm(connection.handle()));
    send();
    CancelIoEx(connection.handle(), &receive.overlapped());
    EXPECT_CODE(result::ok, receive.wait().result);
}

TEST_F(Get, GET_11_DISC_09_the_drivers_close_ends_pending_receives_and_refuses_new_ones) {
    Receive pending, late;
    Receive blocked(64, Receive::Notify::nothing);
    ASSERT_CODE(result::pending, pending.arm(connection.handle()));
    Blocking call("FilterGetMessage", [&] { return blocked.get(connection.handle()); });
    EXPECT_TRUE(call.isBlocked());
    driver().closeClient(connection.client);
    const Message ended = pending.wait();
    EXPECT_CODE(result::disconnected, ended.result);
    EXPECT_EQ(0u, ended.bytes);
    EXPECT_CODE(result::disconnected, call.result());
    EXPECT_CODE(result::disconnected, late.arm(connection.handle()));
    EXPECT_CODE(result::disconnected, connection.get().result);
}

TEST_F(Get, GET_11_a_receive_that_is_refused_queues_no_packet) {
    CompletionPort completions;
    ASSERT_TRUE(completions.associate(connection.handle(), 3));
    driver().closeClient(connection.client);
    Receive refused(64, Receive::Notify::nothing);
    EXPECT_CODE(result::disconnected, refused.arm(connection.handle()));
    ASSERT_TRUE(PostQueuedCompletionStatus(completions.handle(), 0, 4, nullptr));
    EXPECT_EQ(4u, completions.wait().key);
}

TEST_F(Get, GET_12_OPEN_11_closing_the_handle_ends_pending_receives) {
    Receive pending;
    Receive blocked(64, Receive::Notify::nothing);
    const HANDLE handle = connection.handle();
    ASSERT_CODE(result::pending, pending.arm(handle));
    Blocking call("FilterGetMessage", [&] { return blocked.get(handle); });
    EXPECT_TRUE(call.isBlocked());
    EXPECT_TRUE(connection.close());
    const HRESULT first = pending.wait().result;
    const HRESULT second = call.result();
    EXPECT_TRUE(first == result::disconnected || first == result::aborted) << hex(static_cast<ULONG>(first));
    EXPECT_TRUE(second == result::disconnected || second == result::aborted) << hex(static_cast<ULONG>(second));
}

TEST_F(Get, GET_13_closing_the_completion_port_wakes_its_waiters) {
    if (!closedPortsKeepTheirWaiters().empty()) {
        GTEST_SKIP() << closedPortsKeepTheirWaiters();
    }
    CompletionPort completions;
    ASSERT_TRUE(completions.associate(connection.handle(), 1));
    const HANDLE handle = completions.handle(); // the object is being closed meanwhile
    Blocking waiter("GetQueuedCompletionStatus", [handle] {
        DWORD bytes = 0;
        ULONG_PTR key = 0;
        OVERLAPPED *overlapped = nullptr;
        const BOOL taken = GetQueuedCompletionStatus(handle, &bytes, &key, &overlapped, patienceMilliseconds);
        return taken || overlapped != nullptr ? 0 : static_cast<HRESULT>(GetLastError());
    });
    EXPECT_TRUE(waiter.isBlocked());
    EXPECT_TRUE(completions.close());
    EXPECT_EQ(static_cast<HRESULT>(win32::abandonedWait), waiter.result());
}

TEST_F(Get, GET_13_closing_the_completion_port_leaves_receives_pending) {
    CompletionPort completions;
    ASSERT_TRUE(completions.associate(connection.handle(), 1));
    Receive receive;
    ASSERT_CODE(result::pending, receive.arm(connection.handle()));
    EXPECT_TRUE(completions.close());
    EXPECT_TRUE(receive.isPending());
    send();
    EXPECT_CODE(result::ok, receive.wait().result);
}

TEST_F(Get, GET_15_on_a_synchronous_handle_every_call_waits_behind_a_blocked_receive) {
    Connection synchronous = connect(port, syncHandle);
    Blocking get("FilterGetMessage", [&] { return synchronous.get().result; });
    EXPECT_TRUE(get.isBlocked());
    Blocking send("FilterSendMessage", [&] { return synchronous.send(pattern(4)).result; });
    Blocking reply("FilterReplyMessage", [&] { return synchronous.reply(12345); });
    EXPECT_TRUE(send.isBlocked());
    EXPECT_TRUE(reply.isBlocked());
    EXPECT_EQ(0u, driver().counter(port, CONFORMANCE_MESSAGE_ENTERED));

    EXPECT_CODE(status::success, driver().sendAndWait(synchronous.client, SendCall()).Status);
    EXPECT_CODE(result::ok, get.result());
    EXPECT_CODE(result::ok, send.result());
    EXPECT_CODE(result::noWaiterForReply, reply.result());
}

TEST_F(Get, GET_09_GET_15_CancelSynchronousIo_ends_a_blocked_receive) {
    Connection synchronous = connect(port, syncHandle);
    Blocking get("FilterGetMessage", [&] { return synchronous.get().result; });
    EXPECT_TRUE(get.isBlocked());
    Handle thread(OpenThread(THREAD_TERMINATE, FALSE, get.threadId()));
    ASSERT_TRUE(thread.isOpen());
    EXPECT_TRUE(eventually([&] { return CancelSynchronousIo(thread.get()) || get.hasReturned(); }));
    EXPECT_CODE(result::aborted, get.result());
    EXPECT_CODE(result::ok, synchronous.send(pattern(4)).result);
}

TEST_F(Get, GET_16_no_buffer_or_one_too_small_for_the_header_is_refused_and_takes_no_message) {
    Senders sender = start();
    EXPECT_TRUE(sender.areWaiting());
    Receive receive;
    OVERLAPPED overlapped{};
    EXPECT_CODE(result::invalidParameter, FilterGetMessage(connection.handle(), nullptr, 64, nullptr));
    EXPECT_CODE(result::invalidParameter, FilterGetMessage(connection.handle(), nullptr, 64, &overlapped));
    EXPECT_CODE(result::invalidParameter, FilterGetMessage(connection.handle(), receive.header(), 15, nullptr));
    EXPECT_CODE(result::invalidParameter, FilterGetMessage(connection.handle(), receive.header(), 0, &overlapped));
    EXPECT_TRUE(sender.areWaiting());
    ASSERT_CODE(result::pending, receive.arm(connection.handle()));
    EXPECT_EQ(payloadOf(sender.first(), 16), receive.wait().payload);
}

TEST_F(Get, GET_17_nothing_behind_the_message_is_touched_and_the_padding_is_zero) {
    Receive receive(100);
    ASSERT_CODE(result::pending, receive.arm(connection.handle()));
    send(30);
    EXPECT_CODE(result::ok, receive.wait().result);
    EXPECT_TRUE(receive.isUntouchedFrom(16 + 30));
    for (ULONG i = 4; i < 8; i++) {
        EXPECT_EQ(0, receive.at(i));
    }
}

TEST_F(Get, OPEN_05_a_receive_too_small_fails_and_the_message_waits_for_a_larger_one) {
    Senders large = start(SendCall().ofLength(64));
    EXPECT_TRUE(large.areWaiting());
    Receive small(32), fitting(64), behind(32);
    ASSERT_CODE(result::pending, small.arm(connection.handle()));
    const Message failed = small.wait();
    EXPECT_CODE(result::bufferTooSmall, failed.result);
    EXPECT_EQ(0u, failed.bytes);
    EXPECT_TRUE(small.isUntouchedFrom(0));

    Senders next = start(SendCall().ofLength(8));
    ASSERT_CODE(result::pending, behind.arm(connection.handle()));
    EXPECT_TRUE(next.areWaiting()) << "the long message blocks the line";
    EXPECT_TRUE(behind.isPending());

    ASSERT_CODE(result::pending, fitting.arm(connection.handle()));
    EXPECT_EQ(payloadOf(large.first(), 64), fitting.wait().payload);
    EXPECT_CODE(status::success, large.status());
    EXPECT_EQ(payloadOf(next.first(), 8), behind.wait().payload);
}

TEST_F(Get, OPEN_05_the_line_is_free_again_when_the_long_message_times_out) {
    Receive small(32), behind(32);
    ASSERT_CODE(result::pending, small.arm(connection.handle()));
    Senders large = start(SendCall().ofLength(64).within(200ms));
    EXPECT_CODE(result::bufferTooSmall, small.wait().result);
    ASSERT_CODE(result::pending, behind.arm(connection.handle()));
    Senders next = start(SendCall().ofLength(8));
    EXPECT_CODE(status::timeout, large.status());
    EXPECT_EQ(payloadOf(next.first(), 8), behind.wait().payload);
}

TEST_F(Get, OPEN_05_a_blocking_receive_too_small_says_so) {
    Senders large = start(SendCall().ofLength(64));
    EXPECT_TRUE(large.areWaiting());
    EXPECT_CODE(result::bufferTooSmall, connection.get(32).result);
    EXPECT_CODE(result::ok, connection.get(64).result);
    EXPECT_CODE(status::success, large.status());
}

} // namespace
