/* SPDX-License-Identifier: Apache-2.0 */
#include "engine.h"

#include <stdlib.h>
#include <string.h>

#include <chrono>
#include <new>
#include <thread>

namespace filterport {

namespace {

constexpr uint32_t kLine = 64;
constexpr ULONG_PTR kWakeKey = 1;
constexpr ULONG_PTR kMessageKey = 2;
constexpr NTSTATUS kStatusPortDisconnected = static_cast<NTSTATUS>(0xC0000037);
/** How Wine ends the receives of a connection whose drivers' process is gone. */
constexpr NTSTATUS kStatusFileDeleted = static_cast<NTSTATUS>(0xC0000123);
constexpr NTSTATUS kStatusCancelled = static_cast<NTSTATUS>(0xC0000120);
constexpr NTSTATUS kStatusBufferTooSmall = static_cast<NTSTATUS>(0xC0000023);
constexpr HRESULT kHandleGone = static_cast<HRESULT>(0x80070006);
constexpr HRESULT kMoreData = static_cast<HRESULT>(0x800700EA);
constexpr HRESULT kPending = static_cast<HRESULT>(0x800703E5);
constexpr HRESULT kBadPacket = static_cast<HRESULT>(0x8007000D); /* ERROR_INVALID_DATA */

/**
 * Start of each slot. The payload is 16-byte aligned because slots are cache-line aligned. The sender writes from the
 * header on; OVERLAPPED, which this side writes, has a line of its own so that it need not be fetched back.
 */
struct MessageSlot { // NOLINT(clang-analyzer-optin.performance.Padding): a line of its own each
    OVERLAPPED overlapped;
    alignas(kLine) FILTER_MESSAGE_HEADER header;
};
constexpr uint32_t kBody = kEngineHeaderOffset + sizeof(FILTER_MESSAGE_HEADER);
static_assert(offsetof(MessageSlot, header) == kEngineHeaderOffset, "told to Java");
static_assert(kBody % 16 == 0, "payload alignment");

/** HRESULT_FROM_NT, which not every header set has. */
HRESULT FromStatus(NTSTATUS status) {
    return static_cast<HRESULT>(static_cast<uint32_t>(status) | 0x10000000u);
}

uint32_t Lines(uint64_t bytes) {
    return static_cast<uint32_t>((bytes + kLine - 1) / kLine * kLine);
}

/** Milliseconds until `deadline`, rounded up so that a wait never ends early; `now` and `deadline` in ns. */
DWORD MillisecondsUntil(int64_t deadline, int64_t now) {
    if (deadline <= now) {
        return 0;
    }
    int64_t milliseconds = (deadline - now + 999999) / 1000000;
    return milliseconds >= static_cast<int64_t>(INFINITE) ? INFINITE - 1 : static_cast<DWORD>(milliseconds);
}

int64_t Now() {
    return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch())
        .count();
}

} // namespace

EngineLayout EngineLayoutFor(const EngineOptions &options) {
    EngineLayout layout = {};
    uint32_t reply = Lines(sizeof(FILTER_REPLY_HEADER) + options.reply);
    layout.slot_reply = Lines(kBody + static_cast<uint64_t>(options.payload));
    layout.slot_stride = layout.slot_reply + reply;
    layout.large_slot = layout.slot_stride * options.slots;
    layout.large_reply = Lines(kBody + static_cast<uint64_t>(options.max_payload));
    bool large = options.max_payload > options.payload;
    layout.batch = layout.large_slot + (large ? layout.large_reply + reply : 0);
    layout.batch_stride = Lines(sizeof(int64_t) * (static_cast<uint64_t>(options.slots) + 1));
    layout.size = layout.batch + static_cast<uint64_t>(layout.batch_stride) * options.readers;
    return layout;
}

