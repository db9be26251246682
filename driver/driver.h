/* SPDX-License-Identifier: Apache-2.0 */

/**
 * What the driver's files share: its one state, and what each file offers to the others.
 *
 * Locks, none held while another is taken and none across a call that can wait for a client:
 *   Clients.Lock   who is connected
 *   Policies.Lock  policies and limits
 *   Counters.Lock  shared while a question begins or ends, exclusive for a snapshot
 */

#ifndef FILTERPORT_DRIVER_H
#define FILTERPORT_DRIVER_H

#include <fltKernel.h>

#include "config.h"
#include "decide.h"
#include "protocol.h"
#include "ring/ring.h"

/** States, at run time too in checked builds, at which IRQL a function may be entered. */
#define FP_PASSIVE_CODE() NT_ASSERT(KeGetCurrentIrql() == PASSIVE_LEVEL)
#define FP_APC_CODE() NT_ASSERT(KeGetCurrentIrql() <= APC_LEVEL)

/**
 * One connection. Referenced by its connection (until DisconnectNotify) and by each send on the way, so that Port's
 * address, which FltSendMessage and FltCloseClientPort synchronise on, stays valid.
 */
typedef struct _FP_CLIENT {
    PFLT_PORT Port; /* NULL once closed */
    RING *Ring;     /* set once, by the client's command; freed with the client */
    volatile LONG References;
    ULONG Role;
    ULONG Flags;
    ULONG EventCapacity;
    ULONG ProcessId;
    LONGLONG ProcessStart; /* tells the process from a later one with the same id */
} FP_CLIENT, *PFP_CLIENT;

typedef struct _FP_CLIENTS {
    EX_PUSH_LOCK Lock;
    PFP_CLIENT Decider;
    PFP_CLIENT Observers[FP_MAX_OBSERVERS];
    ULONG ObserverCount;
} FP_CLIENTS;

typedef struct _FP_POLICIES {
    EX_PUSH_LOCK Lock;
    FP_RULE Rules[FP_KIND_COUNT]; /* index: kind - 1 */
    ULONG MaxInFlight;
} FP_POLICIES;

typedef enum _FP_COUNTER {
    FpCountAsked,
    FpCountAllowed,
    FpCountDenied,
    FpCountTimedOut,
    FpCountNoClient,
    FpCountOverload,
    FpCountFailed,
    FpCountInvalidReply,
    FpCountInFlight,
    FpCountNotAskedFailed,
    FpCountNotAskedUnsafe,
    FpCountNotAskedKernel,
    FpCountNotAskedExempt,
    FpCountNotAskedDirectory,
    FpCountNotAskedOff,
    FpCountReported,
    FpCountReportsLost,
    FpCountConnects,
    FpCountConnectsRefused,
    FpCountCached,
    FpCountCacheRefused,
    FpCountCacheDrops,
    FpCounterCount
} FP_COUNTER;

typedef struct _FP_COUNTER_TABLE {
    EX_PUSH_LOCK Lock;
    volatile LONG64 Values[FpCounterCount];
    volatile LONG Waiting; /* questions that wait for a verdict */
    volatile LONG WaitingPeak;
} FP_COUNTER_TABLE;

typedef struct _FP_DRIVER {
    PFLT_FILTER Filter;
    PFLT_PORT ServerPort;
    volatile LONG64 Sequence;
    FP_CLIENTS Clients;
    FP_POLICIES Policies;
    FP_COUNTER_TABLE Counters;
} FP_DRIVER;

extern FP_DRIVER FpDriver;

/** One operation on its way through the driver; lives on the stack of its callback. */
typedef struct _FP_OPERATION {
    PFLT_CALLBACK_DATA Data;
    PCFLT_RELATED_OBJECTS Objects;
    ULONG Kind;   /* FP_KIND_* */
    ULONG Flags;  /* FP_EVENT_* known so far */
    FP_RULE Rule; /* the kind's policy as it was when the operation began */
    FP_U64 Sequence;
    BOOLEAN Cacheable;    /* an allow verdict may be remembered */
    BOOLEAN CacheVerdict; /* and the decider wants that */
} FP_OPERATION, *PFP_OPERATION;

/* memory.c */

/** Zeroed paged memory, or NULL. Length is never more than FP_MAX_EVENT_BYTES. */
_IRQL_requires_max_(APC_LEVEL) _Must_inspect_result_ PVOID FpAllocate(_In_ SIZE_T Length);

/** Zeroed nonpaged memory, or NULL, for what holds locks. */
_IRQL_requires_max_(APC_LEVEL) _Must_inspect_result_ PVOID FpAllocateNonPaged(_In_ SIZE_T Length);

