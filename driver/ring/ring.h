/* SPDX-License-Identifier: Apache-2.0 */

/**
 * The event ring: one-way events from a minifilter to a client through shared memory, beside a communication port.
 *
 * For what is reported and not asked. Writing an event is a copy; a message is sent only when the reader sleeps. Add
 * ring.c and ring_memory.c to the driver's sources; the reader is Java's EventReader, or any program after ring_format.h.
 *
 *     static RING Events;                                    nonpaged; one for each reader
 *
 *     DriverEntry:      RingInit(&Events, 1 << 20);
 *     MessageNotify:    RingAttach(&Events, Filter, &Client->Port, &Views)    on the client's request; answer Views
 *     anywhere:         RingWrite(&Events, KIND, &Event, sizeof(Event), Path->Buffer, Path->Length)
 *     DisconnectNotify: RingDetach(&Events); FltCloseClientPort(Filter, &Client->Port);
 *     Unload:           FltCloseCommunicationPort(...); RingClose(&Events); RingFini(&Events);
 *
 * What a reader can rely on
 * - Each event has the next sequence number, from 1 on, also one that is lost; so each loss is a gap that the reader sees.
 *   The driver never waits and never overwrites: when the ring is full the new event is dropped and counted.
 * - From the driver into the ring an event gets at most once. What the reader has not marked as consumed stays there, when
 *   it dies too: a ring that outlives its connection begins, for the next reader, behind the last commit. So from the ring
 *   on it is at least once.
 *
 * Why a message wakes the reader, and not an event object: a message needs no handle from the other side (which the driver
 * would have to open and to trust, and which is another thing on each system), goes the way that the client waits on
 * anyway, beside its other messages and its port's end, and is sent once a sleep, so its cost is that of sleeping. It is
 * one-way and does not wait (time-out 0). The reader must have at least two receives pending whenever it sleeps, so that
 * one that it has just taken and not yet armed again does not make it miss the next.
 *
 * Who may be inside, and when memory goes
 * - RingWrite, RingWriteMany and RingLose: any number of threads at a time, from RingInit to RingFini. They synchronise
 *   among themselves on a push lock, held for one copy. After RingClose they touch the memory no more and fail.
 * - RingFini: when no thread is inside any of these functions nor will come: after the callbacks that write have ended
 *   (FltUnregisterFilter), or under a reference count of whatever holds the ring.
 * - The client's views are the client's. The driver never takes them away, since a reader may just be looking; they go when
 *   the client unmaps them or ends. They keep the memory alive, with State RING_CLOSED in it.
 *
 * Speed: one uncontended RingWrite of 48 bytes takes about as long as three interlocked operations; RingWriteMany takes
 * the lock, publishes and looks for a sleeping reader once for all its events.
 */

#ifndef FILTERPORT_RING_H
#define FILTERPORT_RING_H

#include <fltKernel.h>

#include "ring_format.h"

