/* SPDX-License-Identifier: Apache-2.0 */

#include "driver.h"

/* A ring takes events of up to half its length; the path is cut to that, too. */
static ULONG FpReportCapacity(_In_ PFP_CLIENT Client) {
    const PRING ring = FpClientRing(Client);

    return ring != NULL && ring->LongestEvent < Client->EventCapacity ? ring->LongestEvent : Client->EventCapacity;
}

/* Into the ring if there is one; otherwise only to a receive that is armed already. Neither waits. */
static NTSTATUS FpReportTo(_In_ PFP_CLIENT Client, _In_ FP_EVENT *Event) {
    const PRING ring = FpClientRing(Client);
    LARGE_INTEGER limit;

    if (ring != NULL) {
        return RingWrite(ring, Event->Kind, Event, Event->Size, NULL, 0);
    }
    limit.QuadPart = 0;
    return FltSendMessage(FpDriver.Filter, &Client->Port, Event, Event->Size, NULL, NULL, &limit);
}

_IRQL_requires_max_(PASSIVE_LEVEL) VOID FpReport(_Inout_ FP_EVENT *Event, _In_ ULONG Outcome) {
    const ULONG pathLength = Event->PathLength;
    const ULONG flags = (Event->Flags & ~(FP_EVENT_CONTENT_CUT | FP_EVENT_CONTENT_FAILED)) | FP_EVENT_REPORT;
    PFP_CLIENT observers[FP_MAX_OBSERVERS];
    LARGE_INTEGER now;
    ULONG count;
    ULONG index;

    FP_PASSIVE_CODE();
    count = FpClientReferenceObservers(observers);
    KeQuerySystemTimePrecise(&now);
    Event->Time = (FP_U64)now.QuadPart;
    Event->Deadline = 0;
    Event->Outcome = Outcome;
    Event->ContentOffset = 0;
    Event->ContentLength = 0;
    for (index = 0; index < count; index++) {
        FP_EVENT_PLAN plan;
        NTSTATUS status;

        FpEventPlan(pathLength, 0, FpReportCapacity(observers[index]), &plan);
        Event->PathLength = plan.PathLength;
        Event->Size = plan.Size;
        Event->Flags = flags | (plan.PathCut ? FP_EVENT_PATH_CUT : 0u);
        status = FpReportTo(observers[index], Event);
        FpCount(status == STATUS_SUCCESS ? FpCountReported : FpCountReportsLost);
        FpClientDereference(observers[index]);
    }
}

_IRQL_requires_max_(PASSIVE_LEVEL) VOID FpReportUnasked(_Inout_ PFP_OPERATION Operation) {
    FP_EVENT *event;

    FP_PASSIVE_CODE();
    Operation->Sequence = (FP_U64)InterlockedIncrement64(&FpDriver.Sequence);
    if (NT_SUCCESS(FpEventBuild(Operation, 0, FP_MAX_EVENT_BYTES, &event))) {
        FpReport(event, FP_OUTCOME_NOT_ASKED);
        FpFree(event);
    } else {
        FpReportLost();
    }
}

_IRQL_requires_max_(PASSIVE_LEVEL) VOID FpReportLost(VOID) {
    PFP_CLIENT observers[FP_MAX_OBSERVERS];
    ULONG count;
    ULONG index;

    FP_PASSIVE_CODE();
    count = FpClientReferenceObservers(observers);
    for (index = 0; index < count; index++) {
        const PRING ring = FpClientRing(observers[index]);

        if (ring != NULL) {
            RingLose(ring);
        }
        FpCount(FpCountReportsLost);
        FpClientDereference(observers[index]);
    }
}
