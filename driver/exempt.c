/* SPDX-License-Identifier: Apache-2.0 */

#include "driver.h"

/*
 * A process id is reused after its process has gone, and a connection can outlive the process that made it (its handle
 * may have been inherited). Id and creation time together are never reused; the exemption ends with the connection.
 */

_IRQL_requires_max_(PASSIVE_LEVEL) VOID FpExemptCapture(_Inout_ PFP_CLIENT Client) {
    FP_PASSIVE_CODE();
    Client->ProcessId = (ULONG)(ULONG_PTR)PsGetCurrentProcessId();
    Client->ProcessStart = PsGetProcessCreateTimeQuadPart(PsGetCurrentProcess());
}

_IRQL_requires_max_(APC_LEVEL) LONGLONG FpRequestorStart(_In_ PFLT_CALLBACK_DATA Data) {
    PEPROCESS process = FltGetRequestorProcess(Data);

    return process == NULL ? 0 : PsGetProcessCreateTimeQuadPart(process);
}

_IRQL_requires_max_(APC_LEVEL) BOOLEAN FpIsExempt(_In_ PFLT_CALLBACK_DATA Data) {
    ULONG process = FltGetRequestorProcessId(Data);
    BOOLEAN candidate = FALSE;
    LONGLONG start = 0;

    FP_APC_CODE();
    FltAcquirePushLockShared(&FpDriver.Clients.Lock);
    if (FpDriver.Clients.Decider != NULL && (FpDriver.Clients.Decider->Flags & FP_CONNECT_EXEMPT) != 0 &&
        FpDriver.Clients.Decider->ProcessId == process) {
        candidate = TRUE;
        start = FpDriver.Clients.Decider->ProcessStart;
    }
    FltReleasePushLock(&FpDriver.Clients.Lock);
    return candidate && FpRequestorStart(Data) == start;
}