/** Frees what these two gave; NULL is allowed. */
_IRQL_requires_max_(APC_LEVEL) VOID FpFree(_In_opt_ PVOID Memory);

/* connect.c */

_IRQL_requires_max_(PASSIVE_LEVEL) VOID FpClientsInitialize(VOID);
_IRQL_requires_max_(PASSIVE_LEVEL) VOID FpClientsDelete(VOID);

/** Creates the server port; clients can connect from then on. */
_IRQL_requires_max_(PASSIVE_LEVEL) _Must_inspect_result_ NTSTATUS FpPortOpen(VOID);

/** Closes the server port: nobody connects any more, connections live on. Does nothing the second time. */
_IRQL_requires_max_(PASSIVE_LEVEL) VOID FpPortClose(VOID);

/** The decider with a reference for the caller, or NULL. */
_IRQL_requires_max_(APC_LEVEL) _Ret_maybenull_ PFP_CLIENT FpClientReferenceDecider(VOID);

/** Fills Observers with one reference each and returns their number. */
_IRQL_requires_max_(APC_LEVEL) ULONG
    FpClientReferenceObservers(_Out_writes_to_(FP_MAX_OBSERVERS, return ) PFP_CLIENT Observers[FP_MAX_OBSERVERS]);

/** Gives one reference back. */
_IRQL_requires_max_(PASSIVE_LEVEL) VOID FpClientDereference(_In_ PFP_CLIENT Client);

_IRQL_requires_max_(APC_LEVEL) BOOLEAN FpClientHasObservers(VOID);

/** Makes the client's ring and maps it into the current process; for MessageNotify. */
_IRQL_requires_max_(PASSIVE_LEVEL) _Must_inspect_result_ NTSTATUS
    FpClientOpenRing(_Inout_ PFP_CLIENT Client, _In_ ULONG DataLength, _Out_ RING_VIEWS *Views);

/** The client's ring, or NULL. Good as long as the client is referenced. */
_IRQL_requires_max_(APC_LEVEL) _Ret_maybenull_ PRING FpClientRing(_In_ PFP_CLIENT Client);

/** Numbers of connections now, for FP_COUNTERS. */
_IRQL_requires_max_(APC_LEVEL) VOID FpClientCount(_Out_ FP_U64 *Deciders, _Out_ FP_U64 *Observers);

/* exempt.c */

/** Remembers in Client which process is connecting: the current one. */
_IRQL_requires_max_(PASSIVE_LEVEL) VOID FpExemptCapture(_Inout_ PFP_CLIENT Client);

/** Whether the operation is one of the decider's own and the decider is exempt. */
_IRQL_requires_max_(APC_LEVEL) BOOLEAN FpIsExempt(_In_ PFLT_CALLBACK_DATA Data);

/** The start of the operation's process (FP_EVENT.ProcessStart), 0 where it is not known. */
_IRQL_requires_max_(APC_LEVEL) LONGLONG FpRequestorStart(_In_ PFLT_CALLBACK_DATA Data);

/* message.c */

/** MessageNotify: the clients' commands. */
_IRQL_requires_max_(PASSIVE_LEVEL) NTSTATUS FLTAPI
    FpMessage(_In_opt_ PVOID PortCookie, _In_reads_bytes_opt_(InputBufferLength) PVOID InputBuffer,
              _In_ ULONG InputBufferLength,
              _Out_writes_bytes_to_opt_(OutputBufferLength, *ReturnOutputBufferLength) PVOID OutputBuffer,
              _In_ ULONG OutputBufferLength, _Out_ PULONG ReturnOutputBufferLength);

/* policy.c */

_IRQL_requires_max_(PASSIVE_LEVEL) VOID FpPoliciesInitialize(VOID);
_IRQL_requires_max_(PASSIVE_LEVEL) VOID FpPoliciesDelete(VOID);

/** The policy in force for a kind. */
_IRQL_requires_max_(APC_LEVEL) VOID FpPolicyGet(_In_range_(1, FP_KIND_COUNT) ULONG Kind, _Out_ FP_RULE *Rule);

/** Puts a policy in force. Rule has been validated. */
_IRQL_requires_max_(APC_LEVEL) VOID FpPolicySet(_In_range_(1, FP_KIND_COUNT) ULONG Kind, _In_ const FP_RULE *Rule);

_IRQL_requires_max_(APC_LEVEL) ULONG FpMaxInFlightGet(VOID);
_IRQL_requires_max_(APC_LEVEL) VOID FpMaxInFlightSet(_In_ ULONG MaxInFlight);

