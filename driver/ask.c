/* SPDX-License-Identifier: Apache-2.0 */

#include "driver.h"

/*
 * The one place that waits for a client. Every way out is an outcome, and the wait has a limit: delivery, decision and
 * reply together take no longer than the policy's time-out.
 */
static ULONG FpSendQuestion(_In_ PFP_CLIENT Decider, _Inout_ PFP_OPERATION Operation, _Inout_ FP_EVENT *Event) {
    LONGLONG timeout = (LONGLONG)Operation->Rule.TimeoutMilliseconds * 10000;
    LARGE_INTEGER now;
    LARGE_INTEGER limit;
    FP_VERDICT verdict;
    ULONG length = sizeof(verdict);
    ULONG outcome;
    NTSTATUS status;

    RtlZeroMemory(&verdict, sizeof(verdict));
    KeQuerySystemTimePrecise(&now);
    Event->Time = (FP_U64)now.QuadPart;
    Event->Deadline = (FP_U64)(now.QuadPart + timeout);
    limit.QuadPart = -timeout; /* relative: setting the clock neither shortens nor lengthens it */
    status = FltSendMessage(FpDriver.Filter, &Decider->Port, Event, Event->Size, &verdict, &length, &limit);
    outcome = FpVerdictOutcome(status, &verdict, length, Operation->Sequence);
    Operation->CacheVerdict = outcome == FP_OUTCOME_ALLOWED && verdict.Verdict == FP_VERDICT_ALLOW_CACHED;
    return outcome;
}

/* Asks if there is somebody to ask and room to wait. *Event is what was built on the way, for the observers. */
static ULONG FpDecide(_In_ PFP_OPERATION Operation, _Outptr_result_maybenull_ FP_EVENT **Event) {
    PFP_CLIENT decider = FpClientReferenceDecider();
    ULONG outcome;

    *Event = NULL;
    if (decider == NULL) {
        return FP_OUTCOME_NO_CLIENT;
    }
    if (!FpWaitingEnter(FpMaxInFlightGet())) {
        FpClientDereference(decider);
        return FP_OUTCOME_OVERLOAD;
    }
    if (NT_SUCCESS(FpEventBuild(Operation, Operation->Rule.ContentBytes, decider->EventCapacity, Event))) {
        outcome = FpSendQuestion(decider, Operation, *Event);
    } else {
        outcome = FP_OUTCOME_FAILED;
    }
    FpWaitingLeave();
    FpClientDereference(decider);
    return outcome;
}

_IRQL_requires_max_(PASSIVE_LEVEL) _Must_inspect_result_ NTSTATUS FpAsk(_Inout_ PFP_OPERATION Operation) {
    FP_EVENT *event;
    ULONG outcome;

    FP_PASSIVE_CODE();
    FpCountAskBegin();
    Operation->Sequence = (FP_U64)InterlockedIncrement64(&FpDriver.Sequence);
    outcome = FpDecide(Operation, &event);
    FpCountAskEnd(outcome);
    if (Operation->CacheVerdict) {
        FpCacheKeep(Operation);
    }

    if ((Operation->Rule.Flags & FP_POLICY_REPORT) != 0 && FpClientHasObservers()) {
        if (event == NULL && !NT_SUCCESS(FpEventBuild(Operation, 0, FP_MAX_EVENT_BYTES, &event))) {
            event = NULL;
        }
        if (event != NULL) {
            FpReport(event, outcome);
        } else {
            FpReportLost();
        }
    }
    FpFree(event);
    return FpOutcomeStatus(outcome, &Operation->Rule);
}
