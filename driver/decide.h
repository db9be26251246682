/* SPDX-License-Identifier: Apache-2.0 */

/**
 * The decisions that need no kernel around them: what a reply means, what a policy makes of an outcome, what fits into
 * an event. Pure functions: no state, no allocation, any IRQL, tested on their own.
 */

#ifndef FILTERPORT_DECIDE_H
#define FILTERPORT_DECIDE_H

#include <fltKernel.h>

#include "protocol.h"

#ifdef __cplusplus
extern "C" {
#endif

/** A policy in the driver's own form; the fields are those of FP_POLICY. */
typedef struct _FP_RULE {
    ULONG Flags;
    ULONG TimeoutMilliseconds;
    ULONG OnTimeout;
    ULONG OnNoClient;
    ULONG OnOverload;
    ULONG OnFailure;
    ULONG ContentBytes;
} FP_RULE;

/** How the variable part of an event is laid out. */
typedef struct _FP_EVENT_PLAN {
    ULONG PathLength;
    ULONG ContentOffset; /* where content begins, if any */
    ULONG ContentLength;
    ULONG Size; /* of the whole event; never more than the capacity */
    BOOLEAN PathCut;
} FP_EVENT_PLAN;

/** The policy in force when the driver starts. */
VOID FpRuleDefault(_Out_ FP_RULE *Rule);

/** STATUS_SUCCESS, or STATUS_INVALID_PARAMETER for a value that FP_POLICY does not allow. */
_Must_inspect_result_ NTSTATUS FpRuleFromPolicy(_In_ const FP_POLICY *Policy, _Out_ FP_RULE *Rule);

/** The fields behind the header. */
VOID FpRuleToPolicy(_In_ const FP_RULE *Rule, _Inout_ FP_POLICY *Policy);

/** What the opener gets: STATUS_SUCCESS to go on, or the error that FP_ACTION_* names for this outcome. */
NTSTATUS FpOutcomeStatus(_In_ ULONG Outcome, _In_ const FP_RULE *Rule);

/**
 * The outcome of a question, from what FltSendMessage gave back. Only STATUS_SUCCESS with a whole, matching verdict is
 * a verdict; STATUS_TIMEOUT, which NT_SUCCESS takes for success, is compared for by its value.
 */
ULONG FpVerdictOutcome(_In_ NTSTATUS Status, _In_ const FP_VERDICT *Verdict, _In_ ULONG Length, _In_ FP_U64 Sequence);

/** Cuts content, then path, so that the event fits. Capacity is at least FP_MIN_EVENT_CAPACITY. */
VOID FpEventPlan(_In_ ULONG PathLength, _In_ ULONG ContentLength, _In_ ULONG Capacity, _Out_ FP_EVENT_PLAN *Plan);

/** Checks a connection context. */
_Must_inspect_result_ NTSTATUS FpConnectCheck(_In_reads_bytes_opt_(Length) const VOID *Context, _In_ ULONG Length,
                                              _Out_ FP_CONNECT *Connect);

/** Whether an open with this disposition or these options destroys data before a post-create could cancel it. */
BOOLEAN FpIsDestructive(_In_ ULONG Disposition, _In_ ULONG CreateOptions);

#ifdef __cplusplus
}
#endif

#endif
