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
    KEVENT rung;
} completer;

static struct fmw_receive *take_all(void) {
    struct fmw_receive *receive;
    KIRQL irql;
    KeAcquireSpinLock(&completer.lock, &irql);
    receive = completer.head;
    completer.head = NULL;
    completer.tail = &completer.head;
    KeReleaseSpinLock(&completer.lock, irql);
    return receive;
}

void fmw_completer_drain(void) {
    struct fmw_receive *receive = take_all();
    while (receive != NULL) {
        struct fmw_receive *next = receive->next;
        fmw_request_complete(receive->client, receive->irp, receive->status, 0);
        fmw_receive_release(receive);
        receive = next;
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