#ifdef __cplusplus
extern "C" {
#endif

/** In nonpaged memory that the caller provides; the fields are private. */
typedef struct _RING {
    EX_PUSH_LOCK Lock; /* guards what follows, and the shared memory */
    RING_PRODUCER *Producer;
    const RING_CONSUMER *Consumer;
    UCHAR *Data;
    LONG64 DataLength;
    ULONG LongestEvent;
    BOOLEAN Closed;
    LONG64 Tail;
    LONG64 Consumed; /* the last value of the reader's that made sense */
    LONG64 Sequence;
    LONG64 Dropped;
    LONG64 Refused; /* values of the reader's that made none */
    LONG64 Woken;   /* the sleep that has been answered */

    EX_PUSH_LOCK WakeLock; /* guards the rest; taken without Lock */
    PFLT_FILTER Filter;
    PFLT_PORT *ClientPort;

    HANDLE ProducerSection;
    HANDLE ConsumerSection;
} RING, *PRING;

/** One event for RingWriteMany. */
typedef struct _RING_EVENT {
    ULONG Kind;
    ULONG Length;
    const VOID *Payload;
} RING_EVENT, *PRING_EVENT;

typedef struct _RING_COUNTERS {
    LONG64 Events;   /* sequence numbers given out */
    LONG64 Dropped;  /* of these: the ring was full */
    LONG64 Refused;  /* times that the reader's page held nonsense */
    LONG64 Unread;   /* bytes published and not consumed */
    LONG64 Capacity; /* bytes */
} RING_COUNTERS;

/**
 * Creates the shared memory: DataLength bytes for events, RING_LEAST_DATA to RING_MOST_DATA, a power of two, and two pages.
 * On failure there is nothing to undo.
 *
 * STATUS_INVALID_PARAMETER       DataLength
 * STATUS_INSUFFICIENT_RESOURCES  out of memory
 */
_IRQL_requires_max_(PASSIVE_LEVEL) _Must_inspect_result_ NTSTATUS RingInit(_Out_ PRING Ring, _In_ ULONG DataLength);

/** Frees the driver's share of the memory. Nobody is inside, nobody will come. After a failed RingInit: does nothing. */
_IRQL_requires_max_(PASSIVE_LEVEL) VOID RingFini(_Inout_ PRING Ring);

/**
 * Maps the ring into the client whose MessageNotify the calling thread runs, and remembers whom to wake: *ClientPort, which
 * stays where it is until RingDetach. Whoever was attached before is woken no more; its views stay its own.
 *
 * The caller answers the client with *Views.
 *
 * STATUS_PORT_DISCONNECTED  the ring is closed
 * otherwise                 of ZwOpenProcess, ZwMapViewOfSection
 */
_IRQL_requires_max_(PASSIVE_LEVEL) _Must_inspect_result_ NTSTATUS
    RingAttach(_Inout_ PRING Ring, _In_ PFLT_FILTER Filter, _In_ PFLT_PORT *ClientPort, _Out_ RING_VIEWS *Views);

/** Wakes *ClientPort no more, and waits for one that is just being woken. Events go on being written. */
_IRQL_requires_max_(PASSIVE_LEVEL) VOID RingDetach(_Inout_ PRING Ring, _In_ PFLT_PORT *ClientPort);

/**
 * Writes one event: HeaderLength bytes and behind them PayloadLength bytes; either may be NULL and 0. Kind is the driver's
 * own, below RING_FIRST_RESERVED_KIND. Does not wait for the reader; may take page faults. Neither buffer is user memory.
 *
 * STATUS_INSUFFICIENT_RESOURCES  the ring is full: the event is lost, the reader will see a gap
 * STATUS_INVALID_BUFFER_SIZE     longer than RING_PRODUCER.LongestEvent: likewise
 * STATUS_PORT_DISCONNECTED       the ring is closed
 */
_IRQL_requires_max_(APC_LEVEL) NTSTATUS
    RingWrite(_Inout_ PRING Ring, _In_ ULONG Kind, _In_reads_bytes_opt_(HeaderLength) const VOID *Header,
              _In_ ULONG HeaderLength, _In_reads_bytes_opt_(PayloadLength) const VOID *Payload,
              _In_ ULONG PayloadLength);

/** Writes several events at once; *Written, which may be NULL, is how many got in. The first failure's status, if any. */
_IRQL_requires_max_(APC_LEVEL) NTSTATUS RingWriteMany(_Inout_ PRING Ring, _In_reads_(Count) const RING_EVENT *Events,
                                                      _In_ ULONG Count, _Out_opt_ PULONG Written);

/** An event that the driver could not make, for want of memory or of a name: the reader will see a gap. */
_IRQL_requires_max_(APC_LEVEL) VOID RingLose(_Inout_ PRING Ring);

/** Ends the ring: writers fail from now on; the reader is woken, reads what is there, and then sees the end. Idempotent. */
_IRQL_requires_max_(APC_LEVEL) VOID RingClose(_Inout_ PRING Ring);

_IRQL_requires_max_(APC_LEVEL) VOID RingQuery(_Inout_ PRING Ring, _Out_ RING_COUNTERS *Counters);

/* ring_memory.c, for ring.c */
_IRQL_requires_max_(PASSIVE_LEVEL) _Must_inspect_result_ NTSTATUS
    RingMemoryCreate(_Inout_ PRING Ring, _In_ ULONG DataLength);
_IRQL_requires_max_(PASSIVE_LEVEL) VOID RingMemoryDestroy(_Inout_ PRING Ring);
_IRQL_requires_max_(PASSIVE_LEVEL) _Must_inspect_result_ NTSTATUS
    RingMemoryMap(_In_ PRING Ring, _Out_ RING_VIEWS *Views);

#ifdef __cplusplus
}
#endif

#endif
