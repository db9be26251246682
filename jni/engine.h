/* SPDX-License-Identifier: Apache-2.0 */
/**
 * The completion engine: a connection's receives, written once against fltlib and completion ports.
 *
 * One arena holds the slots. A slot is `[OVERLAPPED | FILTER_MESSAGE_HEADER | payload]` and beside it
 * `[FILTER_REPLY_HEADER | reply]`, each on its own cache line; payloads are 16-byte aligned. Behind the slots lies one
 * large slot for messages that do not fit, then a batch area for each reader.
 *
 *             Arm                     packet taken                 Java gives it back
 *   FREE ------------> ARMED --------------------------> TAKEN ----------------------> ARMED | PARKED | FREE
 *                        |  too small: the large slot is armed with twice the room
 *                        +----------------------------------------> PARKED ----------> ARMED
 *
 * A message that does not fit fails one receive and stays first in line. The engine then arms the large slot, doubling
 * it up to its end, and parks small slots that come back, so that the large one is reached; when it has come back, all
 * of them are armed again.
 *
 * Threads: Poll by one thread for each reader, at the same time; Reply, Rearm, Wakeup, Interrupt by any thread at any
 * time before Destroy; Stop and Destroy by one thread, Stop when no thread is inside Poll.
 */
#ifndef FILTERPORT_JNI_ENGINE_H
#define FILTERPORT_JNI_ENGINE_H

#include <stdint.h>

#include <atomic>
#include <mutex>

#include "fltlib.h"

namespace filterport {

/** Where FILTER_MESSAGE_HEADER lies in a slot, behind OVERLAPPED. */
constexpr int kEngineHeaderOffset = 64;

/** Most messages that one Poll returns. */
constexpr int kBatchLimit = 64;

/** Results of Poll other than a count; MessageReader.java and Receives.java have the same. */
constexpr int kPollDisconnected = -1;
constexpr int kPollClosed = -2;
constexpr int kPollTooLarge = -3;
constexpr int kPollError = -4;

/** Results of Reply, in the order of ReplyOutcome.java; others are the failing HRESULT. */
constexpr int kReplyDelivered = 0;
constexpr int kReplyNoWaiter = 1;
constexpr int kReplyTooLong = 2;
constexpr int kReplyDisconnected = 3;

struct EngineOptions {
    uint32_t slots;
    uint32_t payload;
    uint32_t max_payload;
    uint32_t reply;
    uint32_t readers;
    uint32_t spin_nanoseconds;
};

/** Where things lie in the arena, in bytes; Java asks for these and types none of them in. */
struct EngineLayout {
    uint64_t size;
    uint32_t slot_stride;
    uint32_t slot_reply;   /**< FILTER_REPLY_HEADER, from the slot's start */
    uint32_t large_slot;   /**< from the arena's start; its index is the number of slots */
    uint32_t large_reply;  /**< from the large slot's start */
    uint32_t batch;        /**< from the arena's start */
    uint32_t batch_stride; /**< one area for each reader */
};

EngineLayout EngineLayoutFor(const EngineOptions &options);

class Engine {
  public:
    /** Arms every slot of `arena`, which the caller keeps alive until Destroy, and longer if that tells so. */
    static HRESULT Create(HANDLE port, void *arena, const EngineOptions &options, Engine **engine);

    /**
     * Gives back the `rearm` slots named in the reader's batch area, then waits for messages, at most `timeout` ns
     * (INT64_MAX: no limit), and writes up to `limit` of them there: slot in the low, payload length in the high half.
     */
    int Poll(uint32_t reader, int rearm, int limit, int64_t timeout);

    /** FilterReplyMessage of the first `length` bytes in the slot's reply. Does not give the slot back. */
    int Reply(uint32_t slot, NTSTATUS status, uint32_t length);

    /** Gives a slot back. */
    void Rearm(uint32_t slot);

    /** Lets that reader's Poll, or its next one, return 0. */
    void Wakeup(uint32_t reader);

    /** Lets every Poll, now and later, return kPollClosed. */
    void Interrupt();

    /**
     * Cancels all receives (not if the port's handle is closed: they end by themselves then) and takes back what comes,
     * at most `timeout` ns. Messages that were in fact delivered are written to reader 0's batch area. Returns their
     * number; *pending is that of the receives still out.
     */
    int Stop(int64_t timeout, bool cancel, uint32_t *pending);

    /** The HRESULT behind kPollError. */
    HRESULT LastError() const { return error_.load(std::memory_order_relaxed); }

    /** How many receives were too small for their message. */
    uint64_t Oversize() const { return oversize_.load(std::memory_order_relaxed); }

    /** Closes the completion port and frees the engine. The arena may be freed only if no receive is pending. */
    void Destroy();

  private:
    enum State : uint8_t { kFree, kArmed, kTaken, kParked };

    struct alignas(64) Slot {
        std::atomic<uint8_t> state;
    };

    struct alignas(64) Reader {
        std::atomic<bool> waiting;
        std::atomic<bool> wake;
    };

    struct Taken {
        int messages;
        int wakes;
    };

    char *SlotAt(uint32_t slot) const;
    FILTER_MESSAGE_HEADER *HeaderAt(uint32_t slot) const;
    FILTER_REPLY_HEADER *ReplyAt(uint32_t slot) const;
    int64_t *BatchOf(uint32_t reader) const;
    uint32_t SlotOf(const OVERLAPPED *overlapped) const;
    bool IsLarge(uint32_t slot) const { return slot == options_.slots; }

    void Arm(uint32_t slot);
    void ArmLargeLocked();
    void Park(uint32_t slot);
    void UnparkLocked();
    void GiveBack(uint32_t slot);
    bool OnPacket(const OVERLAPPED_ENTRY &entry, int64_t *message);
    void OnTooSmall(uint32_t slot);
    Taken TakePackets(const OVERLAPPED_ENTRY *entries, ULONG count, int64_t *batch);
    bool PostWake();
    void PassWakeOn(uint32_t reader, int wakes);
    void WakeOthers(uint32_t reader);
    bool Ended() const;
    uint32_t CountArmed() const;

    HANDLE port_;
    HANDLE completion_;
    char *arena_;
    EngineOptions options_;
    EngineLayout layout_;
    Slot *slots_;
    Reader *readers_;
    void *memory_;

    std::atomic<bool> closing_;
    std::atomic<bool> stopped_;
    std::atomic<bool> disconnected_;
    std::atomic<bool> too_large_;
    std::atomic<bool> failed_;
    std::atomic<HRESULT> error_;
    std::atomic<uint64_t> oversize_;

    /* The rare path: slots that wait for the large one. */
    std::mutex lock_;
    std::atomic<bool> parking_;
    std::atomic<uint32_t> parked_;
    bool large_wanted_;
    uint32_t large_capacity_;
};

} // namespace filterport

#endif
