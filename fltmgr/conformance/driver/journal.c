/* SPDX-License-Identifier: Apache-2.0 */
#include "conformance.h"

typedef struct _CF_WAITER {
    LIST_ENTRY Link;
    KEVENT Changed;
} CF_WAITER;

VOID CfLock(VOID) {
    ExAcquireFastMutex(&State.Lock);
}

VOID CfUnlock(VOID) {
    ExReleaseFastMutex(&State.Lock);
}

VOID CfUnlockChanged(VOID) {
    for (PLIST_ENTRY Entry = State.Waiters.Flink; Entry != &State.Waiters; Entry = Entry->Flink) {
        KeSetEvent(&CONTAINING_RECORD(Entry, CF_WAITER, Link)->Changed, 0, FALSE);
    }
    ExReleaseFastMutex(&State.Lock);
}

CONFORMANCE_EVENT *CfRecord(ULONG Kind, ULONG Port, ULONG Client) {
    CONFORMANCE_EVENT *Event;

    if (State.EventCount == CONFORMANCE_MAX_EVENTS) {
        return NULL;
    }
    Event = &State.Events[State.EventCount++];
    RtlZeroMemory(Event, sizeof(*Event));
    Event->Kind = Kind;
    Event->Port = Port;
    Event->Client = Client;
    Event->ProcessId = (ULONG)(ULONG_PTR)PsGetCurrentProcessId();
    Event->ThreadId = (ULONG)(ULONG_PTR)PsGetCurrentThreadId();
    return Event;
}

VOID CfNote(ULONG Kind, ULONG Port, ULONG Client, NTSTATUS Status) {
    CONFORMANCE_EVENT *Event;

    CfLock();
    Event = CfRecord(Kind, Port, Client);
    if (Event != NULL) {
        Event->Status = Status;
    }
    CfUnlockChanged();
}

BOOLEAN CfWait(CF_CONDITION *Condition, const VOID *Context, ULONG Milliseconds) {
    CF_WAITER Waiter;
    LARGE_INTEGER Limit;
    ULONGLONG Begin = KeQueryInterruptTime();
    ULONGLONG Patience = (ULONGLONG)Milliseconds * 10000;
    BOOLEAN Holds;

    KeInitializeEvent(&Waiter.Changed, NotificationEvent, FALSE);
    CfLock();
    InsertTailList(&State.Waiters, &Waiter.Link);
    while (!(Holds = Condition(Context))) {
        ULONGLONG Elapsed = KeQueryInterruptTime() - Begin;
        if (Elapsed >= Patience) {
            break;
        }
        KeClearEvent(&Waiter.Changed);
        CfUnlock();
        Limit.QuadPart = -(LONGLONG)(Patience - Elapsed);
        KeWaitForSingleObject(&Waiter.Changed, Executive, KernelMode, FALSE, &Limit);
        CfLock();
    }
    RemoveEntryList(&Waiter.Link);
    CfUnlock();
    return Holds;
}
