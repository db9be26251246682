/* SPDX-License-Identifier: Apache-2.0 */
/* Events, semaphores and waiting. Thread and process objects begin with the same header and are waited for likewise. */
#include "dispatcher.h"

#include <time.h>

#include "../host/park.h"
#include "futex_word.h"
#include "kernel_stop.h"

struct waiter {
    LIST_ENTRY links; /* of the object's WaitListHead; bucket lock */
    struct fm_park park;
    struct waiter *next_woken;
    BOOLEAN satisfied; /* bucket lock */
};

/* Objects are the driver's memory and have no room for a lock: it comes from a table, by address. */
enum { buckets = 64 };
static struct {
    uint32_t lock;
    char apart[60];
} table[buckets];

static uint32_t *lock_of(const DISPATCHER_HEADER *header) {
    ULONG_PTR address = (ULONG_PTR)header >> 4;
    return &table[(address ^ address >> 6) % buckets].lock;
}

/* Takes what a wait takes, if the object has it. Bucket lock held. */
static BOOLEAN consume(DISPATCHER_HEADER *header) {
    if (header->SignalState <= 0) {
        return FALSE;
    }
    if (header->Type == FM_OBJECT_SYNCHRONIZATION_EVENT) {
        header->SignalState = 0;
    } else if (header->Type == FM_OBJECT_SEMAPHORE) {
        header->SignalState--;
    }
    return TRUE;
}

/* Hands the object to those who wait, in order. Returns them, to be woken without the lock. */
static struct waiter *satisfy(DISPATCHER_HEADER *header) {
    struct waiter *woken = NULL;
    while (!IsListEmpty(&header->WaitListHead) && consume(header)) {
        struct waiter *waiter = CONTAINING_RECORD(RemoveHeadList(&header->WaitListHead), struct waiter, links);
        waiter->satisfied = TRUE;
        waiter->next_woken = woken;
        woken = waiter;
    }
    return woken;
}

static void wake(struct waiter *woken) {
    while (woken != NULL) {
        struct waiter *next = woken->next_woken;
        fm_park_wake(&woken->park); /* the waiter may be gone afterwards */
        woken = next;
    }
}

void fm_dispatcher_init(DISPATCHER_HEADER *header, UCHAR type, LONG state) {
    header->Type = type;
    header->Signalling = 0;
    header->Size = 0;
    header->Reserved1 = 0;
    header->SignalState = state;
    InitializeListHead(&header->WaitListHead);
}

LONG fm_dispatcher_signal(DISPATCHER_HEADER *header, LONG state) {
    uint32_t *lock = lock_of(header);
    fm_word_lock(lock);
    LONG before = header->SignalState;
    header->SignalState = state;
    struct waiter *woken = satisfy(header);
    fm_word_unlock(lock);
    wake(woken);
    return before;
}

VOID NTAPI KeInitializeEvent(PRKEVENT Event, EVENT_TYPE Type, BOOLEAN State) {
    fm_dispatcher_init(&Event->Header,
                       Type == NotificationEvent ? FM_OBJECT_NOTIFICATION_EVENT : FM_OBJECT_SYNCHRONIZATION_EVENT,
                       State ? 1 : 0);
}

LONG NTAPI KeSetEvent(PRKEVENT Event, KPRIORITY Increment, BOOLEAN Wait) {
    UNREFERENCED_PARAMETER(Increment);
    UNREFERENCED_PARAMETER(Wait);
    return fm_dispatcher_signal(&Event->Header, 1);
}

LONG NTAPI KeResetEvent(PRKEVENT Event) {
    return fm_dispatcher_signal(&Event->Header, 0);
}

VOID NTAPI KeClearEvent(PRKEVENT Event) {
    (void)KeResetEvent(Event);
}

LONG NTAPI KeReadStateEvent(PRKEVENT Event) {
    uint32_t *lock = lock_of(&Event->Header);
    fm_word_lock(lock);
    LONG state = Event->Header.SignalState;
    fm_word_unlock(lock);
    return state;
}

VOID NTAPI KeInitializeSemaphore(PRKSEMAPHORE Semaphore, LONG Count, LONG Limit) {
    fm_dispatcher_init(&Semaphore->Header, FM_OBJECT_SEMAPHORE, Count);
    Semaphore->Limit = Limit;
}

