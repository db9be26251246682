/* SPDX-License-Identifier: Apache-2.0 */
/* Spin locks, fast mutexes, push locks, resources, rundown protection. Nobody spins: a holder may be preempted. */
#include <fltKernel.h>

#include "futex_word.h"
#include "kernel_stop.h"

C_ASSERT(sizeof(KSPIN_LOCK) >= sizeof(uint32_t));

static uint32_t *word_of(void *object) {
    return object; /* little-endian: the low half of a pointer-sized lock */
}

VOID NTAPI KeInitializeSpinLock(PKSPIN_LOCK SpinLock) {
    *SpinLock = 0;
}

KIRQL NTAPI KeAcquireSpinLockRaiseToDpc(PKSPIN_LOCK SpinLock) {
    fm_word_lock(word_of(SpinLock));
    return PASSIVE_LEVEL;
}

VOID NTAPI KeReleaseSpinLock(PKSPIN_LOCK SpinLock, KIRQL NewIrql) {
    UNREFERENCED_PARAMETER(NewIrql);
    fm_word_unlock(word_of(SpinLock));
}

/* Fast mutex: Contention is the lock word, Count tells a debugger what Windows' would. */

VOID NTAPI ExInitializeFastMutex(PFAST_MUTEX FastMutex) {
    FastMutex->Count = 1;
    FastMutex->Owner = NULL;
    FastMutex->Contention = 0;
    FastMutex->OldIrql = 0;
    KeInitializeEvent(&FastMutex->Event, SynchronizationEvent, FALSE);
}

static void fast_mutex_taken(PFAST_MUTEX mutex) {
    mutex->Count = 0;
    __atomic_store_n(&mutex->Owner, fm_thread_token(), __ATOMIC_RELAXED);
}

VOID NTAPI ExAcquireFastMutex(PFAST_MUTEX FastMutex) {
    if (__atomic_load_n(&FastMutex->Owner, __ATOMIC_RELAXED) == fm_thread_token()) {
        fm_kernel_stop("ExAcquireFastMutex: the thread holds this fast mutex already; they are not recursive");
    }
    fm_word_lock(&FastMutex->Contention);
    fast_mutex_taken(FastMutex);
}

BOOLEAN NTAPI ExTryToAcquireFastMutex(PFAST_MUTEX FastMutex) {
    if (!fm_word_try_lock(&FastMutex->Contention)) {
        return FALSE;
    }
    fast_mutex_taken(FastMutex);
    return TRUE;
}

VOID NTAPI ExReleaseFastMutex(PFAST_MUTEX FastMutex) {
    if (__atomic_load_n(&FastMutex->Owner, __ATOMIC_RELAXED) != fm_thread_token()) {
        fm_kernel_stop("ExReleaseFastMutex: the thread does not hold this fast mutex");
    }
    __atomic_store_n(&FastMutex->Owner, NULL, __ATOMIC_RELAXED);
    FastMutex->Count = 1;
    fm_word_unlock(&FastMutex->Contention);
}

/* Push lock: readers in the low bits, one bit for the writer, one for sleepers. A sleeper keeps new readers out, so
   that writers are not starved; whoever frees the lock clears that bit and wakes everybody. */

enum { reader = 1u };
static const uint32_t writer = 1u << 31;
static const uint32_t sleepers = 1u << 30;

static void push_lock_acquire(uint32_t *word, BOOLEAN exclusive) {
    uint32_t state = __atomic_load_n(word, __ATOMIC_RELAXED);
    for (;;) {
        BOOLEAN free = exclusive ? (state & ~sleepers) == 0 : (state & (writer | sleepers)) == 0;
        uint32_t next = free ? (exclusive ? state | writer : state + reader) : state | sleepers;
        if (next != state && !__atomic_compare_exchange_n(word, &state, next, 0, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED)) {
            continue;
        }
        if (free) {
            return;
        }
        fm_word_wait(word, next);
        state = __atomic_load_n(word, __ATOMIC_RELAXED);
    }
}

static void push_lock_release(uint32_t *word) {
    uint32_t state = __atomic_load_n(word, __ATOMIC_RELAXED);
    uint32_t next;
    do {
        if ((state & ~sleepers) == 0) {
            fm_kernel_stop("FltReleasePushLock: the push lock is not held");
        }
        next = (state & writer) != 0 ? state & ~writer : state - reader;
        if ((next & ~sleepers) == 0) {
            next = 0;
        }
    } while (!__atomic_compare_exchange_n(word, &state, next, 0, __ATOMIC_RELEASE, __ATOMIC_RELAXED));
    if (next == 0 && (state & sleepers) != 0) {
        fm_word_wake_all(word);
    }
}

VOID FLTAPI FltInitializePushLock(PEX_PUSH_LOCK PushLock) {
    *PushLock = 0;
}

VOID FLTAPI FltDeletePushLock(PEX_PUSH_LOCK PushLock) {
    if (__atomic_load_n(PushLock, __ATOMIC_RELAXED) != 0) {
        fm_kernel_stop("FltDeletePushLock: the push lock is still held");
    }
}

VOID FLTAPI FltAcquirePushLockExclusive(PEX_PUSH_LOCK PushLock) {
    push_lock_acquire(word_of(PushLock), TRUE);
}

