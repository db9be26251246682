/* SPDX-License-Identifier: Apache-2.0 */

#include "driver.h"

_IRQL_requires_max_(APC_LEVEL) VOID FpReport(_Inout_ FP_EVENT *Event, _In_ ULONG Outcome) {
    const ULONG pathLength = Event->PathLength;
    const ULONG flags = (Event->Flags & ~(FP_EVENT_CONTENT_CUT | FP_EVENT_CONTENT_FAILED)) | FP_EVENT_REPORT;
    PFP_CLIENT observers[FP_MAX_OBSERVERS];
    LARGE_INTEGER now;
    LARGE_INTEGER limit;
    ULONG count;
    ULONG index;

    FP_APC_CODE();
    count = FpClientReferenceObservers(observers);
    KeQuerySystemTimePrecise(&now);
    Event->Time = (FP_U64)now.QuadPart;
    Event->Deadline = 0;
    Event->Outcome = Outcome;
    Event->ContentOffset = 0;
    Event->ContentLength = 0;
    limit.QuadPart = 0; /* only to a receive that is armed already */
    for (index = 0; index < count; index++) {
        FP_EVENT_PLAN plan;
        NTSTATUS status;

        FpEventPlan(pathLength, 0, observers[index]->EventCapacity, &plan);
        Event->PathLength = plan.PathLength;
        Event->Size = plan.Size;
        Event->Flags = flags | (plan.PathCut ? FP_EVENT_PATH_CUT : 0u);
        status = FltSendMessage(FpDriver.Filter, &observers[index]->Port, Event, Event->Size, NULL, NULL, &limit);
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
    }
}
