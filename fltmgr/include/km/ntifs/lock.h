/* SPDX-License-Identifier: Apache-2.0 */
/** Locks. Part of <ntifs.h>. */
#ifndef FILTERPORT_NTIFS_LOCK_H
#define FILTERPORT_NTIFS_LOCK_H

#include "ntdef.h"

#include "dispatcher.h"

FP_EXTERN_C_BEGIN
FP_EXPORTS_BEGIN

typedef ULONG_PTR KSPIN_LOCK, *PKSPIN_LOCK;
#ifdef _WIN32
FORCEINLINE VOID KeInitializeSpinLock(PKSPIN_LOCK SpinLock) {
    *SpinLock = 0; /* as Windows' header */
}
#else
VOID NTAPI KeInitializeSpinLock(PKSPIN_LOCK SpinLock);
#endif
KIRQL NTAPI KeAcquireSpinLockRaiseToDpc(PKSPIN_LOCK SpinLock);
VOID NTAPI KeReleaseSpinLock(PKSPIN_LOCK SpinLock, KIRQL NewIrql);
#define KeAcquireSpinLock(SpinLock, OldIrql) (*(OldIrql) = KeAcquireSpinLockRaiseToDpc(SpinLock))

typedef struct _FAST_MUTEX {
    LONG Count;
    PVOID Owner;
    ULONG Contention;
    KEVENT Event;
    ULONG OldIrql;
} FAST_MUTEX, *PFAST_MUTEX;
C_ASSERT(sizeof(FAST_MUTEX) == 56);
#ifdef _WIN32
/* As Windows' header. */
FORCEINLINE VOID ExInitializeFastMutex(PFAST_MUTEX FastMutex) {
    FastMutex->Count = 1;
    FastMutex->Owner = NULL;
    FastMutex->Contention = 0;
    KeInitializeEvent(&FastMutex->Event, SynchronizationEvent, FALSE);
}
#else
VOID NTAPI ExInitializeFastMutex(PFAST_MUTEX FastMutex);
#endif
VOID NTAPI ExAcquireFastMutex(PFAST_MUTEX FastMutex);
VOID NTAPI ExReleaseFastMutex(PFAST_MUTEX FastMutex);
BOOLEAN NTAPI ExTryToAcquireFastMutex(PFAST_MUTEX FastMutex);

typedef ULONG_PTR EX_PUSH_LOCK, *PEX_PUSH_LOCK;

/** Windows' size; the contents belong to the functions below. */
typedef struct _ERESOURCE {
    ULONG_PTR Reserved[13];
} ERESOURCE, *PERESOURCE;
C_ASSERT(sizeof(ERESOURCE) == 104);
NTSTATUS NTAPI ExInitializeResourceLite(PERESOURCE Resource);
NTSTATUS NTAPI ExDeleteResourceLite(PERESOURCE Resource);
BOOLEAN NTAPI ExAcquireResourceExclusiveLite(PERESOURCE Resource, BOOLEAN Wait);
BOOLEAN NTAPI ExAcquireResourceSharedLite(PERESOURCE Resource, BOOLEAN Wait);
VOID NTAPI ExReleaseResourceLite(PERESOURCE Resource);

/** Rundown protection: one pointer-sized word. */
typedef struct _EX_RUNDOWN_REF {
    union {
        ULONG_PTR Count;
        PVOID Ptr;
    };
} EX_RUNDOWN_REF, *PEX_RUNDOWN_REF;
VOID NTAPI ExInitializeRundownProtection(PEX_RUNDOWN_REF RunRef);
BOOLEAN NTAPI ExAcquireRundownProtection(PEX_RUNDOWN_REF RunRef);
VOID NTAPI ExReleaseRundownProtection(PEX_RUNDOWN_REF RunRef);
VOID NTAPI ExWaitForRundownProtectionRelease(PEX_RUNDOWN_REF RunRef);

FP_EXPORTS_END
FP_EXTERN_C_END

#endif
