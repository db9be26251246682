/* SPDX-License-Identifier: Apache-2.0 */

#include "driver.h"

/*
 * Allow verdicts that need not be asked for again. The volume below remembers them, where the Filter Manager has the three
 * routines for that: an open that is remembered does not even reach this driver. Elsewhere each open is a question.
 *
 * What may be remembered is decided here: an allow verdict that the decider called cacheable, on an open of a kind whose
 * policy permits it, about a file that is open already. Who asks, and what is answered, can change with the decider and with
 * the policy: both make everything forgotten.
 */

typedef NTSTATUS FLTAPI FP_RETAIN_BEGIN(_In_ PFLT_CALLBACK_DATA Data, _In_ PFLT_INSTANCE Instance);
typedef NTSTATUS FLTAPI FP_RETAIN(_In_ PFLT_CALLBACK_DATA Data, _In_ PFLT_INSTANCE Instance);
typedef VOID FLTAPI FP_RETAIN_DROP(VOID);

static FP_RETAIN_BEGIN *FpRetainBegin;
static FP_RETAIN *FpRetain;
static FP_RETAIN_DROP *FpRetainDrop;

static ULONG_PTR FpRoutine(_In_ PCSTR Name) {
    return (ULONG_PTR)FltGetRoutineAddress(Name);
}

_IRQL_requires_max_(PASSIVE_LEVEL) VOID FpCacheInitialize(VOID) {
    FP_PASSIVE_CODE();
    FpRetainBegin = (FP_RETAIN_BEGIN *)FpRoutine("FilterportRetainBegin");
    FpRetain = (FP_RETAIN *)FpRoutine("FilterportRetain");
    FpRetainDrop = (FP_RETAIN_DROP *)FpRoutine("FilterportRetainDrop");
    if (FpRetain == NULL || FpRetainDrop == NULL) {
        FpRetainBegin = NULL;
    }
}

_IRQL_requires_max_(PASSIVE_LEVEL) VOID FpCacheBegin(_Inout_ PFP_OPERATION Operation) {
    FP_PASSIVE_CODE();
    if (FpRetainBegin != NULL && (Operation->Rule.Flags & FP_POLICY_CACHE) != 0) {
        Operation->Cacheable = FpRetainBegin(Operation->Data, Operation->Objects->Instance) == STATUS_SUCCESS;
    }
}

_IRQL_requires_max_(PASSIVE_LEVEL) VOID FpCacheKeep(_Inout_ PFP_OPERATION Operation) {
    BOOLEAN kept = FALSE;

    FP_PASSIVE_CODE();
    if (Operation->Cacheable) {
        kept = NT_SUCCESS(FpRetain(Operation->Data, Operation->Objects->Instance));
    }
    FpCount(kept ? FpCountCached : FpCountCacheRefused);
}

_IRQL_requires_max_(PASSIVE_LEVEL) VOID FpCacheDrop(VOID) {
    FP_PASSIVE_CODE();
    FpCount(FpCountCacheDrops);
    if (FpRetainBegin != NULL) {
        FpRetainDrop();
    }
}