HRESULT Engine::Create(HANDLE port, void *arena, const EngineOptions &options, Engine **result) {
    *result = nullptr;
    size_t slots = sizeof(Slot) * (options.slots + 1);
    size_t readers = sizeof(Reader) * options.readers;
    size_t head = (sizeof(Engine) + kLine - 1) / kLine * kLine;
    void *memory = calloc(1, head + slots + readers + kLine);
    if (memory == nullptr) {
        return E_OUTOFMEMORY;
    }
    char *aligned = static_cast<char *>(memory) + (kLine - reinterpret_cast<uintptr_t>(memory) % kLine);
    Engine *engine = new (aligned) Engine();
    engine->memory_ = memory;
    engine->slots_ = new (aligned + head) Slot[options.slots + 1]();
    engine->readers_ = new (aligned + head + slots) Reader[options.readers]();
    engine->port_ = port;
    engine->arena_ = static_cast<char *>(arena);
    engine->options_ = options;
    engine->layout_ = EngineLayoutFor(options);
    engine->large_capacity_ = options.payload;
    engine->completion_ = fltlib.CreateIoCompletionPort(port, nullptr, kMessageKey, options.readers + 1);
    if (engine->completion_ == nullptr) {
        HRESULT failure = HRESULT_FROM_WIN32(fltlib.GetLastError());
        free(memory);
        return failure;
    }
    FltlibSetSpin(port, options.spin_nanoseconds);
    for (uint32_t slot = 0; slot < options.slots; slot++) {
        engine->Arm(slot);
    }
    *result = engine;
    return S_OK;
}

void Engine::Destroy() {
    fltlib.CloseHandle(completion_);
    void *memory = memory_;
    this->~Engine();
    free(memory);
}

/* ---- places ---- */

char *Engine::SlotAt(uint32_t slot) const {
    return arena_ + static_cast<size_t>(layout_.slot_stride) * slot;
}

FILTER_MESSAGE_HEADER *Engine::HeaderAt(uint32_t slot) const {
    return &reinterpret_cast<MessageSlot *>(SlotAt(slot))->header;
}

FILTER_REPLY_HEADER *Engine::ReplyAt(uint32_t slot) const {
    return reinterpret_cast<FILTER_REPLY_HEADER *>(SlotAt(slot) +
                                                   (IsLarge(slot) ? layout_.large_reply : layout_.slot_reply));
}

int64_t *Engine::BatchOf(uint32_t reader) const {
    return reinterpret_cast<int64_t *>(arena_ + layout_.batch + static_cast<size_t>(layout_.batch_stride) * reader);
}

uint32_t Engine::SlotOf(const OVERLAPPED *overlapped) const {
    const MessageSlot *slot = CONTAINING_RECORD(const_cast<OVERLAPPED *>(overlapped), MessageSlot, overlapped);
    return static_cast<uint32_t>(static_cast<size_t>(reinterpret_cast<const char *>(slot) - arena_) /
                                 layout_.slot_stride);
}

/* ---- arming ---- */

void Engine::Arm(uint32_t slot) {
    uint32_t capacity = IsLarge(slot) ? large_capacity_ : options_.payload;
    MessageSlot *head = reinterpret_cast<MessageSlot *>(SlotAt(slot));
    memset(&head->overlapped, 0, sizeof head->overlapped);
    slots_[slot].state.store(kArmed, std::memory_order_seq_cst);
    if (stopped_.load(std::memory_order_seq_cst)) {
        slots_[slot].state.store(kFree, std::memory_order_seq_cst);
        return;
    }
    HRESULT result = fltlib.FilterGetMessage(
        port_, &head->header, static_cast<DWORD>(sizeof(FILTER_MESSAGE_HEADER)) + capacity, &head->overlapped);
    if (result == kPending || result == S_OK) {
        return; /* a packet comes in either case */
    }
    slots_[slot].state.store(kFree, std::memory_order_seq_cst);
    if (result == kHandleGone) {
        disconnected_.store(true, std::memory_order_seq_cst);
        return;
    }
    error_.store(result, std::memory_order_relaxed);
    failed_.store(true, std::memory_order_seq_cst);
    if (!IsLarge(slot)) {
        Park(slot);
    }
}

