/* SPDX-License-Identifier: Apache-2.0 */
#include "internal.h"

#define FACILITY_FILTER_MANAGER_NT 0x001C0000u

HRESULT fl_hresult(NTSTATUS status) {
    if (status == STATUS_SUCCESS)
        return S_OK;
    if (status == FL_HOST_GONE)
        status = STATUS_PORT_DISCONNECTED;
    if (((ULONG)status & 0x0FFF0000u) == FACILITY_FILTER_MANAGER_NT)
        return (HRESULT)(((ULONG)status & 0x8000FFFFu) | 0x001F0000u);
    return HRESULT_FROM_WIN32(RtlNtStatusToDosError(status));
}