/* counters.c */

_IRQL_requires_max_(PASSIVE_LEVEL) VOID FpCountersInitialize(VOID);
_IRQL_requires_max_(PASSIVE_LEVEL) VOID FpCountersDelete(VOID);

/** Any IRQL. */
VOID FpCount(_In_ FP_COUNTER Counter);

/** A question begins: asked and in flight go up together. */
_IRQL_requires_max_(APC_LEVEL) VOID FpCountAskBegin(VOID);

/** The question ends: in flight goes down and the outcome's counter up together. */
_IRQL_requires_max_(APC_LEVEL) VOID FpCountAskEnd(_In_ ULONG Outcome);

/** Takes one of Limit places among the waiting questions; FALSE if none is free. */
_IRQL_requires_max_(APC_LEVEL) _Must_inspect_result_ BOOLEAN FpWaitingEnter(_In_ ULONG Limit);
_IRQL_requires_max_(APC_LEVEL) VOID FpWaitingLeave(VOID);

/** One consistent snapshot; Header is left to the caller. */
_IRQL_requires_max_(APC_LEVEL) VOID FpCountersGet(_Out_ FP_COUNTERS *Counters);

/* event.c */

/**
 * Builds the event of an operation in pool: structure, path, and the file's first ContentBytes bytes, cut to Capacity.
 * Time, Deadline and Outcome are left to the sender. On success the caller frees *Event with FpFree.
 */
_IRQL_requires_max_(PASSIVE_LEVEL) _Must_inspect_result_ NTSTATUS
    FpEventBuild(_In_ const FP_OPERATION *Operation, _In_ ULONG ContentBytes, _In_ ULONG Capacity,
                 _Outptr_ FP_EVENT **Event);

/* content.c */

/** Reads the file's first Length bytes below this filter. An empty file: success and 0 bytes. */
_IRQL_requires_max_(PASSIVE_LEVEL) _Must_inspect_result_ NTSTATUS
    FpReadContent(_In_ PCFLT_RELATED_OBJECTS Objects, _Out_writes_bytes_to_(Length, *Read) PVOID Buffer,
                  _In_ ULONG Length, _Out_ PULONG Read);

/* cache.c */

_IRQL_requires_max_(PASSIVE_LEVEL) VOID FpCacheInitialize(VOID);

/** Before an open file's content is read for a question: finds out whether an allow verdict may be remembered. */
_IRQL_requires_max_(PASSIVE_LEVEL) VOID FpCacheBegin(_Inout_ PFP_OPERATION Operation);

/** The verdict is to be remembered; counts whether it is. */
_IRQL_requires_max_(PASSIVE_LEVEL) VOID FpCacheKeep(_Inout_ PFP_OPERATION Operation);

/** Forgets all remembered verdicts; those under way are not remembered either. */
_IRQL_requires_max_(PASSIVE_LEVEL) VOID FpCacheDrop(VOID);

/* ask.c */

/**
 * Asks the decider about an operation and waits for the verdict, at most as long as its policy says; tells the
 * observers what came of it. Returns the status for the opener: STATUS_SUCCESS lets the operation go on.
 */
_IRQL_requires_max_(PASSIVE_LEVEL) _Must_inspect_result_ NTSTATUS FpAsk(_Inout_ PFP_OPERATION Operation);

/* report.c */

/** Tells the observers. Event is changed on the way (it becomes a report without content). Does not wait. */
_IRQL_requires_max_(PASSIVE_LEVEL) VOID FpReport(_Inout_ FP_EVENT *Event, _In_ ULONG Outcome);

/** A report that could not be made: observers with a ring see a gap. */
_IRQL_requires_max_(PASSIVE_LEVEL) VOID FpReportLost(VOID);

/** Tells the observers of an operation that nobody was asked about. */
_IRQL_requires_max_(PASSIVE_LEVEL) VOID FpReportUnasked(_Inout_ PFP_OPERATION Operation);

/* create.c */

FLT_PREOP_CALLBACK_STATUS FLTAPI FpPreCreate(_Inout_ PFLT_CALLBACK_DATA Data, _In_ PCFLT_RELATED_OBJECTS FltObjects,
                                             _Flt_CompletionContext_Outptr_ PVOID *CompletionContext);

FLT_POSTOP_CALLBACK_STATUS FLTAPI FpPostCreate(_Inout_ PFLT_CALLBACK_DATA Data, _In_ PCFLT_RELATED_OBJECTS FltObjects,
                                               _In_opt_ PVOID CompletionContext, _In_ FLT_POST_OPERATION_FLAGS Flags);

#endif
