/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Completing requests so that Wine survives it. Its server orders the cancelling of a request by address, and the order waits in
 * line for the dispatching thread. If the request completes meanwhile, the order is not withdrawn, and Wine cancels freed memory:
 * a client that is killed while its receives are being filled takes the whole process with it. So a completed request is
 * kept from being freed until many others have been completed after it; an order that comes for it finds no cancel routine.
 */
#include "complete.h"

enum { KEPT = 1024 };

typedef NTSTATUS(NTAPI *completion_routine)(PDEVICE_OBJECT device, PIRP irp, PVOID context);

/* What Wine set on the request. Lives on the completing thread's stack: the routine is called within IofCompleteRequest. */
struct original {
    completion_routine routine;
    PVOID context;
    bool kept;
};

static struct {
    KSPIN_LOCK lock;
    ULONG next;
    PIRP ring[KEPT];
} kept;

void fmw_complete_start(void) {
    KeInitializeSpinLock(&kept.lock);
}

/* Wine's own routine reports the result. Then, instead of having the request freed, we keep it, unless the dispatching thread is to do
 * the rest. */
static NTSTATUS NTAPI on_completion(PDEVICE_OBJECT device, PIRP irp, PVOID context) {
    struct original *original = context;
    original->kept = original->routine(device, irp, original->context) != STATUS_MORE_PROCESSING_REQUIRED;
    return STATUS_MORE_PROCESSING_REQUIRED;
}

static PIRP keep(PIRP irp) {
    KIRQL irql;
    PIRP oldest;
    KeAcquireSpinLock(&kept.lock, &irql);
    oldest = kept.ring[kept.next];
    kept.ring[kept.next] = irp;
    kept.next = (kept.next + 1) % KEPT;
    KeReleaseSpinLock(&kept.lock, irql);
    return oldest;
}

void fmw_complete(PIRP irp, NTSTATUS status, ULONG_PTR information) {
    PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(irp);
    struct original original = {(completion_routine)stack->CompletionRoutine, stack->Context, false};
    PIRP oldest = NULL;
    irp->IoStatus.Status = status;
    irp->IoStatus.Information = information;
    if (original.routine != NULL) {
        stack->CompletionRoutine = (PVOID)on_completion;
        stack->Context = &original;
    }
    IofCompleteRequest(irp, IO_NO_INCREMENT);
    if (original.kept) {
        oldest = keep(irp);
    }
    if (oldest != NULL) {
        IofCompleteRequest(oldest, IO_NO_INCREMENT); /* goes on where it was stopped, and frees it */
    }
}

NTSTATUS fmw_complete_at_once(PIRP irp, NTSTATUS status) {
    irp->IoStatus.Status = status;
    irp->IoStatus.Information = 0;
    IofCompleteRequest(irp, IO_NO_INCREMENT);
    return status;
}