LONG NTAPI KeReleaseSemaphore(PRKSEMAPHORE Semaphore, KPRIORITY Increment, LONG Adjustment, BOOLEAN Wait) {
    UNREFERENCED_PARAMETER(Increment);
    UNREFERENCED_PARAMETER(Wait);
    uint32_t *lock = lock_of(&Semaphore->Header);
    fm_word_lock(lock);
    LONG before = Semaphore->Header.SignalState;
    if (Adjustment <= 0 || Adjustment > Semaphore->Limit - before) {
        fm_kernel_stop("KeReleaseSemaphore: the semaphore's limit is exceeded");
    }
    Semaphore->Header.SignalState = before + Adjustment;
    struct waiter *woken = satisfy(&Semaphore->Header);
    fm_word_unlock(lock);
    wake(woken);
    return before;
}

/* Negative: that long from now, whatever the system clock does. Positive: a system time. */
static enum fm_park_clock limit_of(LONGLONG timeout, struct timespec *limit) {
    static const LONGLONG unix_epoch = 116444736000000000LL;
    LONGLONG units;
    enum fm_park_clock clock;
    if (timeout < 0) {
        struct timespec now;
        (void)clock_gettime(CLOCK_MONOTONIC, &now);
        LONGLONG base = (LONGLONG)now.tv_sec * 10000000 + (now.tv_nsec + 99) / 100;
        units = timeout < base - MAXLONGLONG ? MAXLONGLONG : base - timeout;
        clock = FM_PARK_MONOTONIC;
    } else {
        units = timeout > unix_epoch ? timeout - unix_epoch : 0;
        clock = FM_PARK_REALTIME;
    }
    limit->tv_sec = units / 10000000;
    limit->tv_nsec = (long)(units % 10000000) * 100;
    return clock;
}

NTSTATUS NTAPI KeWaitForSingleObject(PVOID Object, KWAIT_REASON WaitReason, KPROCESSOR_MODE WaitMode, BOOLEAN Alertable,
                                     PLARGE_INTEGER Timeout) {
    UNREFERENCED_PARAMETER(WaitReason);
    UNREFERENCED_PARAMETER(WaitMode);
    UNREFERENCED_PARAMETER(Alertable);
    DISPATCHER_HEADER *header = Object;
    uint32_t *lock = lock_of(header);
    fm_word_lock(lock);
    if (consume(header)) {
        fm_word_unlock(lock);
        return STATUS_SUCCESS;
    }
    if (Timeout != NULL && Timeout->QuadPart == 0) {
        fm_word_unlock(lock);
        return STATUS_TIMEOUT;
    }
    struct waiter self = {.satisfied = FALSE};
    fm_park_init(&self.park);
    InsertTailList(&header->WaitListHead, &self.links);
    fm_word_unlock(lock);
    if (Timeout == NULL) {
        fm_park_wait(&self.park);
        return STATUS_SUCCESS;
    }
    struct timespec limit;
    enum fm_park_clock clock = limit_of(Timeout->QuadPart, &limit);
    if (fm_park_wait_until(&self.park, clock, &limit)) {
        return STATUS_SUCCESS;
    }
    fm_word_lock(lock);
    BOOLEAN satisfied = self.satisfied;
    if (!satisfied) {
        (void)RemoveEntryList(&self.links);
    }
    fm_word_unlock(lock);
    if (satisfied) {
        fm_park_wait(&self.park); /* the waker still holds on to us */
    }
    return satisfied ? STATUS_SUCCESS : STATUS_TIMEOUT;
}

NTSTATUS NTAPI KeDelayExecutionThread(KPROCESSOR_MODE WaitMode, BOOLEAN Alertable, PLARGE_INTEGER Interval) {
    UNREFERENCED_PARAMETER(WaitMode);
    UNREFERENCED_PARAMETER(Alertable);
    if (Interval->QuadPart != 0) {
        struct timespec limit;
        enum fm_park_clock clock = limit_of(Interval->QuadPart, &limit);
        struct fm_park park;
        fm_park_init(&park);
        (void)fm_park_wait_until(&park, clock, &limit);
    }
    return STATUS_SUCCESS;
}

/* Callbacks are never interrupted by anything that would matter here. */
VOID NTAPI KeEnterCriticalRegion(void) {}

VOID NTAPI KeLeaveCriticalRegion(void) {}

KIRQL NTAPI KeGetCurrentIrql(void) {
    return PASSIVE_LEVEL;
}
