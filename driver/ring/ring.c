/* SPDX-License-Identifier: Apache-2.0 */

#include "ring.h"

/*
 * One push lock around place, copy and publication. A lock-free place with a publication apart was considered: sequence
 * and position must advance together, also for an event that is lost, and publication has to be in order anyway, so the
 * events behind a slow writer would wait for it all the same. The memory may be paged out, so no spin lock: APC_LEVEL.
 */

#define RING_PASSIVE_CODE() NT_ASSERT(KeGetCurrentIrql() == PASSIVE_LEVEL)
#define RING_APC_CODE() NT_ASSERT(KeGetCurrentIrql() <= APC_LEVEL)

static LONG64 RingPadded(_In_ LONG64 Length) {
    return (Length + (LONG64)(RING_ALIGNMENT - 1)) & ~(LONG64)(RING_ALIGNMENT - 1);
}

_IRQL_requires_max_(PASSIVE_LEVEL) _Must_inspect_result_ NTSTATUS RingInit(_Out_ PRING Ring, _In_ ULONG DataLength) {
    NTSTATUS status;

    RING_PASSIVE_CODE();
    RtlZeroMemory(Ring, sizeof(*Ring));
    if (DataLength < RING_LEAST_DATA || DataLength > RING_MOST_DATA || (DataLength & (DataLength - 1)) != 0) {
        return STATUS_INVALID_PARAMETER;
    }
    status = RingMemoryCreate(Ring, DataLength);
    if (NT_SUCCESS(status)) {
        FltInitializePushLock(&Ring->Lock);
        FltInitializePushLock(&Ring->WakeLock);
    }
    return status;
}

_IRQL_requires_max_(PASSIVE_LEVEL) VOID RingFini(_Inout_ PRING Ring) {
    RING_PASSIVE_CODE();
    if (Ring->Producer == NULL) {
        return;
    }
    NT_ASSERT(Ring->ClientPort == NULL);
    RingClose(Ring);
    RingMemoryDestroy(Ring);
    FltDeletePushLock(&Ring->WakeLock);
    FltDeletePushLock(&Ring->Lock);
}

/* The reader's word, read once. With Lock held. */
static VOID RingTakeConsumed(_Inout_ PRING Ring) {
    const LONG64 consumed = ReadAcquire64(&Ring->Consumer->Consumed);

    if (consumed >= Ring->Consumed && consumed <= Ring->Tail && (consumed & (LONG64)(RING_ALIGNMENT - 1)) == 0) {
        Ring->Consumed = consumed;
    } else {
        Ring->Refused++;
    }
}

static BOOLEAN RingHasRoom(_Inout_ PRING Ring, _In_ LONG64 Length) {
    if (Ring->DataLength - (Ring->Tail - Ring->Consumed) >= Length) {
        return TRUE;
    }
    RingTakeConsumed(Ring);
    return Ring->DataLength - (Ring->Tail - Ring->Consumed) >= Length;
}

/* What one event needs, with its record and what it leaves unused at the end of the data. */
static LONG64 RingNeed(_In_ PRING Ring, _In_ LONG64 Payload, _Out_ LONG64 *Padding) {
    const LONG64 length = RingPadded((LONG64)sizeof(RING_RECORD) + Payload);
    const LONG64 left = Ring->DataLength - (Ring->Tail & (Ring->DataLength - 1));

    *Padding = left < length ? left : 0;
    return *Padding + length;
}

static RING_RECORD *RingRecord(_In_ PRING Ring, _In_ ULONG Kind, _In_ LONG64 Length, _In_ LONG64 Sequence) {
    RING_RECORD *record = (RING_RECORD *)(VOID *)(Ring->Data + (Ring->Tail & (Ring->DataLength - 1)));

    record->Length = (RING_U32)Length;
    record->Kind = Kind;
    record->Sequence = (RING_U64)Sequence;
    Ring->Tail += RingPadded((LONG64)sizeof(RING_RECORD) + Length);
    return record;
}

