/* SPDX-License-Identifier: Apache-2.0 */
/** Interlocked operations: full barriers, as on Windows. Part of <ntifs.h>. */
#ifndef FILTERPORT_NTIFS_INTERLOCKED_H
#define FILTERPORT_NTIFS_INTERLOCKED_H

#include "ntdef.h"

FP_EXTERN_C_BEGIN
FP_EXPORTS_BEGIN

#ifdef __GNUC__
FORCEINLINE LONG InterlockedIncrement(LONG volatile *v) {
    return __atomic_add_fetch(v, 1, __ATOMIC_SEQ_CST);
}
FORCEINLINE LONG InterlockedDecrement(LONG volatile *v) {
    return __atomic_sub_fetch(v, 1, __ATOMIC_SEQ_CST);
}
FORCEINLINE LONG InterlockedExchange(LONG volatile *v, LONG n) {
    return __atomic_exchange_n(v, n, __ATOMIC_SEQ_CST);
}
FORCEINLINE LONG InterlockedExchangeAdd(LONG volatile *v, LONG n) {
    return __atomic_fetch_add(v, n, __ATOMIC_SEQ_CST);
}
FORCEINLINE LONG InterlockedAdd(LONG volatile *v, LONG n) {
    return __atomic_add_fetch(v, n, __ATOMIC_SEQ_CST);
}
FORCEINLINE LONG InterlockedOr(LONG volatile *v, LONG n) {
    return __atomic_fetch_or(v, n, __ATOMIC_SEQ_CST);
}
FORCEINLINE LONG InterlockedAnd(LONG volatile *v, LONG n) {
    return __atomic_fetch_and(v, n, __ATOMIC_SEQ_CST);
}
FORCEINLINE LONG64 InterlockedIncrement64(LONG64 volatile *v) {
    return __atomic_add_fetch(v, 1, __ATOMIC_SEQ_CST);
}
FORCEINLINE LONG64 InterlockedDecrement64(LONG64 volatile *v) {
    return __atomic_sub_fetch(v, 1, __ATOMIC_SEQ_CST);
}
FORCEINLINE LONG64 InterlockedExchange64(LONG64 volatile *v, LONG64 n) {
    return __atomic_exchange_n(v, n, __ATOMIC_SEQ_CST);
}
FORCEINLINE LONG64 InterlockedExchangeAdd64(LONG64 volatile *v, LONG64 n) {
    return __atomic_fetch_add(v, n, __ATOMIC_SEQ_CST);
}
FORCEINLINE LONG64 InterlockedAdd64(LONG64 volatile *v, LONG64 n) {
    return __atomic_add_fetch(v, n, __ATOMIC_SEQ_CST);
}
FORCEINLINE LONG InterlockedCompareExchange(LONG volatile *v, LONG n, LONG expected) {
    (void)__atomic_compare_exchange_n(v, &expected, n, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
    return expected;
}
FORCEINLINE LONG64 InterlockedCompareExchange64(LONG64 volatile *v, LONG64 n, LONG64 expected) {
    (void)__atomic_compare_exchange_n(v, &expected, n, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
    return expected;
}
FORCEINLINE PVOID InterlockedExchangePointer(PVOID volatile *v, PVOID n) {
    return __atomic_exchange_n(v, n, __ATOMIC_SEQ_CST);
}
FORCEINLINE PVOID InterlockedCompareExchangePointer(PVOID volatile *v, PVOID n, PVOID expected) {
    (void)__atomic_compare_exchange_n(v, &expected, n, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
    return expected;
}
FORCEINLINE LONG ReadAcquire(LONG const volatile *v) {
    return __atomic_load_n(v, __ATOMIC_ACQUIRE);
}
FORCEINLINE LONG ReadNoFence(LONG const volatile *v) {
    return __atomic_load_n(v, __ATOMIC_RELAXED);
}
FORCEINLINE VOID WriteRelease(LONG volatile *v, LONG n) {
    __atomic_store_n(v, n, __ATOMIC_RELEASE);
}
FORCEINLINE LONG64 ReadAcquire64(LONG64 const volatile *v) {
    return __atomic_load_n(v, __ATOMIC_ACQUIRE);
}
FORCEINLINE LONG64 ReadNoFence64(LONG64 const volatile *v) {
    return __atomic_load_n(v, __ATOMIC_RELAXED);
}
FORCEINLINE VOID WriteRelease64(LONG64 volatile *v, LONG64 n) {
    __atomic_store_n(v, n, __ATOMIC_RELEASE);
}
FORCEINLINE PVOID ReadPointerAcquire(PVOID const volatile *v) {
    return __atomic_load_n(v, __ATOMIC_ACQUIRE);
}
#ifdef __SANITIZE_THREAD__
/* It knows no fences. */
FORCEINLINE VOID KeMemoryBarrier(VOID) {
    static LONG nothing;
    (void)__atomic_fetch_add(&nothing, 0, __ATOMIC_SEQ_CST);
}
#else
#define KeMemoryBarrier() __atomic_thread_fence(__ATOMIC_SEQ_CST)
#endif
#define MemoryBarrier() KeMemoryBarrier()
#endif

FP_EXPORTS_END
FP_EXTERN_C_END

#endif
