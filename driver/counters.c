/* SPDX-License-Identifier: Apache-2.0 */

#include "driver.h"

/*
 * A question's two counters change together under the shared lock, so that those who count do not wait for each other;
 * a snapshot takes the lock exclusively and therefore sees each question either wholly begun or wholly ended.
 */

_IRQL_requires_max_(PASSIVE_LEVEL) VOID FpCountersInitialize(VOID) {
    FP_PASSIVE_CODE();
    FltInitializePushLock(&FpDriver.Counters.Lock);
}

_IRQL_requires_max_(PASSIVE_LEVEL) VOID FpCountersDelete(VOID) {
    FP_PASSIVE_CODE();
    FltDeletePushLock(&FpDriver.Counters.Lock);
}

static VOID FpAdd(_In_ FP_COUNTER Counter) {
    (VOID) InterlockedIncrement64(&FpDriver.Counters.Values[Counter]);
}

VOID FpCount(_In_ FP_COUNTER Counter) {
    FpAdd(Counter);
}

_IRQL_requires_max_(APC_LEVEL) VOID FpCountAskBegin(VOID) {
    FP_APC_CODE();
    FltAcquirePushLockShared(&FpDriver.Counters.Lock);
    FpAdd(FpCountAsked);
    FpAdd(FpCountInFlight);
    FltReleasePushLock(&FpDriver.Counters.Lock);
}

static FP_COUNTER FpOutcomeCounter(_In_ ULONG Outcome) {
    switch (Outcome) {
    case FP_OUTCOME_ALLOWED:
        return FpCountAllowed;
    case FP_OUTCOME_DENIED:
        return FpCountDenied;
    case FP_OUTCOME_TIMED_OUT:
        return FpCountTimedOut;
    case FP_OUTCOME_NO_CLIENT:
        return FpCountNoClient;
    case FP_OUTCOME_OVERLOAD:
        return FpCountOverload;
    case FP_OUTCOME_INVALID_REPLY:
        return FpCountInvalidReply;
    default:
        return FpCountFailed;
    }
}

_IRQL_requires_max_(APC_LEVEL) VOID FpCountAskEnd(_In_ ULONG Outcome) {
    FP_APC_CODE();
    FltAcquirePushLockShared(&FpDriver.Counters.Lock);
    (VOID) InterlockedDecrement64(&FpDriver.Counters.Values[FpCountInFlight]);
    FpAdd(FpOutcomeCounter(Outcome));
    FltReleasePushLock(&FpDriver.Counters.Lock);
}

_IRQL_requires_max_(APC_LEVEL) _Must_inspect_result_ BOOLEAN FpWaitingEnter(_In_ ULONG Limit) {
    LONG waiting = InterlockedIncrement(&FpDriver.Counters.Waiting);
    LONG peak;

    if (waiting > (LONG)Limit) {
        (VOID) InterlockedDecrement(&FpDriver.Counters.Waiting);
        return FALSE;
    }
    peak = ReadNoFence(&FpDriver.Counters.WaitingPeak);
    while (waiting > peak) {
        LONG seen = InterlockedCompareExchange(&FpDriver.Counters.WaitingPeak, waiting, peak);

        if (seen == peak) {
            break;
        }
        peak = seen;
    }
    return TRUE;
}

_IRQL_requires_max_(APC_LEVEL) VOID FpWaitingLeave(VOID) {
    (VOID) InterlockedDecrement(&FpDriver.Counters.Waiting);
}

_IRQL_requires_max_(APC_LEVEL) VOID FpCountersGet(_Out_ FP_COUNTERS *Counters) {
    LONG64 values[FpCounterCount];
    LONG peak;
    ULONG index;

    FP_APC_CODE();
    FltAcquirePushLockExclusive(&FpDriver.Counters.Lock);
    for (index = 0; index < FpCounterCount; index++) {
        /* an atomic read: those who count outside the lock may be at it */
        values[index] = InterlockedExchangeAdd64(&FpDriver.Counters.Values[index], 0);
    }
    peak = ReadNoFence(&FpDriver.Counters.WaitingPeak);
    FltReleasePushLock(&FpDriver.Counters.Lock);

    Counters->Asked = (FP_U64)values[FpCountAsked];
    Counters->Allowed = (FP_U64)values[FpCountAllowed];
    Counters->Denied = (FP_U64)values[FpCountDenied];
    Counters->TimedOut = (FP_U64)values[FpCountTimedOut];
    Counters->NoClient = (FP_U64)values[FpCountNoClient];
    Counters->Overload = (FP_U64)values[FpCountOverload];
    Counters->Failed = (FP_U64)values[FpCountFailed];
    Counters->InvalidReply = (FP_U64)values[FpCountInvalidReply];
    Counters->InFlight = (FP_U64)values[FpCountInFlight];
    Counters->InFlightPeak = (FP_U64)peak;
    Counters->NotAskedFailed = (FP_U64)values[FpCountNotAskedFailed];
    Counters->NotAskedUnsafe = (FP_U64)values[FpCountNotAskedUnsafe];
    Counters->NotAskedKernel = (FP_U64)values[FpCountNotAskedKernel];
    Counters->NotAskedExempt = (FP_U64)values[FpCountNotAskedExempt];
    Counters->NotAskedDirectory = (FP_U64)values[FpCountNotAskedDirectory];
    Counters->NotAskedOff = (FP_U64)values[FpCountNotAskedOff];
    Counters->Reported = (FP_U64)values[FpCountReported];
    Counters->ReportsLost = (FP_U64)values[FpCountReportsLost];
    Counters->Connects = (FP_U64)values[FpCountConnects];
    Counters->ConnectsRefused = (FP_U64)values[FpCountConnectsRefused];
    /* An operation is counted once its class is known, so the sum of the classes is what has been seen. */
    Counters->Seen = Counters->Asked + Counters->NotAskedFailed + Counters->NotAskedUnsafe + Counters->NotAskedKernel +
                     Counters->NotAskedExempt + Counters->NotAskedDirectory + Counters->NotAskedOff;
    Counters->Reserved = 0;
    Counters->Cached = (FP_U64)values[FpCountCached];
    Counters->CacheRefused = (FP_U64)values[FpCountCacheRefused];
    Counters->CacheDrops = (FP_U64)values[FpCountCacheDrops];
}