/* A record with room for its payload, not yet published; NULL: lost. With Lock held. */
static UCHAR *RingPlace(_Inout_ PRING Ring, _In_ ULONG Kind, _In_ LONG64 Length) {
    const LONG64 sequence = ++Ring->Sequence;
    LONG64 padding;
    const LONG64 need = RingNeed(Ring, Length, &padding);

    if (!RingHasRoom(Ring, need)) {
        Ring->Dropped++;
        /* Published first: whoever sees Lost has everything that came before it. */
        WriteRelease64(&Ring->Producer->Published, Ring->Tail);
        WriteRelease64(&Ring->Producer->Dropped, Ring->Dropped);
        WriteRelease64(&Ring->Producer->Lost, sequence);
        return NULL;
    }
    if (padding != 0) {
        (VOID) RingRecord(Ring, RING_KIND_PADDING, padding - (LONG64)sizeof(RING_RECORD), 0);
    }
    return (UCHAR *)(RingRecord(Ring, Kind, Length, sequence) + 1);
}

/* With Lock held. */
static NTSTATUS RingPut(_Inout_ PRING Ring, _In_ ULONG Kind, _In_reads_bytes_opt_(HeaderLength) const VOID *Header,
                        _In_ ULONG HeaderLength, _In_reads_bytes_opt_(PayloadLength) const VOID *Payload,
                        _In_ ULONG PayloadLength) {
    const LONG64 length = (LONG64)HeaderLength + (LONG64)PayloadLength;
    UCHAR *place;

    if (length > (LONG64)Ring->LongestEvent) {
        (VOID) RingPlace(Ring, RING_KIND_TOO_LONG, 0);
        return STATUS_INVALID_BUFFER_SIZE;
    }
    place = RingPlace(Ring, Kind, length);
    if (place == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    if (HeaderLength != 0) {
        RtlCopyMemory(place, Header, HeaderLength);
    }
    if (PayloadLength != 0) {
        RtlCopyMemory(place + HeaderLength, Payload, PayloadLength);
    }
    return STATUS_SUCCESS;
}

/* Makes what was put visible. Returns the sleep that the caller has to end, or 0. With Lock held. */
static LONG64 RingPublish(_Inout_ PRING Ring) {
    LONG64 sleep;

    WriteRelease64(&Ring->Producer->Published, Ring->Tail);
    KeMemoryBarrier(); /* Published (or State, Lost) before Sleeping; the reader has it the other way round */
    sleep = ReadNoFence64(&Ring->Consumer->Sleeping);
    if (sleep == 0 || sleep == Ring->Woken) {
        return 0;
    }
    Ring->Woken = sleep;
    return sleep;
}

/* Without Lock. The message does not wait: there is a receive for it, or the reader is not asleep. */
static VOID RingWake(_Inout_ PRING Ring, _In_ LONG64 Sleep) {
    RING_WAKE wake;
    LARGE_INTEGER limit;

    if (Sleep == 0) {
        return;
    }
    wake.Magic = RING_WAKE_MAGIC;
    wake.Version = RING_VERSION;
    wake.Sleep = (RING_U64)Sleep;
    limit.QuadPart = 0;
    FltAcquirePushLockShared(&Ring->WakeLock);
    if (Ring->ClientPort != NULL) {
        (VOID) FltSendMessage(Ring->Filter, Ring->ClientPort, &wake, sizeof(wake), NULL, NULL, &limit);
    }
    FltReleasePushLock(&Ring->WakeLock);
}

_IRQL_requires_max_(PASSIVE_LEVEL) _Must_inspect_result_ NTSTATUS
    RingAttach(_Inout_ PRING Ring, _In_ PFLT_FILTER Filter, _In_ PFLT_PORT *ClientPort, _Out_ RING_VIEWS *Views) {
    NTSTATUS status;

    RING_PASSIVE_CODE();
    RtlZeroMemory(Views, sizeof(*Views));
    FltAcquirePushLockExclusive(&Ring->Lock);
    if (Ring->Closed) {
        FltReleasePushLock(&Ring->Lock);
        return STATUS_PORT_DISCONNECTED;
    }
    RingTakeConsumed(Ring);
    Views->Position = (RING_U64)Ring->Consumed;
    Ring->Woken = 0; /* the new reader counts its sleeps anew */
    FltReleasePushLock(&Ring->Lock);

    Views->Magic = RING_VIEWS_MAGIC;
    Views->Version = RING_VERSION;
    status = RingMemoryMap(Ring, Views);
    if (NT_SUCCESS(status)) {
        FltAcquirePushLockExclusive(&Ring->WakeLock);
        Ring->Filter = Filter;
        Ring->ClientPort = ClientPort;
        FltReleasePushLock(&Ring->WakeLock);
    }
    return status;
}

_IRQL_requires_max_(PASSIVE_LEVEL) VOID RingDetach(_Inout_ PRING Ring, _In_ PFLT_PORT *ClientPort) {
    RING_PASSIVE_CODE();
    FltAcquirePushLockExclusive(&Ring->WakeLock);
    if (Ring->ClientPort == ClientPort) {
        Ring->ClientPort = NULL;
    }
    FltReleasePushLock(&Ring->WakeLock);
    FltAcquirePushLockExclusive(&Ring->Lock);
    RingTakeConsumed(Ring); /* the last that it has committed */
    FltReleasePushLock(&Ring->Lock);
}

_IRQL_requires_max_(APC_LEVEL) NTSTATUS
    RingWrite(_Inout_ PRING Ring, _In_ ULONG Kind, _In_reads_bytes_opt_(HeaderLength) const VOID *Header,
              _In_ ULONG HeaderLength, _In_reads_bytes_opt_(PayloadLength) const VOID *Payload,
              _In_ ULONG PayloadLength) {
    LONG64 sleep = 0;
    NTSTATUS status = STATUS_PORT_DISCONNECTED;

    RING_APC_CODE();
    NT_ASSERT(Kind < RING_FIRST_RESERVED_KIND);
    FltAcquirePushLockExclusive(&Ring->Lock);
    if (!Ring->Closed) {
        status = RingPut(Ring, Kind, Header, HeaderLength, Payload, PayloadLength);
        sleep = RingPublish(Ring);
    }
    FltReleasePushLock(&Ring->Lock);
    RingWake(Ring, sleep);
    return status;
}

_IRQL_requires_max_(APC_LEVEL) NTSTATUS RingWriteMany(_Inout_ PRING Ring, _In_reads_(Count) const RING_EVENT *Events,
                                                      _In_ ULONG Count, _Out_opt_ PULONG Written) {
    LONG64 sleep = 0;
    NTSTATUS first = STATUS_SUCCESS;
    ULONG written = 0;
    ULONG index;

    RING_APC_CODE();
    FltAcquirePushLockExclusive(&Ring->Lock);
    if (Ring->Closed) {
        first = STATUS_PORT_DISCONNECTED;
    } else {
        for (index = 0; index < Count; index++) {
            const NTSTATUS status =
                RingPut(Ring, Events[index].Kind, Events[index].Payload, Events[index].Length, NULL, 0);
            written += NT_SUCCESS(status) ? 1u : 0u;
            first = NT_SUCCESS(first) ? status : first;
        }
        sleep = RingPublish(Ring);
    }
    FltReleasePushLock(&Ring->Lock);
    RingWake(Ring, sleep);
    if (Written != NULL) {
        *Written = written;
    }
    return first;
}

_IRQL_requires_max_(APC_LEVEL) VOID RingLose(_Inout_ PRING Ring) {
    LONG64 sleep = 0;

    RING_APC_CODE();
    FltAcquirePushLockExclusive(&Ring->Lock);
    if (!Ring->Closed) {
        (VOID) RingPlace(Ring, RING_KIND_NOT_MADE, 0);
        sleep = RingPublish(Ring);
    }
    FltReleasePushLock(&Ring->Lock);
    RingWake(Ring, sleep);
}

_IRQL_requires_max_(APC_LEVEL) VOID RingClose(_Inout_ PRING Ring) {
    LONG64 sleep = 0;

    RING_APC_CODE();
    FltAcquirePushLockExclusive(&Ring->Lock);
    if (!Ring->Closed) {
        Ring->Closed = TRUE;
        WriteRelease64(&Ring->Producer->State, RING_CLOSED);
        sleep = RingPublish(Ring);
    }
    FltReleasePushLock(&Ring->Lock);
    RingWake(Ring, sleep);
}

_IRQL_requires_max_(APC_LEVEL) VOID RingQuery(_Inout_ PRING Ring, _Out_ RING_COUNTERS *Counters) {
    RING_APC_CODE();
    FltAcquirePushLockExclusive(&Ring->Lock);
    RingTakeConsumed(Ring);
    Counters->Events = Ring->Sequence;
    Counters->Dropped = Ring->Dropped;
    Counters->Refused = Ring->Refused;
    Counters->Unread = Ring->Tail - Ring->Consumed;
    Counters->Capacity = Ring->DataLength;
    FltReleasePushLock(&Ring->Lock);
}
