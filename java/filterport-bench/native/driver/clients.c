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

VOID FLTAPI BenchClientDisconnect(PVOID Cookie) {
    FltCloseClientPort(BenchFilter, (PFLT_PORT *)Cookie);
}
