/* SPDX-License-Identifier: Apache-2.0 */
/* Functions of Windows' kernel that Wine 8.0 lacks or has as a stub that ends the process, as far as minifilters use them. */
#include "newer.h"

#include "fltmgr_core.h"
#include "sections.h"

static PVOID NTAPI allocate_pool(POOL_FLAGS flags, SIZE_T length, ULONG tag) {
    const POOL_TYPE type = FlagOn(flags, POOL_FLAG_PAGED) ? PagedPool : NonPagedPoolNx;
    return FlagOn(flags, POOL_FLAG_UNINITIALIZED) ? ExAllocatePoolWithTag(type, length, tag)
                                                  : ExAllocatePoolZero(type, length, tag);
}

static VOID NTAPI system_time(PLARGE_INTEGER now) {
    now->QuadPart = fm_clock_system();
}

static ULONGLONG NTAPI interrupt_time(void) {
    return (ULONGLONG)fm_clock_monotonic();
}

/* Drivers are called by workers only, and a gated operation is always the outermost one. */
static PIRP NTAPI top_level_irp(void) {
    return NULL;
}

static VOID NTAPI set_top_level_irp(PIRP irp) {
    UNREFERENCED_PARAMETER(irp);
}

static KIRQL NTAPI current_irql(void) {
    return PASSIVE_LEVEL;
}

static KPROCESSOR_MODE NTAPI previous_mode(void) {
    return fm_current_requestor()->kernel ? KernelMode : UserMode;
}

static BOOLEAN NTAPI is_paging_file(PFILE_OBJECT file) {
    UNREFERENCED_PARAMETER(file);
    return FALSE;
}

static BOOLEAN NTAPI is_status_expected(NTSTATUS status) {
    return status != STATUS_ACCESS_VIOLATION && status != STATUS_DATATYPE_MISALIGNMENT;
}

LONGLONG fmw_process_start(HANDLE process_id) {
    OBJECT_ATTRIBUTES attributes;
    CLIENT_ID client = {process_id, NULL};
    KERNEL_USER_TIMES times;
    HANDLE process;
    LONGLONG start = 0;
    InitializeObjectAttributes(&attributes, NULL, OBJ_KERNEL_HANDLE, NULL, NULL);
    if (!NT_SUCCESS(ZwOpenProcess(&process, PROCESS_QUERY_INFORMATION, &attributes, &client))) {
        return 0;
    }
    if (NT_SUCCESS(ZwQueryInformationProcess(process, ProcessTimes, &times, sizeof(times), NULL))) {
        start = times.CreateTime.QuadPart;
    }
    (void)ZwClose(process);
    return start;
}

static LONGLONG NTAPI process_create_time(PEPROCESS process) {
    return fmw_process_start(PsGetProcessId(process));
}

/* Rundown protection: count << 1 | closed, and who closes waits in short steps, for drivers do so at their end only. */
static VOID NTAPI rundown_init(PEX_RUNDOWN_REF rundown) {
    rundown->Count = 0;
}

static BOOLEAN NTAPI rundown_acquire(PEX_RUNDOWN_REF rundown) {
    ULONG_PTR count = __atomic_load_n(&rundown->Count, __ATOMIC_RELAXED);
    do {
        if ((count & 1) != 0) {
            return FALSE;
        }
    } while (
        !__atomic_compare_exchange_n(&rundown->Count, &count, count + 2, true, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED));
    return TRUE;
}

static VOID NTAPI rundown_release(PEX_RUNDOWN_REF rundown) {
    (void)__atomic_fetch_sub(&rundown->Count, 2, __ATOMIC_RELEASE);
}

static VOID NTAPI rundown_wait(PEX_RUNDOWN_REF rundown) {
    (void)__atomic_fetch_or(&rundown->Count, 1, __ATOMIC_ACQ_REL);
    while (__atomic_load_n(&rundown->Count, __ATOMIC_ACQUIRE) != 1) {
        LARGE_INTEGER soon = {.QuadPart = -10000};
        (void)KeDelayExecutionThread(KernelMode, FALSE, &soon);
    }
}

static PVOID NTAPI system_routine(PUNICODE_STRING name) {
    enum { LONGEST = 64 };
    const ULONG count = name->Length / sizeof(WCHAR);
    char text[LONGEST];
    PVOID newer = NULL;
    if (count < LONGEST) {
        for (ULONG i = 0; i < count; i++) {
            text[i] = (char)name->Buffer[i];
        }
        text[count] = '\0';
        newer = fmw_newer_function(text);
    }
    return newer != NULL ? newer : MmGetSystemRoutineAddress(name);
}

static const struct {
    const char *name;
    PVOID function;
} functions[] = {
    {"ExAcquireRundownProtection", rundown_acquire},
    {"ExAllocatePool2", allocate_pool},
    {"ExGetPreviousMode", previous_mode},
    {"ExInitializeRundownProtection", rundown_init},
    {"ExReleaseRundownProtection", rundown_release},
    {"ExWaitForRundownProtectionRelease", rundown_wait},
    {"FsRtlIsNtstatusExpected", is_status_expected},
    {"FsRtlIsPagingFile", is_paging_file},
    {"IoGetTopLevelIrp", top_level_irp},
    {"IoSetTopLevelIrp", set_top_level_irp},
    {"KeGetCurrentIrql", current_irql},
    {"KeQueryInterruptTime", interrupt_time},
    {"KeQuerySystemTimePrecise", system_time},
    {"MmGetSystemRoutineAddress", system_routine},
    {"MmMapViewInSystemSpace", fmw_map_in_system_space},
    {"MmUnmapViewInSystemSpace", fmw_unmap_in_system_space},
    {"ObReferenceObjectByHandle", fmw_reference_by_handle},
    {"ObfDereferenceObject", fmw_dereference},
    {"PsGetProcessCreateTimeQuadPart", process_create_time},
};

PVOID fmw_newer_function(const char *name) {
    for (ULONG i = 0; i < RTL_NUMBER_OF(functions); i++) {
        if (strcmp(functions[i].name, name) == 0) {
            return functions[i].function;
        }
    }
    return NULL;
}