void Engine::ArmLargeLocked() {
    uint32_t doubled = large_capacity_ < options_.max_payload / 2 ? large_capacity_ * 2 : options_.max_payload;
    large_capacity_ = doubled == 0 ? options_.max_payload : doubled;
    large_wanted_ = false;
    parking_.store(true, std::memory_order_release);
    Arm(options_.slots);
}

void Engine::Park(uint32_t slot) {
    slots_[slot].state.store(kParked, std::memory_order_release);
    parked_.fetch_add(1, std::memory_order_seq_cst);
}

void Engine::UnparkLocked() {
    parking_.store(false, std::memory_order_release);
    if (parked_.exchange(0, std::memory_order_seq_cst) == 0) {
        return;
    }
    for (uint32_t slot = 0; slot < options_.slots; slot++) {
        uint8_t parked = kParked;
        if (slots_[slot].state.compare_exchange_strong(parked, kFree, std::memory_order_acq_rel)) {
            Arm(slot);
        }
    }
}

void Engine::GiveBack(uint32_t slot) {
    uint8_t taken = kTaken;
    if (slot > options_.slots || !slots_[slot].state.compare_exchange_strong(taken, kFree, std::memory_order_acq_rel)) {
        return;
    }
    if (!IsLarge(slot) && !parking_.load(std::memory_order_acquire)) {
        Arm(slot);
        return;
    }
    std::lock_guard<std::mutex> guard(lock_);
    if (IsLarge(slot)) {
        if (large_wanted_) {
            ArmLargeLocked();
        }
    } else if (parking_.load(std::memory_order_relaxed)) {
        Park(slot);
    } else {
        Arm(slot);
    }
}

void Engine::Rearm(uint32_t slot) {
    GiveBack(slot);
}

/* ---- messages that do not fit ---- */

void Engine::OnTooSmall(uint32_t slot) {
    std::lock_guard<std::mutex> guard(lock_);
    oversize_.fetch_add(1, std::memory_order_relaxed);
    if (IsLarge(slot)) {
        if (large_capacity_ < options_.max_payload) {
            ArmLargeLocked();
            return;
        }
        too_large_.store(true, std::memory_order_seq_cst);
        UnparkLocked();
        return;
    }
    if (options_.max_payload <= options_.payload) {
        too_large_.store(true, std::memory_order_seq_cst);
        Arm(slot);
        return;
    }
    Park(slot);
    uint8_t large = slots_[options_.slots].state.load(std::memory_order_acquire);
    if (large == kFree) {
        ArmLargeLocked();
    } else if (large == kTaken) {
        large_wanted_ = true;
    }
}

/* ---- polling ---- */

/** True if the packet brought a message. */
bool Engine::OnPacket(const OVERLAPPED_ENTRY &entry, int64_t *message) {
    uint32_t slot = SlotOf(entry.lpOverlapped);
    NTSTATUS status = static_cast<NTSTATUS>(entry.Internal);
    DWORD bytes = entry.dwNumberOfBytesTransferred;
    if (status >= 0 && bytes >= sizeof(FILTER_MESSAGE_HEADER)) {
        slots_[slot].state.store(kTaken, std::memory_order_release);
        *message = static_cast<int64_t>(slot) |
                   static_cast<int64_t>(bytes - static_cast<DWORD>(sizeof(FILTER_MESSAGE_HEADER))) << 32;
        if (IsLarge(slot)) {
            std::lock_guard<std::mutex> guard(lock_);
            UnparkLocked();
        }
        return true;
    }
    slots_[slot].state.store(kFree, std::memory_order_release);
    if (status == kStatusBufferTooSmall) {
        OnTooSmall(slot);
    } else if (status == kStatusPortDisconnected || status == kStatusFileDeleted) {
        disconnected_.store(true, std::memory_order_seq_cst);
    } else if (status != kStatusCancelled) {
        error_.store(status >= 0 ? kBadPacket : FromStatus(status), std::memory_order_relaxed);
        failed_.store(true, std::memory_order_seq_cst);
    }
    return false;
}

