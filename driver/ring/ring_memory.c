/* SPDX-License-Identifier: Apache-2.0 */

#include "ring.h"

#define RING_DATA_OFFSET 4096u

typedef struct _RING_VIEW {
    PVOID Base;
    SIZE_T Length;
} RING_VIEW;

/* A section, and the driver's own view of it, good in any thread's context. */
static NTSTATUS RingSectionCreate(_In_ SIZE_T Length, _Out_ PHANDLE Section, _Outptr_ PVOID *View) {
    OBJECT_ATTRIBUTES attributes;
    LARGE_INTEGER size;
    SIZE_T viewLength = 0;
    PVOID object;
    NTSTATUS status;

    *View = NULL;
    size.QuadPart = (LONGLONG)Length;
    InitializeObjectAttributes(&attributes, NULL, OBJ_KERNEL_HANDLE, NULL, NULL);
    status = ZwCreateSection(Section, SECTION_ALL_ACCESS, &attributes, &size, PAGE_READWRITE, SEC_COMMIT, NULL);
    if (!NT_SUCCESS(status)) {
        *Section = NULL;
        return status;
    }
    status = ObReferenceObjectByHandle(*Section, SECTION_MAP_READ | SECTION_MAP_WRITE, NULL, KernelMode, &object, NULL);
    if (NT_SUCCESS(status)) {
        status = MmMapViewInSystemSpace(object, View, &viewLength);
        ObDereferenceObject(object);
    }
    if (!NT_SUCCESS(status)) {
        *View = NULL;
        (VOID) ZwClose(*Section);
        *Section = NULL;
    }
    return status;
}

static VOID RingSectionDestroy(_Inout_ PHANDLE Section, _In_opt_ const VOID *View) {
    if (View != NULL) {
        (VOID) MmUnmapViewInSystemSpace((PVOID)(ULONG_PTR)View);
    }
    if (*Section != NULL) {
        (VOID) ZwClose(*Section);
        *Section = NULL;
    }
}

_IRQL_requires_max_(PASSIVE_LEVEL) _Must_inspect_result_ NTSTATUS
    RingMemoryCreate(_Inout_ PRING Ring, _In_ ULONG DataLength) {
    PVOID producer;
    PVOID consumer;
    NTSTATUS status;

    status = RingSectionCreate((SIZE_T)RING_DATA_OFFSET + DataLength, &Ring->ProducerSection, &producer);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    status = RingSectionCreate(RING_DATA_OFFSET, &Ring->ConsumerSection, &consumer);
    if (!NT_SUCCESS(status)) {
        RingSectionDestroy(&Ring->ProducerSection, producer);
        return status;
    }
    Ring->Producer = producer;
    Ring->Consumer = consumer;
    Ring->Data = (UCHAR *)producer + RING_DATA_OFFSET;
    Ring->DataLength = (LONG64)DataLength;
    /* Behind padding to the end of the data there is always room for the longest. */
    Ring->LongestEvent = DataLength / 2 - (ULONG)sizeof(RING_RECORD);
    Ring->Producer->Magic = RING_MAGIC;
    Ring->Producer->Version = RING_VERSION;
    Ring->Producer->DataOffset = RING_DATA_OFFSET;
    Ring->Producer->LongestEvent = Ring->LongestEvent;
    Ring->Producer->DataLength = DataLength;
    Ring->Producer->State = RING_OPEN;
    return STATUS_SUCCESS;
}

_IRQL_requires_max_(PASSIVE_LEVEL) VOID RingMemoryDestroy(_Inout_ PRING Ring) {
    RingSectionDestroy(&Ring->ConsumerSection, Ring->Consumer);
    RingSectionDestroy(&Ring->ProducerSection, Ring->Producer);
    Ring->Consumer = NULL;
    Ring->Producer = NULL;
    Ring->Data = NULL;
}

static NTSTATUS RingMapView(_In_ HANDLE Section, _In_ HANDLE Process, _In_ ULONG Protection, _Out_ RING_VIEW *View) {
    View->Base = NULL;
    View->Length = 0;
    return ZwMapViewOfSection(Section, Process, &View->Base, 0, 0, NULL, &View->Length, ViewUnmap, 0, Protection);
}

/*
 * By the process's number and not as the current one: where a system runs MessageNotify on a thread of its own, the
 * address space at hand is not the client's, though the identity is.
 */
_IRQL_requires_max_(PASSIVE_LEVEL) _Must_inspect_result_ NTSTATUS
    RingMemoryMap(_In_ PRING Ring, _Out_ RING_VIEWS *Views) {
    OBJECT_ATTRIBUTES attributes;
    CLIENT_ID client;
    HANDLE process;
    RING_VIEW producer;
    RING_VIEW consumer;
    NTSTATUS status;

    client.UniqueProcess = PsGetCurrentProcessId();
    client.UniqueThread = NULL;
    InitializeObjectAttributes(&attributes, NULL, OBJ_KERNEL_HANDLE, NULL, NULL);
    status = ZwOpenProcess(&process, PROCESS_VM_OPERATION, &attributes, &client);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    status = RingMapView(Ring->ProducerSection, process, PAGE_READONLY, &producer);
    if (NT_SUCCESS(status)) {
        status = RingMapView(Ring->ConsumerSection, process, PAGE_READWRITE, &consumer);
        if (NT_SUCCESS(status)) {
            Views->Producer = (RING_U64)(ULONG_PTR)producer.Base;
            Views->ProducerLength = producer.Length;
            Views->Consumer = (RING_U64)(ULONG_PTR)consumer.Base;
            Views->ConsumerLength = consumer.Length;
        } else {
            (VOID) ZwUnmapViewOfSection(process, producer.Base);
        }
    }
    (VOID) ZwClose(process);
    return status;
}
