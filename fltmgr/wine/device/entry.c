/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How fltmgr.sys begins. Minifilters import it, so Wine maps it without calling its entry; and then there is no driver object of its
 * own, which its devices need. So the first FltRegisterFilter makes one. Started as a service, the entry does the same.
 */
#include "device.h"

#include "kernel/complete.h"
#include "kernel/stay.h"
#include "platform/core_platform.h"
#include "platform/thread.h"
#include "platform/workers.h"
#include "transport/client.h"
#include "transport/closing.h"
#include "volume/volumes.h"

enum { ENDING_TRIES = 300, ENDING_PAUSE = 20 * 10000 }; /* of 100 ns: six seconds; services wait ten for us */

static FAST_MUTEX start_lock;
static LONG lock_made;
static bool prepared;
static bool started;
static bool own_service;          /* started as one, which nothing but the end of the process stops */
static PDRIVER_OBJECT own_driver; /* NULL: not made yet */

/* Asked of the kernel itself: the user's ntdll is not there for a driver on other systems, and this must be safe to ask. */
static bool is_wine(void) {
    UNICODE_STRING name;
    RtlInitUnicodeString(&name, L"wine_ntoskrnl_main_loop");
    return MmGetSystemRoutineAddress(&name) != NULL;
}

static NTSTATUS make_directory(PCWSTR path) {
    OBJECT_ATTRIBUTES attributes;
    UNICODE_STRING name;
    HANDLE handle;
    NTSTATUS status;
    RtlInitUnicodeString(&name, path);
    InitializeObjectAttributes(&attributes, &name,
                               OBJ_CASE_INSENSITIVE | OBJ_OPENIF | OBJ_PERMANENT | OBJ_KERNEL_HANDLE, NULL, NULL);
    status = ZwCreateDirectoryObject(&handle, DIRECTORY_ALL_ACCESS, &attributes);
    if (NT_SUCCESS(status)) {
        (void)ZwClose(handle);
    } else {
        DbgPrint("fltmgr: directory %ws: 0x%08X\n", path, (unsigned)status);
    }
    return status;
}

static NTSTATUS NTAPI initialize_driver(PDRIVER_OBJECT driver, PUNICODE_STRING registry_path) {
    NTSTATUS status = fmw_devices_create(driver);
    UNREFERENCED_PARAMETER(registry_path);
    if (NT_SUCCESS(status)) {
        own_driver = driver;
    }
    return status;
}

/* All but the devices; once, whatever becomes of them. */
static NTSTATUS prepare(void) {
    NTSTATUS status;
    if (!is_wine()) {
        DbgPrint("fltmgr: this fltmgr.sys is for Wine only: it does not load on Windows, which has its own\n");
        return STATUS_NOT_SUPPORTED;
    }
    if (!fmw_platform_start()) {
        DbgPrint("fltmgr: this Wine has no KeQuerySystemTime: Wine 8.0 is the oldest that is known to work\n");
        return STATUS_NOT_SUPPORTED;
    }
    fmw_stay_loaded();
    fmw_threads_start();
    fmw_filters_start();
    fmw_complete_start();
    fmw_volumes_start();
    fmw_closing_start();
    if (!fmw_workers_start() || !fmw_completer_start()) {
        DbgPrint("fltmgr: no threads to work with\n");
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    status = fm_core_init(&fmw_host_ops);
    if (!NT_SUCCESS(status) || !NT_SUCCESS(status = make_directory(L"\\FileSystem"))) {
        return status;
    }
    return make_directory(L"\\FileSystem\\Filters");
}

static NTSTATUS try_devices(void) {
    UNICODE_STRING name;
    if (own_driver != NULL) {
        return fmw_devices_create(own_driver);
    }
    RtlInitUnicodeString(&name, L"\\FileSystem\\FltMgr");
    return IoCreateDriver(&name, initialize_driver);
}

/* Their names are taken while another Filter Manager lives, which may be about to end. */
static NTSTATUS make_devices(void) {
    LARGE_INTEGER pause = {.QuadPart = -ENDING_PAUSE};
    NTSTATUS status = try_devices();
    for (ULONG tries = 0; status == STATUS_OBJECT_NAME_COLLISION && tries < ENDING_TRIES; tries++) {
        (void)KeDelayExecutionThread(KernelMode, FALSE, &pause);
        status = try_devices();
    }
    if (!NT_SUCCESS(status)) {
        DbgPrint("fltmgr: \\FileSystem\\FltMgr: 0x%08X; is there another Filter Manager, in a group of its own?\n",
                 (unsigned)status);
    }
    return status;
}

NTSTATUS fmw_start(void) {
    NTSTATUS status = STATUS_SUCCESS;
    if (InterlockedCompareExchange(&lock_made, 1, 0) == 0) {
        ExInitializeFastMutex(&start_lock);
        __atomic_store_n(&lock_made, 2, __ATOMIC_RELEASE);
    }
    while (__atomic_load_n(&lock_made, __ATOMIC_ACQUIRE) != 2) {
    }
    ExAcquireFastMutex(&start_lock);
    if (!prepared) {
        status = prepare();
        prepared = NT_SUCCESS(status);
    }
    if (prepared && !started) {
        status = make_devices();
        started = NT_SUCCESS(status);
    }
    ExReleaseFastMutex(&start_lock);
    return status;
}

void fmw_stop(void) {
    ExAcquireFastMutex(&start_lock);
    if (started && !own_service) {
        fmw_devices_delete();
        started = false;
    }
    ExReleaseFastMutex(&start_lock);
}

NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath) {
    UNREFERENCED_PARAMETER(DriverObject);
    UNREFERENCED_PARAMETER(RegistryPath);
    own_service = true;
    return fmw_start();
}
