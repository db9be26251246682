/* SPDX-License-Identifier: Apache-2.0 */
#include "closing.h"

enum { WAIT_AT_MOST = 3 * 10000000 }; /* of 100 ns */

static struct {
    FAST_MUTEX lock;
    LIST_ENTRY closes; /* lock */
    uint64_t last;     /* lock */
    KEVENT ended;      /* set and cleared under the lock */
} closing;

void fmw_closing_start(void) {
    ExInitializeFastMutex(&closing.lock);
    InitializeListHead(&closing.closes);
    KeInitializeEvent(&closing.ended, NotificationEvent, FALSE);
}

void fmw_closing_begin(struct fmw_closing *close, uint64_t process_id) {
    close->process_id = process_id;
    ExAcquireFastMutex(&closing.lock);
    close->number = ++closing.last;
    InsertTailList(&closing.closes, &close->link);
    ExReleaseFastMutex(&closing.lock);
}

void fmw_closing_end(struct fmw_closing *close) {
    ExAcquireFastMutex(&closing.lock);
    (void)RemoveEntryList(&close->link);
    (void)KeSetEvent(&closing.ended, IO_NO_INCREMENT, FALSE);
    ExReleaseFastMutex(&closing.lock);
}

uint64_t fmw_closing_last(void) {
    uint64_t last;
    ExAcquireFastMutex(&closing.lock);
    last = closing.last;
    ExReleaseFastMutex(&closing.lock);
    return last;
}

/* False, and the event is cleared, if one of them is still under way. */
static bool all_ended(uint64_t process_id, uint64_t last) {
    bool ended = true;
    ExAcquireFastMutex(&closing.lock);
    for (PLIST_ENTRY entry = closing.closes.Flink; entry != &closing.closes && ended; entry = entry->Flink) {
        const struct fmw_closing *close = CONTAINING_RECORD(entry, struct fmw_closing, link);
        ended = close->process_id != process_id || close->number > last;
    }
    if (!ended) {
        KeClearEvent(&closing.ended);
    }
    ExReleaseFastMutex(&closing.lock);
    return ended;
}

void fmw_closing_wait(uint64_t process_id, uint64_t last) {
    const fm_deadline deadline = {FM_MONOTONIC, fm_clock_monotonic() + WAIT_AT_MOST};
    while (!all_ended(process_id, last) && fmw_event_wait(&closing.ended, &deadline)) {
    }
}
