/* SPDX-License-Identifier: Apache-2.0 */
/* The benchmark driver's own parts: clients.c knows who is connected, run.c starts senders, sender.c and events.c send. */
#ifndef FILTERPORT_BENCH_DRIVER_H
#define FILTERPORT_BENCH_DRIVER_H

#include <fltKernel.h>

#include "../common/protocol.h"
#include "ring.h"

#define BENCH_POOL_TAG 'hcnB'
#define BENCH_NEVER ((ULONGLONG)-1)

extern PFLT_FILTER BenchFilter;

/* clients.c */
PFLT_PORT *BenchClientPort(ULONG Number);
NTSTATUS FLTAPI BenchClientConnect(PFLT_PORT ClientPort, PVOID ServerCookie, PVOID Context, ULONG ContextLength,
                                   PVOID *Cookie);
VOID FLTAPI BenchClientDisconnect(PVOID Cookie);

NTSTATUS FLTAPI BenchClientMessage(PVOID Cookie, PVOID Input, ULONG InputLength, PVOID Output, ULONG OutputLength,
                                   PULONG Returned);

/* One sending thread. */
typedef struct BENCH_SENDER {
    const BENCH_RUN *Run;
    PFLT_PORT *Port;
    PKEVENT Start;
    ULONG Index;
    PVOID Thread;
    ULONGLONG Begin; /* of the recorded part */
    ULONGLONG End;
    ULONGLONG Sent;
    ULONGLONG Wrong;
    NTSTATUS Status;
    struct bench_histogram Histogram;
} BENCH_SENDER;

/* sender.c */
ULONGLONG BenchNow(VOID); /* nanoseconds */
VOID BenchSend(BENCH_SENDER *Sender);

/* events.c */
extern RING BenchRing;
NTSTATUS BenchWriteEvents(BENCH_SENDER *Sender, ULONG Number); /* one, or one batch */

/* run.c */
NTSTATUS BenchRun(const BENCH_RUN *Run, BENCH_RESULT *Result);

#endif
