/* SPDX-License-Identifier: Apache-2.0 */

#include "driver.h"

_IRQL_requires_max_(PASSIVE_LEVEL) VOID FpPoliciesInitialize(VOID) {
    ULONG index;

    FP_PASSIVE_CODE();
    FltInitializePushLock(&FpDriver.Policies.Lock);
    for (index = 0; index < FP_KIND_COUNT; index++) {
        FpRuleDefault(&FpDriver.Policies.Rules[index]);
    }
    FpDriver.Policies.MaxInFlight = FP_DEFAULT_MAX_IN_FLIGHT;
}

_IRQL_requires_max_(PASSIVE_LEVEL) VOID FpPoliciesDelete(VOID) {
    FP_PASSIVE_CODE();
    FltDeletePushLock(&FpDriver.Policies.Lock);
}

_IRQL_requires_max_(APC_LEVEL) VOID FpPolicyGet(_In_range_(1, FP_KIND_COUNT) ULONG Kind, _Out_ FP_RULE *Rule) {
    FP_APC_CODE();
    FltAcquirePushLockShared(&FpDriver.Policies.Lock);
    *Rule = FpDriver.Policies.Rules[Kind - 1];
    FltReleasePushLock(&FpDriver.Policies.Lock);
}

_IRQL_requires_max_(APC_LEVEL) VOID FpPolicySet(_In_range_(1, FP_KIND_COUNT) ULONG Kind, _In_ const FP_RULE *Rule) {
    FP_APC_CODE();
    FltAcquirePushLockExclusive(&FpDriver.Policies.Lock);
    FpDriver.Policies.Rules[Kind - 1] = *Rule;
    FltReleasePushLock(&FpDriver.Policies.Lock);
}

_IRQL_requires_max_(APC_LEVEL) ULONG FpMaxInFlightGet(VOID) {
    ULONG limit;

    FP_APC_CODE();
    FltAcquirePushLockShared(&FpDriver.Policies.Lock);
    limit = FpDriver.Policies.MaxInFlight;
    FltReleasePushLock(&FpDriver.Policies.Lock);
    return limit;
}

_IRQL_requires_max_(APC_LEVEL) VOID FpMaxInFlightSet(_In_ ULONG MaxInFlight) {
    FP_APC_CODE();
    FltAcquirePushLockExclusive(&FpDriver.Policies.Lock);
    FpDriver.Policies.MaxInFlight = MaxInFlight;
    FltReleasePushLock(&FpDriver.Policies.Lock);
}
