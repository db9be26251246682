// SPDX-License-Identifier: Apache-2.0

#include "guard_client.h"

#include <chrono>
#include <cstring>
#include <stdexcept>

#include <gtest/gtest.h>

namespace {
constexpr std::chrono::seconds kPatience{30};
}

GuardClient::GuardClient(FP_U16 role, FP_U32 flags, Handler handler, FP_U32 capacity) : handler_(std::move(handler)) {
    const FP_CONNECT context{FP_MAGIC, FP_PROTOCOL_VERSION, role, flags, capacity};
    result_ =
        FilterConnectCommunicationPort(u"\\" FILTERPORT_DRIVER_PORT, 0, &context, sizeof(context), nullptr, &port_);
    if (SUCCEEDED(result_)) {
        thread_ = std::thread([this] { receive_(); });
    }
}

GuardClient::~GuardClient() {
    close();
}

void GuardClient::close() {
    if (thread_.joinable()) {
        CloseHandle(port_);
        thread_.join();
    }
}

void GuardClient::receive_() {
    std::vector<unsigned char> buffer(sizeof(FILTER_MESSAGE_HEADER) + FP_MAX_EVENT_BYTES);
    for (;;) {
        auto *header = reinterpret_cast<FILTER_MESSAGE_HEADER *>(buffer.data());
        const HRESULT result = FilterGetMessage(port_, header, static_cast<DWORD>(buffer.size()), nullptr);
        if (FAILED(result)) {
            return; // closed here or ended by the driver
        }
        const auto *payload = reinterpret_cast<const char *>(header + 1);
        Received one;
        one.messageId = header->MessageId;
        one.replyLength = header->ReplyLength;
        std::memcpy(&one.event, payload, sizeof(one.event));
        one.path.resize(one.event.PathLength / 2);
        std::memcpy(one.path.data(), payload + one.event.PathOffset, one.event.PathLength);
        one.content.assign(payload + one.event.ContentOffset, one.event.ContentLength);
        {
            std::lock_guard<std::mutex> guard(lock_);
            received_.push_back(one);
        }
        came_.notify_all();
        if (handler_) {
            handler_(*this, one);
        }
    }
}

HRESULT GuardClient::reply(const Received &to, FP_U32 verdict) {
    const FP_VERDICT answer{FP_VERDICT_MAGIC, verdict, to.event.Sequence};
    return replyBytes(to, &answer, sizeof(answer));
}

HRESULT GuardClient::replyBytes(const Received &to, const void *bytes, ULONG length, LONG status) {
    std::vector<unsigned char> buffer(sizeof(FILTER_REPLY_HEADER) + length);
    auto *header = reinterpret_cast<FILTER_REPLY_HEADER *>(buffer.data());
    header->Status = status;
    header->MessageId = to.messageId;
    std::memcpy(header + 1, bytes, length);
    return FilterReplyMessage(port_, header, static_cast<DWORD>(buffer.size()));
}

std::vector<Received> GuardClient::await(size_t count) {
    std::unique_lock<std::mutex> guard(lock_);
    if (!came_.wait_for(guard, kPatience, [&] { return received_.size() >= count; })) {
        throw std::runtime_error("only " + std::to_string(received_.size()) + " of " + std::to_string(count) +
                                 " events came");
    }
    return received_;
}

HRESULT GuardClient::command(const void *in, DWORD inLength, void *out, DWORD outLength) {
    alignas(8) unsigned char copy[64];
    DWORD returned = 0;
    std::memcpy(copy, in, inLength);
    const HRESULT result = FilterSendMessage(port_, copy, inLength, out, outLength, &returned);
    if (SUCCEEDED(result)) {
        EXPECT_EQ(returned, outLength);
    }
    return result;
}

HRESULT GuardClient::setPolicy(FP_U32 kind, FP_POLICY policy) {
    policy.Header = {FP_MAGIC, FP_PROTOCOL_VERSION, FP_COMMAND_SET_POLICY, sizeof(policy), kind};
    return command(&policy, sizeof(policy), nullptr, 0);
}

HRESULT GuardClient::setMaxInFlight(FP_U32 count) {
    FP_LIMITS limits{};
    limits.Header = {FP_MAGIC, FP_PROTOCOL_VERSION, FP_COMMAND_SET_LIMITS, sizeof(limits), 0};
    limits.MaxInFlight = count;
    return command(&limits, sizeof(limits), nullptr, 0);
}

FP_COUNTERS GuardClient::counters() {
    const FP_COMMAND_HEADER header{FP_MAGIC, FP_PROTOCOL_VERSION, FP_COMMAND_GET_COUNTERS, sizeof(header), 0};
    FP_COUNTERS result{};
    EXPECT_EQ(command(&header, sizeof(header), &result, sizeof(result)), 0);
    return result;
}
