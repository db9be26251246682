/* SPDX-License-Identifier: Apache-2.0 */

#include "decide.h"

VOID FpRuleDefault(_Out_ FP_RULE *Rule) {
    Rule->Flags = FP_POLICY_ASK | FP_POLICY_REPORT;
    Rule->TimeoutMilliseconds = FP_DEFAULT_TIMEOUT_MILLISECONDS;
    Rule->OnTimeout = FP_ACTION_ALLOW;
    Rule->OnNoClient = FP_ACTION_ALLOW;
    Rule->OnOverload = FP_ACTION_ALLOW;
    Rule->OnFailure = FP_ACTION_ALLOW;
    Rule->ContentBytes = 0;
}

static BOOLEAN FpIsAction(_In_ ULONG Action) {
    return Action >= FP_ACTION_ALLOW && Action <= FP_ACTION_ERROR;
}

_Must_inspect_result_ NTSTATUS FpRuleFromPolicy(_In_ const FP_POLICY *Policy, _Out_ FP_RULE *Rule) {
    FpRuleDefault(Rule);
    if ((Policy->Flags & ~(FP_POLICY_ASK | FP_POLICY_REPORT | FP_POLICY_CACHE)) != 0 ||
        Policy->TimeoutMilliseconds < FP_MIN_TIMEOUT_MILLISECONDS ||
        Policy->TimeoutMilliseconds > FP_MAX_TIMEOUT_MILLISECONDS || !FpIsAction(Policy->OnTimeout) ||
        !FpIsAction(Policy->OnNoClient) || !FpIsAction(Policy->OnOverload) || !FpIsAction(Policy->OnFailure) ||
        Policy->ContentBytes > FP_MAX_CONTENT_BYTES) {
        return STATUS_INVALID_PARAMETER;
    }
    Rule->Flags = Policy->Flags;
    Rule->TimeoutMilliseconds = Policy->TimeoutMilliseconds;
    Rule->OnTimeout = Policy->OnTimeout;
    Rule->OnNoClient = Policy->OnNoClient;
    Rule->OnOverload = Policy->OnOverload;
    Rule->OnFailure = Policy->OnFailure;
    Rule->ContentBytes = Policy->ContentBytes;
    return STATUS_SUCCESS;
}

VOID FpRuleToPolicy(_In_ const FP_RULE *Rule, _Inout_ FP_POLICY *Policy) {
    Policy->Flags = Rule->Flags;
    Policy->TimeoutMilliseconds = Rule->TimeoutMilliseconds;
    Policy->OnTimeout = Rule->OnTimeout;
    Policy->OnNoClient = Rule->OnNoClient;
    Policy->OnOverload = Rule->OnOverload;
    Policy->OnFailure = Rule->OnFailure;
    Policy->ContentBytes = Rule->ContentBytes;
    Policy->Reserved = 0;
}

static NTSTATUS FpActionStatus(_In_ ULONG Action, _In_ NTSTATUS Error) {
    switch (Action) {
    case FP_ACTION_ALLOW:
        return STATUS_SUCCESS;
    case FP_ACTION_ERROR:
        return Error;
    default:
        return STATUS_ACCESS_DENIED;
    }
}

NTSTATUS FpOutcomeStatus(_In_ ULONG Outcome, _In_ const FP_RULE *Rule) {
    switch (Outcome) {
    case FP_OUTCOME_ALLOWED:
    case FP_OUTCOME_NOT_ASKED:
        return STATUS_SUCCESS;
    case FP_OUTCOME_DENIED:
        return STATUS_ACCESS_DENIED;
    case FP_OUTCOME_TIMED_OUT:
        return FpActionStatus(Rule->OnTimeout, STATUS_IO_TIMEOUT);
    case FP_OUTCOME_NO_CLIENT:
        return FpActionStatus(Rule->OnNoClient, STATUS_DEVICE_NOT_READY);
    case FP_OUTCOME_OVERLOAD:
        return FpActionStatus(Rule->OnOverload, STATUS_INSUFFICIENT_RESOURCES);
    default:
        return FpActionStatus(Rule->OnFailure, STATUS_UNSUCCESSFUL);
    }
}

