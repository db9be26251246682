// SPDX-License-Identifier: Apache-2.0
#include "memory_transport.h"

#include <cstring>

const fm_transport_ops MemoryTransport::ops = {
    &MemoryTransport::collect,      &MemoryTransport::fill,        &MemoryTransport::open_reply,
    &MemoryTransport::no_reply_id,  &MemoryTransport::close_reply, &MemoryTransport::prepare_sleep,
    &MemoryTransport::sleep,        &MemoryTransport::wake,        &MemoryTransport::drop,
    &MemoryTransport::disconnected, &MemoryTransport::released,
};

std::string Receive::payload() const {
    return std::string(reinterpret_cast<const char *>(buffer.data()) + FM_HEADER_LENGTH,
                       information - FM_HEADER_LENGTH);
}

FILTER_MESSAGE_HEADER Receive::header() const {
    FILTER_MESSAGE_HEADER header;
    std::memcpy(&header, buffer.data(), sizeof(header));
    return header;
}

MemoryTransport::~MemoryTransport() {
    std::lock_guard<std::mutex> guard(world::lock); // whoever called released() has left it
}

// Client --------------------------------------------------------------------------------------------------------------

Receive *MemoryTransport::arm_silently(size_t capacity) {
    Receive *receive = nullptr;
    world::change([&] {
        receives_.push_back(std::make_unique<Receive>());
        receive = receives_.back().get();
        receive->buffer.assign(capacity, 0xEE);
        receive->core.capacity = static_cast<uint32_t>(capacity);
        submitted_.push_back(receive);
    });
    return receive;
}

Receive *MemoryTransport::arm(size_t capacity) {
    Receive *receive = arm_silently(capacity);
    world::change([&] { bell_++; });
    return receive;
}

NTSTATUS MemoryTransport::reply(uint64_t message_id, NTSTATUS status, const std::string &payload) {
    NTSTATUS result = STATUS_FLT_NO_WAITER_FOR_REPLY;
    world::change([&] {
        auto window = open_.find(message_id);
        if (window != open_.end() && !window->second.replied) {
            window->second.replied = true;
            window->second.status = status;
            window->second.payload = payload;
            result = payload.size() > window->second.capacity ? STATUS_BUFFER_OVERFLOW : STATUS_SUCCESS;
        }
    });
    return result;
}

void MemoryTransport::await(const Receive *receive) {
    world::await([&] { return receive->done; });
}

bool MemoryTransport::cancel(Receive *receive) {
    return fm_receive_cancel(
               connection, [](const fm_receive *candidate, const void *argument) { return candidate == argument; },
               &receive->core, false) == 1;
}

void MemoryTransport::await_sleepers(fm_sleep_kind kind, int count) {
    world::await([&] { return sleepers_[kind] == count; });
}

void MemoryTransport::await_released() {
    world::await([&] { return released_; });
}

bool MemoryTransport::released() const {
    std::lock_guard<std::mutex> guard(world::lock);
    return released_;
}

bool MemoryTransport::told_disconnected() const {
    std::lock_guard<std::mutex> guard(world::lock);
    return disconnected_;
}

int MemoryTransport::open_windows() const {
    std::lock_guard<std::mutex> guard(world::lock);
    return static_cast<int>(open_.size());
}

// Operations ----------------------------------------------------------------------------------------------------------

void MemoryTransport::collect(void *transport) {
    MemoryTransport &self = of(transport);
    std::deque<Receive *> taken;
    {
        std::lock_guard<std::mutex> guard(world::lock);
        taken.swap(self.submitted_);
    }
    for (Receive *receive : taken) {
        fm_receive_arrived(self.connection, &receive->core);
    }
}

