/* SPDX-License-Identifier: Apache-2.0 */

#include "driver.h"

/* Non-cached reads are whole sectors; no sector is larger. */
#define FP_SECTOR 4096u

_IRQL_requires_max_(PASSIVE_LEVEL) _Must_inspect_result_ NTSTATUS
    FpReadContent(_In_ PCFLT_RELATED_OBJECTS Objects, _Out_writes_bytes_to_(Length, *Read) PVOID Buffer,
                  _In_ ULONG Length, _Out_ PULONG Read) {
    /*
     * Non-cached, so that looking at a file neither fills the cache nor starts caching on a file object that is not
     * open yet; hence a buffer with the device's alignment in between.
     */
    ULONG whole = (Length + FP_SECTOR - 1) & ~(FP_SECTOR - 1);
    LARGE_INTEGER offset;
    ULONG read = 0;
    PVOID sectors;
    NTSTATUS status;

    FP_PASSIVE_CODE();
    *Read = 0;
    sectors = FltAllocatePoolAlignedWithTag(Objects->Instance, NonPagedPoolNx, whole, FP_CONFIG_POOL_TAG);
    if (sectors == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    offset.QuadPart = 0;
    status =
        FltReadFile(Objects->Instance, Objects->FileObject, &offset, whole, sectors,
                    FLTFL_IO_OPERATION_NON_CACHED | FLTFL_IO_OPERATION_DO_NOT_UPDATE_BYTE_OFFSET, &read, NULL, NULL);
    if (status == STATUS_END_OF_FILE) {
        status = STATUS_SUCCESS;
        read = 0;
    }
    if (NT_SUCCESS(status)) {
        *Read = read < Length ? read : Length;
        RtlCopyMemory(Buffer, sectors, *Read);
    }
    FltFreePoolAlignedWithTag(Objects->Instance, sectors, FP_CONFIG_POOL_TAG);
    return status;
}
