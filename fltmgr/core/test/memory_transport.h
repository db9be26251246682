// SPDX-License-Identifier: Apache-2.0
// A client in the same process: arms receives, reads what arrived, replies. Hooks let a test stand in the middle of an operation.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "world.h"

struct Receive {
    fm_receive core{}; // first: found back by address
    std::vector<unsigned char> buffer;
    bool done = false;
    NTSTATUS status = STATUS_PENDING;
    size_t information = 0;
    bool cancelled = false; // the client gave up while the sender was filling

    std::string payload() const;
    FILTER_MESSAGE_HEADER header() const;
};

class MemoryTransport {
  public:
    explicit MemoryTransport(size_t windows = 16) : windows_(windows) {}
    ~MemoryTransport();

    static const fm_transport_ops ops;
    fm_connection *connection = nullptr;

    // The client's side.
    Receive *arm(size_t capacity = 256);          // into the submission queue; rings the doorbell
    Receive *arm_silently(size_t capacity = 256); // without the doorbell: only a thread that collects finds it
    NTSTATUS reply(uint64_t message_id, NTSTATUS status,
                   const std::string &payload); // STATUS_FLT_NO_WAITER_FOR_REPLY when late
    void await(const Receive *receive);         // until it is done
    bool cancel(Receive *receive);

    // What a test waits for.
    void await_sleepers(fm_sleep_kind kind, int count);
    void await_released();
    bool released() const;
    bool told_disconnected() const;
    int open_windows() const;

    // Runs in the sender's thread, before the message is copied, without any lock.
    std::function<fm_fill_result(Receive &)> before_fill;
    // After the sender woke with a time-out in the reply phase, before it takes the lock.
    std::function<void(uint64_t message_id)> after_reply_timeout;
    // sleep(REPLY) pretends that a reply was seen.
    bool lie = false;

  private:
    struct Window {
        bool replied = false;
        uint32_t capacity = 0;
        NTSTATUS status = 0;
        std::string payload;
    };

    static MemoryTransport &of(void *transport) { return *static_cast<MemoryTransport *>(transport); }
    static void collect(void *transport);
    static fm_fill_result fill(void *transport, fm_receive *receive, const fm_message_view *message);
    static fm_status open_reply(void *transport, fm_reply_slot *slot, uint32_t capacity);
    static uint64_t no_reply_id(void *transport);
    static fm_reply_result close_reply(void *transport, fm_reply_slot *slot, void *buffer, uint32_t capacity,
                                       uint32_t *length, fm_status *status);
    static uint64_t prepare_sleep(void *transport);
    static fm_sleep_result sleep(void *transport, fm_send *send, fm_sleep_kind kind, uint64_t seen,
                                 const fm_deadline *deadline);
    static void wake(void *transport, fm_send *send);
    static void drop(void *transport, fm_receive *receive, fm_status status);
    static void disconnected(void *transport);
    static void released(void *transport);

    size_t windows_;
    std::deque<Receive *> submitted_;
    std::vector<std::unique_ptr<Receive>> receives_;
    std::map<uint64_t, Window> open_;
    uint64_t next_id_ = 1;
    uint64_t bell_ = 0;
    int sleepers_[3] = {0, 0, 0};
    bool disconnected_ = false;
    bool released_ = false;
};
