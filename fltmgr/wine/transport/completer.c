/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The core drops a receive while it holds the connection's lock, and no request is completed under a lock. So dropped receives
 * line up here, and a thread of its own completes them: it runs no driver code and waits for nothing else, so a cancelled
 * receive always comes back, however busy the workers are.
 */
#include "client.h"

static struct {
    KSPIN_LOCK lock;
    struct fmw_receive *head;
    struct fmw_receive **tail;
    ULONG completing; /* taken from the line by somebody, not all completed */
    KEVENT rung;
} completer;

static struct fmw_receive *take_all(void) {
    struct fmw_receive *receive;
    KIRQL irql;
    KeAcquireSpinLock(&completer.lock, &irql);
    receive = completer.head;
    completer.head = NULL;
    completer.tail = &completer.head;
    completer.completing += receive != NULL;
    KeReleaseSpinLock(&completer.lock, irql);
    return receive;
}

void fmw_completer_drain(void) {
    struct fmw_receive *receive = take_all();
    KIRQL irql;
    if (receive == NULL) {
        return;
    }
    while (receive != NULL) {
        struct fmw_receive *next = receive->next;
        fmw_request_complete(receive->client, receive->irp, receive->status, 0);
        fmw_receive_release(receive);
        receive = next;
    }
    KeAcquireSpinLock(&completer.lock, &irql);
    completer.completing--;
    KeReleaseSpinLock(&completer.lock, irql);
}

static bool all_completed(void) {
    bool completed;
    KIRQL irql;
    KeAcquireSpinLock(&completer.lock, &irql);
    completed = completer.head == NULL && completer.completing == 0;
    KeReleaseSpinLock(&completer.lock, irql);
    return completed;
}

void fmw_completer_finish(void) {
    LARGE_INTEGER soon = {.QuadPart = -10 * 1000}; /* 1 ms */
    fmw_completer_drain();
    while (!all_completed()) {
        (void)KeDelayExecutionThread(KernelMode, FALSE, &soon);
    }
}

void fmw_complete_later(struct fmw_receive *receive) {
    KIRQL irql;
    receive->next = NULL;
    KeAcquireSpinLock(&completer.lock, &irql);
    *completer.tail = receive;
    completer.tail = &receive->next;
    KeReleaseSpinLock(&completer.lock, irql);
    (void)KeSetEvent(&completer.rung, IO_NO_INCREMENT, FALSE);
}

static VOID NTAPI serve(PVOID context) {
    UNREFERENCED_PARAMETER(context);
    for (;;) {
        (void)KeWaitForSingleObject(&completer.rung, Executive, KernelMode, FALSE, NULL);
        fmw_completer_drain();
    }
}

bool fmw_completer_start(void) {
    KeInitializeSpinLock(&completer.lock);
    KeInitializeEvent(&completer.rung, SynchronizationEvent, FALSE);
    completer.tail = &completer.head;
    return fmw_thread_start(serve, NULL);
}
