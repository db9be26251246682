/* SPDX-License-Identifier: Apache-2.0 */
#include "bench.h"

RING BenchRing;

/* The reader has fallen behind; a driver would go on without the event, a measurement waits a moment for room. */
static VOID GiveWay(VOID) {
    ULONGLONG End = BenchNow() + 2000;

    while (BenchNow() < End) {
    }
}

static NTSTATUS WriteOne(const BENCH_RUN *Run, ULONG Number) {
    ULONG Event[BENCH_LONGEST / sizeof(ULONG)];
    NTSTATUS Status;

    Event[0] = Number;
    while ((Status = RingWrite(&BenchRing, 1, Event, Run->Length, NULL, 0)) == STATUS_INSUFFICIENT_RESOURCES) {
        GiveWay();
    }
    return Status;
}

static NTSTATUS WriteBatch(const BENCH_RUN *Run, ULONG Number) {
    ULONG Event[BENCH_LONGEST / sizeof(ULONG)];
    RING_EVENT Events[BENCH_BATCH];
    ULONG Done = 0;

    Event[0] = Number;
    for (ULONG i = 0; i < BENCH_BATCH; i++) {
        Events[i].Kind = 1;
        Events[i].Length = Run->Length;
        Events[i].Payload = Event;
    }
    for (;;) {
        ULONG Written = 0;
        NTSTATUS Status = RingWriteMany(&BenchRing, Events + Done, BENCH_BATCH - Done, &Written);
        Done += Written;
        if (Status != STATUS_INSUFFICIENT_RESOURCES || Done >= BENCH_BATCH) {
            return Status;
        }
        GiveWay();
    }
}

NTSTATUS BenchWriteEvents(BENCH_SENDER *Sender, ULONG Number) {
    return (Sender->Run->Flags & BENCH_RING_BATCH) != 0 ? WriteBatch(Sender->Run, Number)
                                                        : WriteOne(Sender->Run, Number);
}
