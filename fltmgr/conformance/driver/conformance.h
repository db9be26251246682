/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The suite's test driver: a minifilter that does with ports what the suite says over its control port, and writes down
 * what its callbacks saw.
 *
 *   entry.c     registration, unload, unregister-and-register-again
 *   control.c   the control port and its commands
 *   ports.c     server ports on command and their three callbacks
 *   senders.c   threads (or callbacks) that call FltSendMessage
 *   journal.c   what happened, in order, and waiting for it
 *
 * One fast mutex, State.Lock, guards everything below that changes; it is never held over a call of the Filter Manager.
 */
#ifndef FILTERPORT_CONFORMANCE_DRIVER_H
#define FILTERPORT_CONFORMANCE_DRIVER_H

#include <fltKernel.h>

#include "../conformance_protocol.h"

#define CF_POOL_TAG 0x666E6F43u /* "Conf" in a pool dump */
/* How long anything the suite waits for may take at most when it names no limit itself. */
#define CF_PATIENCE_MILLISECONDS 30000u

typedef struct _CF_CLIENT {
    PFLT_PORT ClientPort; /* the variable whose address FltSendMessage and FltCloseClientPort get */
    ULONG Port;
    BOOLEAN Used;
    BOOLEAN Connected;
    BOOLEAN NullCookie;
} CF_CLIENT;

typedef struct _CF_GATE {
    KEVENT Open;
} CF_GATE;

typedef struct _CF_PORT {
    PFLT_PORT ServerPort;
    BOOLEAN Used;
    CONFORMANCE_HOOK Hooks[CONFORMANCE_CALLBACK_COUNT];
    BOOLEAN Hooked[CONFORMANCE_CALLBACK_COUNT];
    CF_GATE Gates[CONFORMANCE_CALLBACK_COUNT];
    ULONG Counters[CONFORMANCE_COUNTER_COUNT];
    ULONG NewestClient;
} CF_PORT;

typedef struct _CF_SENDER {
    ULONG State;
    CONFORMANCE_SEND Send;
    PUCHAR Message;
    PUCHAR Reply; /* capacity and guard; may be Message */
    PVOID Thread;
    CONFORMANCE_SENDER Result;
} CF_SENDER;

typedef struct _CF_STATE {
    PDRIVER_OBJECT DriverObject;
    PFLT_FILTER Filter;
    FAST_MUTEX Lock;
    LIST_ENTRY Waiters; /* of CF_WAITER, journal.c */
    CF_PORT Ports[CONFORMANCE_MAX_PORTS];
    CF_CLIENT Clients[CONFORMANCE_MAX_CLIENTS];
    ULONG NextClient;
    CF_SENDER Senders[CONFORMANCE_MAX_SENDERS];
    CONFORMANCE_EVENT *Events;
    ULONG EventCount;
    CONFORMANCE_UNLOAD Unload;
    CONFORMANCE_REGISTER Register;
    ULONG Registrations;
    PVOID RegisterThread;
    BOOLEAN Unregistered;
    PSECURITY_DESCRIPTOR SharedDescriptor;
} CF_STATE;

extern CF_STATE State;

/* journal.c */

/* The lock; CfUnlockChanged also lets every CfWait look at the state again. */
VOID CfLock(VOID);
VOID CfUnlock(VOID);
VOID CfUnlockChanged(VOID);

/* An entry with kind, place, requestor and IRQL filled in; NULL when the journal is full. Under the lock. */
CONFORMANCE_EVENT *CfRecord(ULONG Kind, ULONG Port, ULONG Client);
/* Lock, CfRecord with Status, unlock. */
VOID CfNote(ULONG Kind, ULONG Port, ULONG Client, NTSTATUS Status);

/* Called under the lock; TRUE ends the wait. */
typedef BOOLEAN CF_CONDITION(const VOID *Context);
/* Waits without the lock until Condition holds; FALSE when Milliseconds are over. */
BOOLEAN CfWait(CF_CONDITION *Condition, const VOID *Context, ULONG Milliseconds);

/* ports.c */

VOID CfInitializePorts(VOID);
NTSTATUS CfCreatePort(const CONFORMANCE_PORT_OPTIONS *Options, ULONG *Index, PFLT_PORT *ServerPort);
NTSTATUS CfClosePort(ULONG Index);
NTSTATUS CfSetHook(ULONG Index, ULONG Callback, const CONFORMANCE_HOOK *Hook);
VOID CfOpenGate(ULONG Index, ULONG Callback);
VOID CfOpenAllGates(VOID);
VOID CfCloseAllPorts(VOID);
VOID CfCloseAllClients(VOID);
NTSTATUS CfCloseClient(ULONG Client, PFLT_PORT *Afterwards);
/* TRUE when no callback of a test port is running. Under the lock. */
BOOLEAN CfCallbacksIdle(const VOID *Context);
ULONG CfConnectedClients(VOID);
/* Forgets closed ports without connections and what is left of ended ones. */
VOID CfForgetPorts(VOID);

/* senders.c */

NTSTATUS CfReserveSenders(const CONFORMANCE_SEND *Send, ULONG *First);
/* Runs a reserved sender in the calling thread. Client replaces CONFORMANCE_SELF. */
NTSTATUS CfRunSender(ULONG Sender, ULONG Client);
NTSTATUS CfReleaseSenders(ULONG First, ULONG Count);
/* Waits for their threads and releases all; how many had not returned in time. */
ULONG CfReleaseAllSenders(ULONG Milliseconds);
ULONG CfSendersInState(ULONG First, ULONG Count, ULONG AtLeast);
/* Copies what a sender's reply buffer holds now. */
ULONG CfReadReply(ULONG Sender, PUCHAR Output, ULONG Capacity);
/* The farewell that carries another one's reply. */
VOID CfCopyReplyToMessage(ULONG From, ULONG To);

/* control.c */

NTSTATUS CfCreateControlPort(VOID);
VOID CfCloseControlPort(VOID);

/* entry.c */

/* A system thread, referenced; the caller waits for it and drops the reference with CfJoin. */
NTSTATUS CfStartThread(PKSTART_ROUTINE Routine, PVOID Context, PVOID *Thread);
VOID CfJoin(PVOID *Thread);
/* Starts the thread that unregisters and registers again. */
NTSTATUS CfReregister(const CONFORMANCE_REGISTER *Options);

#endif
