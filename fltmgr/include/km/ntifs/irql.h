/* SPDX-License-Identifier: Apache-2.0 */
/** IRQLs and debugging. Part of <ntifs.h>. */
#ifndef FILTERPORT_NTIFS_IRQL_H
#define FILTERPORT_NTIFS_IRQL_H

#include "ntdef.h"

FP_EXTERN_C_BEGIN
FP_EXPORTS_BEGIN

#define PASSIVE_LEVEL 0
#define APC_LEVEL 1
#define DISPATCH_LEVEL 2
#define HIGH_LEVEL 15
#define KernelMode 0
#define UserMode 1

#if defined(_WIN32) && defined(__x86_64__)
/* As Windows' header: the IRQL is a register. On arm64 it is a function. */
FORCEINLINE KIRQL KeGetCurrentIrql(void) {
    ULONGLONG irql;
    __asm__ volatile("movq %%cr8, %0" : "=r"(irql));
    return (KIRQL)irql;
}
#else
KIRQL NTAPI KeGetCurrentIrql(void);
#endif

#define PAGED_CODE() ((void)0)
#define PAGED_CODE_LOCKED() ((void)0)
#define FLT_ASSERT(e) NT_ASSERT(e)
#define FLT_ASSERTMSG(m, e) NT_ASSERT(e)
#define ASSERT(e) NT_ASSERT(e)
#define ASSERTMSG(m, e) NT_ASSERT(e)
#if defined(DBG) && DBG
#define NT_ASSERT(e)                                                                                                   \
    ((e) ? (void)0 : RtlAssert((PVOID)(ULONG_PTR) #e, (PVOID)(ULONG_PTR)__FILE__, (ULONG)__LINE__, NULL))
#else
#define NT_ASSERT(e) ((void)0)
#endif
VOID NTAPI RtlAssert(PVOID VoidFailedAssertion, PVOID VoidFileName, ULONG LineNumber, PSTR MutableMessage);

#define DPFLTR_IHVDRIVER_ID 77
#define DPFLTR_FLTMGR_ID 31
#define DPFLTR_ERROR_LEVEL 0
#define DPFLTR_WARNING_LEVEL 1
#define DPFLTR_TRACE_LEVEL 2
#define DPFLTR_INFO_LEVEL 3
/** Understands the kernel's formats that drivers use: %wZ, %Z, %ws, %S, %p, %x, %d, %u, %s, %I64x and l/ll sizes. */
ULONG DbgPrint(PCSTR Format, ...);
ULONG DbgPrintEx(ULONG ComponentId, ULONG Level, PCSTR Format, ...);
#if defined(DBG) && DBG
#define KdPrint(args) DbgPrint args
#define KdPrintEx(args) DbgPrintEx args
#else
#define KdPrint(args) ((void)0)
#define KdPrintEx(args) ((void)0)
#endif

FP_EXPORTS_END
FP_EXTERN_C_END

#endif
