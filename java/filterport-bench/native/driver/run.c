/* SPDX-License-Identifier: Apache-2.0 */
#include "bench.h"

static VOID SenderThread(PVOID Context) {
    BENCH_SENDER *Sender = Context;

    KeWaitForSingleObject(Sender->Start, Executive, KernelMode, FALSE, NULL);
    BenchSend(Sender);
    PsTerminateSystemThread(STATUS_SUCCESS);
}

static NTSTATUS StartThread(BENCH_SENDER *Sender) {
    HANDLE Handle;
    NTSTATUS Status = PsCreateSystemThread(&Handle, THREAD_ALL_ACCESS, NULL, NULL, NULL, SenderThread, Sender);

    if (NT_SUCCESS(Status)) {
        Status = ObReferenceObjectByHandle(Handle, SYNCHRONIZE, NULL, KernelMode, &Sender->Thread, NULL);
        ZwClose(Handle);
    }
    return Status;
}

static BOOLEAN IsValid(const BENCH_RUN *Run) {
    return Run->Magic == BENCH_MAGIC && Run->Client < BENCH_CLIENTS && Run->Senders != 0 &&
           Run->Senders <= BENCH_SENDERS && Run->Length >= sizeof(ULONG) && Run->Length <= BENCH_LONGEST &&
           Run->Reply >= sizeof(ULONG) && Run->Reply <= BENCH_LONGEST && (Run->Nanoseconds != 0 || Run->Messages != 0);
}

static VOID Add(BENCH_RESULT *Result, const BENCH_SENDER *Sender, ULONGLONG *First, ULONGLONG *Last) {
    bench_merge(&Result->Histogram, &Sender->Histogram);
    Result->Sent += Sender->Sent;
    Result->Wrong += Sender->Wrong;
    if (Result->Status == STATUS_SUCCESS) {
        Result->Status = Sender->Status;
    }
    if (Sender->Begin != 0 && Sender->Begin < *First) {
        *First = Sender->Begin;
    }
    if (Sender->End > *Last) {
        *Last = Sender->End;
    }
}

NTSTATUS BenchRun(const BENCH_RUN *Run, BENCH_RESULT *Result) {
    ULONGLONG First = BENCH_NEVER;
    ULONGLONG Last = 0;
    NTSTATUS Status = STATUS_SUCCESS;
    BENCH_SENDER *Senders;
    KEVENT Start;

    if (!IsValid(Run)) {
        return STATUS_INVALID_PARAMETER;
    }
    Senders = ExAllocatePoolWithTag(NonPagedPoolNx, sizeof(*Senders) * Run->Senders, BENCH_POOL_TAG);
    if (Senders == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    RtlZeroMemory(Senders, sizeof(*Senders) * Run->Senders);
    KeInitializeEvent(&Start, NotificationEvent, FALSE);
    for (ULONG i = 0; i < Run->Senders && NT_SUCCESS(Status); i++) {
        Senders[i].Run = Run;
        Senders[i].Port = BenchClientPort(Run->Client);
        Senders[i].Start = &Start;
        Senders[i].Index = i;
        Status = StartThread(&Senders[i]);
    }
    KeSetEvent(&Start, 0, FALSE);
    for (ULONG i = 0; i < Run->Senders; i++) {
        if (Senders[i].Thread != NULL) {
            KeWaitForSingleObject(Senders[i].Thread, Executive, KernelMode, FALSE, NULL);
            ObDereferenceObject(Senders[i].Thread);
            Add(Result, &Senders[i], &First, &Last);
        }
    }
    Result->Elapsed = Last > First ? Last - First : 0;
    Result->Buckets = BENCH_BUCKETS;
    ExFreePoolWithTag(Senders, BENCH_POOL_TAG);
    return Status;
}
