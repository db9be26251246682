/* SPDX-License-Identifier: Apache-2.0 */

#include "driver.h"

_IRQL_requires_max_(APC_LEVEL) _Must_inspect_result_ PVOID FpAllocate(_In_ SIZE_T Length) {
    FP_APC_CODE();
    NT_ASSERT(Length != 0 && Length <= FP_MAX_EVENT_BYTES);
    return ExAllocatePool2(POOL_FLAG_PAGED, Length, FP_CONFIG_POOL_TAG);
}

_IRQL_requires_max_(APC_LEVEL) _Must_inspect_result_ PVOID FpAllocateNonPaged(_In_ SIZE_T Length) {
    FP_APC_CODE();
    return ExAllocatePool2(POOL_FLAG_NON_PAGED, Length, FP_CONFIG_POOL_TAG);
}

_IRQL_requires_max_(APC_LEVEL) VOID FpFree(_In_opt_ PVOID Memory) {
    FP_APC_CODE();
    if (Memory != NULL) {
        ExFreePoolWithTag(Memory, FP_CONFIG_POOL_TAG);
    }
}