VOID FLTAPI FltAcquirePushLockShared(PEX_PUSH_LOCK PushLock) {
    push_lock_acquire(word_of(PushLock), FALSE);
}

VOID FLTAPI FltReleasePushLock(PEX_PUSH_LOCK PushLock) {
    push_lock_release(word_of(PushLock));
}

/* Resource: shared or exclusive, exclusive is recursive and its owner may take it shared as well. */

struct resource {
    uint32_t lock; /* guards the rest */
    uint32_t turn; /* changes with each release; sleepers wait for that */
    PVOID owner;
    LONG exclusive; /* depth */
    LONG shared;    /* count */
};
C_ASSERT(sizeof(struct resource) <= sizeof(ERESOURCE));

NTSTATUS NTAPI ExInitializeResourceLite(PERESOURCE Resource) {
    RtlZeroMemory(Resource, sizeof(*Resource));
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI ExDeleteResourceLite(PERESOURCE Resource) {
    struct resource *resource = (struct resource *)Resource;
    if (resource->exclusive != 0 || resource->shared != 0) {
        fm_kernel_stop("ExDeleteResourceLite: the resource is still held");
    }
    return STATUS_SUCCESS;
}

static BOOLEAN resource_acquire(struct resource *resource, BOOLEAN exclusive, BOOLEAN wait) {
    PVOID self = fm_thread_token();
    for (;;) {
        fm_word_lock(&resource->lock);
        BOOLEAN mine = resource->exclusive != 0 && resource->owner == self;
        if (mine || (resource->exclusive == 0 && (!exclusive || resource->shared == 0))) {
            if (exclusive || mine) {
                resource->owner = self;
                resource->exclusive++;
            } else {
                resource->shared++;
            }
            fm_word_unlock(&resource->lock);
            return TRUE;
        }
        uint32_t turn = __atomic_load_n(&resource->turn, __ATOMIC_RELAXED);
        fm_word_unlock(&resource->lock);
        if (!wait) {
            return FALSE;
        }
        fm_word_wait(&resource->turn, turn);
    }
}

BOOLEAN NTAPI ExAcquireResourceExclusiveLite(PERESOURCE Resource, BOOLEAN Wait) {
    return resource_acquire((struct resource *)Resource, TRUE, Wait);
}

BOOLEAN NTAPI ExAcquireResourceSharedLite(PERESOURCE Resource, BOOLEAN Wait) {
    return resource_acquire((struct resource *)Resource, FALSE, Wait);
}

VOID NTAPI ExReleaseResourceLite(PERESOURCE Resource) {
    struct resource *resource = (struct resource *)Resource;
    fm_word_lock(&resource->lock);
    if (resource->exclusive != 0) {
        resource->exclusive--;
    } else if (resource->shared != 0) {
        resource->shared--;
    } else {
        fm_kernel_stop("ExReleaseResourceLite: the resource is not held");
    }
    BOOLEAN free = resource->exclusive == 0 && resource->shared == 0;
    if (free) {
        resource->owner = NULL;
        __atomic_add_fetch(&resource->turn, 1, __ATOMIC_RELAXED);
    }
    fm_word_unlock(&resource->lock);
    if (free) {
        fm_word_wake_all(&resource->turn);
    }
}

VOID FLTAPI FltAcquireResourceExclusive(PERESOURCE Resource) {
    (void)ExAcquireResourceExclusiveLite(Resource, TRUE);
}

VOID FLTAPI FltAcquireResourceShared(PERESOURCE Resource) {
    (void)ExAcquireResourceSharedLite(Resource, TRUE);
}

VOID FLTAPI FltReleaseResource(PERESOURCE Resource) {
    ExReleaseResourceLite(Resource);
}

/* Rundown protection: bit 0 of the word says that it runs down, the rest counts the holders. */

static const uint32_t running_down = 1;
static const uint32_t holder = 2;

VOID NTAPI ExInitializeRundownProtection(PEX_RUNDOWN_REF RunRef) {
    RunRef->Count = 0;
}

BOOLEAN NTAPI ExAcquireRundownProtection(PEX_RUNDOWN_REF RunRef) {
    uint32_t *word = word_of(&RunRef->Count);
    uint32_t state = __atomic_load_n(word, __ATOMIC_RELAXED);
    do {
        if ((state & running_down) != 0) {
            return FALSE;
        }
    } while (!__atomic_compare_exchange_n(word, &state, state + holder, 0, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED));
    return TRUE;
}

VOID NTAPI ExReleaseRundownProtection(PEX_RUNDOWN_REF RunRef) {
    uint32_t *word = word_of(&RunRef->Count);
    if (__atomic_sub_fetch(word, holder, __ATOMIC_RELEASE) == running_down) {
        fm_word_wake_all(word);
    }
}

VOID NTAPI ExWaitForRundownProtectionRelease(PEX_RUNDOWN_REF RunRef) {
    uint32_t *word = word_of(&RunRef->Count);
    uint32_t state = __atomic_or_fetch(word, running_down, __ATOMIC_ACQUIRE);
    while (state != running_down) {
        fm_word_wait(word, state);
        state = __atomic_load_n(word, __ATOMIC_ACQUIRE);
    }
}