Engine::Taken Engine::TakePackets(const OVERLAPPED_ENTRY *entries, ULONG count, int64_t *batch) {
    Taken taken = {0, 0};
    for (ULONG i = 0; i < count; i++) {
        if (entries[i].lpCompletionKey == kWakeKey) {
            taken.wakes++;
        } else if (OnPacket(entries[i], &batch[taken.messages])) {
            taken.messages++;
        }
    }
    return taken;
}

bool Engine::Ended() const {
    return closing_.load(std::memory_order_seq_cst) || disconnected_.load(std::memory_order_seq_cst);
}

int Engine::Poll(uint32_t index, int rearm, int limit, int64_t timeout) {
    int64_t *batch = BatchOf(index);
    Reader &reader = readers_[index];
    for (int i = 0; i < rearm; i++) {
        GiveBack(static_cast<uint32_t>(batch[i]));
    }
    if (parked_.load(std::memory_order_relaxed) != 0 && !parking_.load(std::memory_order_acquire)) {
        std::lock_guard<std::mutex> guard(lock_);
        if (!parking_.load(std::memory_order_relaxed) && !large_wanted_) {
            UnparkLocked();
        }
    }
    bool forever = timeout == INT64_MAX;
    int64_t deadline = forever || timeout == 0 ? 0 : Now() + timeout;
    OVERLAPPED_ENTRY entries[kBatchLimit];
    ULONG most = static_cast<ULONG>(limit < kBatchLimit ? limit : kBatchLimit);
    for (;;) {
        reader.waiting.store(true, std::memory_order_seq_cst);
        bool woken =
            reader.wake.load(std::memory_order_seq_cst) && reader.wake.exchange(false, std::memory_order_seq_cst);
        DWORD wait = INFINITE;
        if (woken || timeout == 0 || Ended() || too_large_.load(std::memory_order_relaxed) ||
            failed_.load(std::memory_order_relaxed)) {
            wait = 0;
        } else if (!forever) {
            wait = MillisecondsUntil(deadline, Now());
        }
        ULONG count = 0;
        if (!fltlib.GetQueuedCompletionStatusEx(completion_, entries, most, &count, wait, FALSE)) {
            count = 0;
            DWORD reason = fltlib.GetLastError();
            if (reason != WAIT_TIMEOUT) {
                error_.store(HRESULT_FROM_WIN32(reason), std::memory_order_relaxed);
                failed_.store(true, std::memory_order_seq_cst);
            }
        }
        /* No fence: who still sees it waiting posts a wake too many. */
        reader.waiting.store(false, std::memory_order_release);
        Taken taken = TakePackets(entries, count, batch);
        if (taken.wakes > 0) {
            woken = reader.wake.exchange(false, std::memory_order_seq_cst) || woken;
            PassWakeOn(index, taken.wakes);
        }
        if (Ended()) {
            WakeOthers(index);
        }
        if (taken.messages > 0) {
            if (woken) {
                reader.wake.store(true, std::memory_order_seq_cst); /* still owed: the next Poll */
            }
            return taken.messages;
        }
        if (closing_.load(std::memory_order_seq_cst)) {
            return kPollClosed;
        }
        if (disconnected_.load(std::memory_order_seq_cst)) {
            return kPollDisconnected;
        }
        if (too_large_.exchange(false, std::memory_order_seq_cst)) {
            return kPollTooLarge;
        }
        if (failed_.exchange(false, std::memory_order_seq_cst)) {
            return kPollError;
        }
        if (woken || (!forever && MillisecondsUntil(deadline, timeout == 0 ? 0 : Now()) == 0)) {
            return 0;
        }
    }
}

/* ---- waking ---- */