fm_fill_result MemoryTransport::fill(void *transport, fm_receive *core, const fm_message_view *message) {
    MemoryTransport &self = of(transport);
    Receive &receive = *reinterpret_cast<Receive *>(core);
    fm_fill_result result = FM_FILL_OK;

    if (self.before_fill) {
        result = self.before_fill(receive);
    }
    if (result == FM_FILL_TOO_SMALL) {
        return result;
    }
    world::change([&] {
        receive.done = true;
        if (result == FM_FILL_CANCELLED) {
            receive.status = STATUS_CANCELLED;
            return;
        }
        const uint32_t zero = 0;
        std::memcpy(&receive.buffer[0], &message->reply_length, 4);
        std::memcpy(&receive.buffer[4], &zero, 4);
        std::memcpy(&receive.buffer[8], &message->message_id, 8);
        if (message->length != 0) {
            std::memcpy(&receive.buffer[FM_HEADER_LENGTH], message->payload, message->length);
        }
        receive.status = STATUS_SUCCESS;
        receive.information = FM_HEADER_LENGTH + message->length;
    });
    return result;
}

fm_status MemoryTransport::open_reply(void *transport, fm_reply_slot *slot, uint32_t capacity) {
    MemoryTransport &self = of(transport);
    std::lock_guard<std::mutex> guard(world::lock);
    if (self.open_.size() >= self.windows_) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    slot->message_id = self.next_id_++;
    self.open_[slot->message_id].capacity = capacity;
    return STATUS_SUCCESS;
}

uint64_t MemoryTransport::no_reply_id(void *transport) {
    std::lock_guard<std::mutex> guard(world::lock);
    return of(transport).next_id_++;
}

fm_reply_result MemoryTransport::close_reply(void *transport, fm_reply_slot *slot, void *buffer, uint32_t capacity,
                                             uint32_t *length, fm_status *status) {
    MemoryTransport &self = of(transport);
    std::lock_guard<std::mutex> guard(world::lock);
    auto window = self.open_.find(slot->message_id);
    if (window == self.open_.end()) {
        std::abort(); // closed twice, or never opened
    }
    const Window closed = window->second;
    self.open_.erase(window);
    world::changed.notify_all();
    if (!closed.replied) {
        return FM_GONE;
    }
    *length = static_cast<uint32_t>(closed.payload.size());
    *status = closed.status;
    if (*length <= capacity && *length != 0) {
        std::memcpy(buffer, closed.payload.data(), *length);
    }
    return FM_REPLIED;
}

uint64_t MemoryTransport::prepare_sleep(void *transport) {
    std::lock_guard<std::mutex> guard(world::lock);
    return of(transport).bell_;
}

fm_sleep_result MemoryTransport::sleep(void *transport, fm_send *send, fm_sleep_kind kind, uint64_t seen,
                                       const fm_deadline *deadline) {
    MemoryTransport &self = of(transport);
    fm_sleep_result result;
    {
        std::unique_lock<std::mutex> guard(world::lock);
        self.sleepers_[kind]++;
        world::changed.notify_all();
        for (;;) {
            if (send->transport[0] != 0) {
                send->transport[0] = 0;
                result = FM_SLEEP_WOKEN;
                break;
            }
            if (kind == FM_SLEEP_LEADER && self.bell_ != seen) {
                result = FM_SLEEP_WOKEN;
                break;
            }
            if (kind == FM_SLEEP_REPLY && (self.lie || self.open_.at(send->slot.message_id).replied)) {
                result = FM_SLEEP_ANSWERED;
                break;
            }
            if (world::is_over(*deadline)) {
                result = FM_SLEEP_TIMED_OUT;
                break;
            }
            world::changed.wait(guard);
        }
        self.sleepers_[kind]--;
        world::changed.notify_all();
    }
    if (kind == FM_SLEEP_REPLY && result == FM_SLEEP_TIMED_OUT && self.after_reply_timeout) {
        self.after_reply_timeout(send->slot.message_id);
    }
    return result;
}

void MemoryTransport::wake(void *, fm_send *send) {
    world::change([&] { send->transport[0] = 1; });
}

void MemoryTransport::drop(void *, fm_receive *core, fm_status status) {
    Receive &receive = *reinterpret_cast<Receive *>(core);
    world::change([&] {
        receive.done = true;
        receive.status = status;
    });
}

void MemoryTransport::disconnected(void *transport) {
    world::change([&] { of(transport).disconnected_ = true; });
}

void MemoryTransport::released(void *transport) {
    world::change([&] { of(transport).released_ = true; });
}
