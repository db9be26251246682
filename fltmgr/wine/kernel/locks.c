/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The locks that fltKernel.h offers. Wine has no push locks that wait, so theirs is made here: one word, and a table of those who
 * sleep. A driver's lock is zeroes before it is used and has no end that we would hear of, so the word holds all its state:
 *   0 free   n shared by n   EXCLUSIVE held by one; WAITERS set beside it while somebody may sleep
 */
#include "platform/core_platform.h"

#define EXCLUSIVE ((ULONG_PTR)1 << 62)
#define WAITERS ((ULONG_PTR)1 << 63)

/* Sleepers of all locks whose addresses share an entry; each looks at its own lock again when it is woken. */
struct sleeper {
    struct sleeper *next;
    KEVENT event;
};

enum { ENTRIES = 64 };
static struct bed {
    KSPIN_LOCK lock; /* zeroes are a free one */
    struct sleeper *sleepers;
} beds[ENTRIES];

static struct bed *bed_of(const EX_PUSH_LOCK *lock) {
    return &beds[((ULONG_PTR)lock >> 4) % ENTRIES];
}

static bool try_acquire(PEX_PUSH_LOCK lock, bool exclusive) {
    ULONG_PTR word = __atomic_load_n(lock, __ATOMIC_RELAXED);
    ULONG_PTR wanted;
    do {
        const ULONG_PTR held = word & ~WAITERS;
        if (exclusive ? held != 0 : (held & EXCLUSIVE) != 0) {
            return false;
        }
        wanted = (word & WAITERS) | (exclusive ? EXCLUSIVE : held + 1);
    } while (!__atomic_compare_exchange_n(lock, &word, wanted, true, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED));
    return true;
}

/* False: it was free meanwhile and is ours. */
static bool lie_down(PEX_PUSH_LOCK lock, bool exclusive, struct sleeper *sleeper) {
    struct bed *bed = bed_of(lock);
    KIRQL irql;
    bool asleep;
    KeAcquireSpinLock(&bed->lock, &irql);
    /* Marked first, then looked at again: whoever releases it in between sees the mark and comes for the bed's lock. */
    (void)__atomic_fetch_or(lock, WAITERS, __ATOMIC_SEQ_CST);
    asleep = !try_acquire(lock, exclusive);
    if (asleep) {
        sleeper->next = bed->sleepers;
        bed->sleepers = sleeper;
    }
    KeReleaseSpinLock(&bed->lock, irql);
    return asleep;
}

static void acquire(PEX_PUSH_LOCK lock, bool exclusive) {
    while (!try_acquire(lock, exclusive)) {
        struct sleeper sleeper;
        KeInitializeEvent(&sleeper.event, SynchronizationEvent, FALSE);
        if (!lie_down(lock, exclusive, &sleeper)) {
            return;
        }
        (void)KeWaitForSingleObject(&sleeper.event, Executive, KernelMode, FALSE, NULL);
    }
}

static void wake_sleepers(struct bed *bed) {
    struct sleeper *sleeper;
    KIRQL irql;
    KeAcquireSpinLock(&bed->lock, &irql);
    sleeper = bed->sleepers;
    bed->sleepers = NULL;
    KeReleaseSpinLock(&bed->lock, irql);
    while (sleeper != NULL) {
        struct sleeper *next = sleeper->next; /* it is gone once it is woken */
        (void)KeSetEvent(&sleeper->event, IO_NO_INCREMENT, FALSE);
        sleeper = next;
    }
}

VOID FLTAPI FltInitializePushLock(PEX_PUSH_LOCK PushLock) {
    *PushLock = 0;
}

VOID FLTAPI FltDeletePushLock(PEX_PUSH_LOCK PushLock) {
    UNREFERENCED_PARAMETER(PushLock);
}

VOID FLTAPI FltAcquirePushLockExclusive(PEX_PUSH_LOCK PushLock) {
    acquire(PushLock, true);
}

VOID FLTAPI FltAcquirePushLockShared(PEX_PUSH_LOCK PushLock) {
    acquire(PushLock, false);
}

VOID FLTAPI FltReleasePushLock(PEX_PUSH_LOCK PushLock) {
    ULONG_PTR word = __atomic_load_n(PushLock, __ATOMIC_RELAXED);
    ULONG_PTR left;
    do {
        const ULONG_PTR held = word & ~WAITERS;
        left = (held & EXCLUSIVE) != 0 ? 0 : held - 1;
        left |= left != 0 ? word & WAITERS : 0; /* the last one out wakes all; who sleeps again marks it again */
    } while (!__atomic_compare_exchange_n(PushLock, &word, left, true, __ATOMIC_SEQ_CST, __ATOMIC_RELAXED));
    if ((word & WAITERS) != 0 && left == 0) {
        wake_sleepers(bed_of(PushLock));
    }
}

VOID FLTAPI FltAcquireResourceExclusive(PERESOURCE Resource) {
    KeEnterCriticalRegion();
    (void)ExAcquireResourceExclusiveLite(Resource, TRUE);
}

VOID FLTAPI FltAcquireResourceShared(PERESOURCE Resource) {
    KeEnterCriticalRegion();
    (void)ExAcquireResourceSharedLite(Resource, TRUE);
}

VOID FLTAPI FltReleaseResource(PERESOURCE Resource) {
    ExReleaseResourceLite(Resource);
    KeLeaveCriticalRegion();
}