bool Engine::PostWake() {
    return fltlib.PostQueuedCompletionStatus(completion_, 0, kWakeKey, nullptr) != FALSE;
}

void Engine::Wakeup(uint32_t index) {
    Reader &reader = readers_[index];
    reader.wake.store(true, std::memory_order_seq_cst);
    if (reader.waiting.load(std::memory_order_seq_cst)) {
        PostWake();
    }
}

/**
 * A wake packet goes to any waiter. One that is meant for somebody else is handed on; the thread then steps aside for a
 * moment, so that it does not take it a second time before the other has run.
 */
void Engine::PassWakeOn(uint32_t index, int wakes) {
    for (uint32_t i = 0; i < options_.readers; i++) {
        Reader &other = readers_[i];
        auto owed = [&other] {
            return other.wake.load(std::memory_order_seq_cst) && other.waiting.load(std::memory_order_seq_cst);
        };
        if (i == index || !owed()) {
            continue;
        }
        PostWake();
        for (int turns = 0; turns < 64 && owed(); turns++) {
            std::this_thread::yield();
        }
        if (--wakes == 0) {
            return;
        }
    }
}

/** After the end each thread that leaves wakes the next one; it does not come back to take the packet. */
void Engine::WakeOthers(uint32_t index) {
    for (uint32_t i = 0; i < options_.readers; i++) {
        if (i != index && readers_[i].waiting.load(std::memory_order_seq_cst)) {
            PostWake();
            return;
        }
    }
}

void Engine::Interrupt() {
    closing_.store(true, std::memory_order_seq_cst);
    PostWake();
}

/* ---- replying ---- */

int Engine::Reply(uint32_t slot, NTSTATUS status, uint32_t length) {
    if (slot > options_.slots || slots_[slot].state.load(std::memory_order_acquire) != kTaken) {
        return E_INVALIDARG;
    }
    FILTER_REPLY_HEADER *reply = ReplyAt(slot);
    reply->Status = status;
    reply->MessageId = HeaderAt(slot)->MessageId;
    HRESULT result = fltlib.FilterReplyMessage(port_, reply, static_cast<DWORD>(sizeof(FILTER_REPLY_HEADER)) + length);
    switch (result) {
    case S_OK:
        return kReplyDelivered;
    case ERROR_FLT_NO_WAITER_FOR_REPLY:
        return kReplyNoWaiter;
    case kMoreData:
        return kReplyTooLong;
    case kHandleGone:
        return kReplyDisconnected;
    default:
        return result < 0 ? result : kReplyDelivered;
    }
}

/* ---- stopping ---- */

uint32_t Engine::CountArmed() const {
    uint32_t armed = 0;
    for (uint32_t slot = 0; slot <= options_.slots; slot++) {
        armed += slots_[slot].state.load(std::memory_order_seq_cst) == kArmed;
    }
    return armed;
}

int Engine::Stop(int64_t timeout, bool cancel, uint32_t *pending) {
    constexpr int64_t slice = 20 * 1000000;
    int64_t *batch = BatchOf(0);
    OVERLAPPED_ENTRY entries[kBatchLimit];
    int messages = 0;
    closing_.store(true, std::memory_order_seq_cst);
    stopped_.store(true, std::memory_order_seq_cst);
    int64_t deadline = Now() + timeout;
    while (CountArmed() != 0) {
        if (cancel) {
            /* Again each time: a thread that gave its slot back just now may have overtaken the last one. */
            fltlib.CancelIoEx(port_, nullptr);
        }
        int64_t now = Now();
        ULONG count = 0;
        DWORD wait = MillisecondsUntil(deadline < now + slice ? deadline : now + slice, now);
        if (fltlib.GetQueuedCompletionStatusEx(completion_, entries, kBatchLimit, &count, wait, FALSE)) {
            messages += TakePackets(entries, count, batch + messages).messages;
        } else if (now >= deadline) {
            break;
        }
    }
    *pending = CountArmed();
    return messages;
}

} // namespace filterport
