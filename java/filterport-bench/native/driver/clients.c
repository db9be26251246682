/* SPDX-License-Identifier: Apache-2.0 */
#include "bench.h"

static PFLT_PORT Ports[BENCH_CLIENTS];

PFLT_PORT *BenchClientPort(ULONG Number) {
    return Number < BENCH_CLIENTS ? &Ports[Number] : NULL;
}

NTSTATUS FLTAPI BenchClientConnect(PFLT_PORT ClientPort, PVOID ServerCookie, PVOID Context, ULONG ContextLength,
                                   PVOID *Cookie) {
    const BENCH_CONNECT *Connect = Context;

    UNREFERENCED_PARAMETER(ServerCookie);
    if (ContextLength != sizeof(*Connect) || Connect->Magic != BENCH_MAGIC || Connect->Number >= BENCH_CLIENTS) {
        return STATUS_INVALID_PARAMETER;
    }
    if (InterlockedCompareExchangePointer((PVOID volatile *)&Ports[Connect->Number], ClientPort, NULL) != NULL) {
        return STATUS_OBJECT_NAME_COLLISION;
    }
    *Cookie = &Ports[Connect->Number];
    return STATUS_SUCCESS;
}

/* Whoever asks last reads the ring. */
NTSTATUS FLTAPI BenchClientMessage(PVOID Cookie, PVOID Input, ULONG InputLength, PVOID Output, ULONG OutputLength,
                                   PULONG Returned) {
    RING_VIEWS Views;
    NTSTATUS Status;

    if (Input == NULL || InputLength != sizeof(BENCH_CONNECT) || Output == NULL || OutputLength < sizeof(Views)) {
        return STATUS_INVALID_PARAMETER;
    }
    Status = RingAttach(&BenchRing, BenchFilter, (PFLT_PORT *)Cookie, &Views);
    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    __try {
        RtlCopyMemory(Output, &Views, sizeof(Views));
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        return STATUS_ACCESS_VIOLATION;
    }
    *Returned = sizeof(Views);
    return STATUS_SUCCESS;
}

VOID FLTAPI BenchClientDisconnect(PVOID Cookie) {
    RingDetach(&BenchRing, (PFLT_PORT *)Cookie);
    FltCloseClientPort(BenchFilter, (PFLT_PORT *)Cookie);
}