ULONG FpVerdictOutcome(_In_ NTSTATUS Status, _In_ const FP_VERDICT *Verdict, _In_ ULONG Length, _In_ FP_U64 Sequence) {
    switch (Status) {
    case STATUS_SUCCESS:
        break;
    case STATUS_TIMEOUT:
        return FP_OUTCOME_TIMED_OUT;
    case STATUS_PORT_DISCONNECTED:
        return FP_OUTCOME_NO_CLIENT;
    case STATUS_INSUFFICIENT_RESOURCES:
    case STATUS_THREAD_IS_TERMINATING:
        return FP_OUTCOME_FAILED;
    default:
        /* The reply's own status comes back as the status of the send, as does STATUS_BUFFER_OVERFLOW. */
        return FP_OUTCOME_INVALID_REPLY;
    }
    if (Length != sizeof(*Verdict) || Verdict->Magic != FP_VERDICT_MAGIC || Verdict->Sequence != Sequence) {
        return FP_OUTCOME_INVALID_REPLY;
    }
    switch (Verdict->Verdict) {
    case FP_VERDICT_ALLOW:
    case FP_VERDICT_ALLOW_CACHED:
        return FP_OUTCOME_ALLOWED;
    case FP_VERDICT_DENY:
        return FP_OUTCOME_DENIED;
    default:
        return FP_OUTCOME_INVALID_REPLY;
    }
}

VOID FpEventPlan(_In_ ULONG PathLength, _In_ ULONG ContentLength, _In_ ULONG Capacity, _Out_ FP_EVENT_PLAN *Plan) {
    const ULONG fixed = (ULONG)sizeof(FP_EVENT);
    ULONG room = Capacity - fixed;
    ULONG path = PathLength;
    ULONG padded;

    if (path > FP_MAX_PATH_BYTES) {
        path = FP_MAX_PATH_BYTES;
    }
    if (path > room) {
        path = room;
    }
    path &= ~1u;
    Plan->PathLength = path;
    Plan->PathCut = path < PathLength;
    Plan->ContentOffset = 0;
    Plan->ContentLength = 0;
    Plan->Size = fixed + path;

    padded = (path + 7u) & ~7u;
    if (ContentLength != 0 && !Plan->PathCut && padded < room) {
        Plan->ContentOffset = fixed + padded;
        Plan->ContentLength = ContentLength < room - padded ? ContentLength : room - padded;
        Plan->Size = Plan->ContentOffset + Plan->ContentLength;
    }
}

_Must_inspect_result_ NTSTATUS FpConnectCheck(_In_reads_bytes_opt_(Length) const VOID *Context, _In_ ULONG Length,
                                              _Out_ FP_CONNECT *Connect) {
    RtlZeroMemory(Connect, sizeof(*Connect));
    if (Context == NULL || Length != sizeof(*Connect)) {
        return STATUS_INVALID_PARAMETER;
    }
    RtlCopyMemory(Connect, Context, sizeof(*Connect));
    if (Connect->Magic != FP_MAGIC) {
        return STATUS_INVALID_PARAMETER;
    }
    if (Connect->Version != FP_PROTOCOL_VERSION) {
        return STATUS_REVISION_MISMATCH;
    }
    if (Connect->EventCapacity == 0 || Connect->EventCapacity > FP_MAX_EVENT_BYTES) {
        Connect->EventCapacity = FP_MAX_EVENT_BYTES;
    }
    if (Connect->EventCapacity < FP_MIN_EVENT_CAPACITY) {
        return STATUS_INVALID_PARAMETER;
    }
    switch (Connect->Role) {
    case FP_ROLE_DECIDER:
        return (Connect->Flags & ~FP_CONNECT_EXEMPT) == 0 ? STATUS_SUCCESS : STATUS_INVALID_PARAMETER;
    case FP_ROLE_OBSERVER:
        return Connect->Flags == 0 ? STATUS_SUCCESS : STATUS_INVALID_PARAMETER;
    default:
        return STATUS_INVALID_PARAMETER;
    }
}

BOOLEAN FpIsDestructive(_In_ ULONG Disposition, _In_ ULONG CreateOptions) {
    /* Cancelling an open that deletes on close would delete. */
    return Disposition == FILE_SUPERSEDE || Disposition == FILE_OVERWRITE || Disposition == FILE_OVERWRITE_IF ||
           (CreateOptions & FILE_DELETE_ON_CLOSE) != 0;
}
