/* SPDX-License-Identifier: Apache-2.0 */
/* What a minifilter is called and where it attaches, and how stopping its service unloads it. */
#include "device.h"

#include "kernel/imports.h"
#include "platform/core_platform.h"
#include "transport/client.h"

enum { LONGEST_VALUE = 256 }; /* characters */

struct text {
    UNICODE_STRING string;
    WCHAR buffer[LONGEST_VALUE];
};

/* Only one registration at a time uses these; the core copies them. */
static FAST_MUTEX registering;
static ULONG drivers; /* that have registered, and not been unloaded */
static struct {
    struct text instance;
    struct text altitude;
} found;

static struct text *text_init(struct text *text) {
    text->string.Buffer = text->buffer;
    text->string.Length = 0;
    text->string.MaximumLength = sizeof(text->buffer);
    return text;
}

/* \Driver\NAME or \FileSystem\NAME */
static UNICODE_STRING service_name(const DRIVER_OBJECT *driver) {
    UNICODE_STRING name = driver->DriverName;
    USHORT start = name.Length / sizeof(WCHAR);
    while (start > 0 && name.Buffer[start - 1] != L'\\') {
        start--;
    }
    name.Buffer += start;
    name.Length -= (USHORT)(start * sizeof(WCHAR));
    name.MaximumLength = name.Length;
    return name;
}

static NTSTATUS read_value(PUNICODE_STRING key_path, PCWSTR value_name, struct text *value) {
    union {
        KEY_VALUE_PARTIAL_INFORMATION information;
        UCHAR bytes[sizeof(KEY_VALUE_PARTIAL_INFORMATION) + LONGEST_VALUE * sizeof(WCHAR)];
    } data;
    OBJECT_ATTRIBUTES attributes;
    UNICODE_STRING name;
    ULONG length;
    HANDLE key;
    NTSTATUS status;

    InitializeObjectAttributes(&attributes, key_path, OBJ_CASE_INSENSITIVE | OBJ_KERNEL_HANDLE, NULL, NULL);
    status = ZwOpenKey(&key, KEY_READ, &attributes);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    RtlInitUnicodeString(&name, value_name);
    status = ZwQueryValueKey(key, &name, KeyValuePartialInformation, &data, sizeof(data), &length);
    (void)ZwClose(key);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    if (data.information.Type != REG_SZ) {
        return STATUS_OBJECT_TYPE_MISMATCH;
    }
    length = data.information.DataLength / sizeof(WCHAR);
    RtlCopyMemory(text_init(value)->buffer, data.information.Data, length * sizeof(WCHAR));
    while (length > 0 && value->buffer[length - 1] == 0) {
        length--;
    }
    value->string.Length = (USHORT)(length * sizeof(WCHAR));
    return STATUS_SUCCESS;
}

static NTSTATUS filter_settings(PDRIVER_OBJECT driver, fm_filter_settings *settings) {
    struct text path;
    NTSTATUS status;

    settings->name = service_name(driver);
    text_init(&path);
    (void)RtlAppendUnicodeToString(&path.string, L"\\Registry\\Machine\\System\\CurrentControlSet\\Services\\");
    (void)RtlAppendUnicodeStringToString(&path.string, &settings->name);
    (void)RtlAppendUnicodeToString(&path.string, L"\\Instances");
    status = read_value(&path.string, L"DefaultInstance", &found.instance);
    if (NT_SUCCESS(status)) {
        (void)RtlAppendUnicodeToString(&path.string, L"\\");
        (void)RtlAppendUnicodeStringToString(&path.string, &found.instance.string);
        status = read_value(&path.string, L"Altitude", &found.altitude);
    }
    if (!NT_SUCCESS(status)) {
        DbgPrint("fltmgr: %wZ: 0x%08X; the service needs Instances\\DefaultInstance, and that instance an Altitude\n",
                 &path.string, (unsigned)status);
        return STATUS_OBJECT_NAME_NOT_FOUND;
    }
    settings->instance_name = found.instance.string;
    settings->altitude = found.altitude.string;
    return STATUS_SUCCESS;
}

const fm_host_ops fmw_host_ops = {.filter_settings = filter_settings};

void fmw_filters_start(void) {
    ExInitializeFastMutex(&registering);
}

/*
 * Stopping a service cannot be refused any more when this runs, and afterwards the driver's code is gone: so it waits until the
 * filter is. Another unload may be under way, or the filter may have gone before. With the last driver the process ends too, and
 * clients are to hear from us, not from that, that their connections have ended.
 *
 * The devices go before the process, because sometimes it does not: Wine kills the threads of a process that ends wherever they are,
 * now and then with a lock of its own held that the last thread needs; and their names would be taken for a minute.
 */
static VOID NTAPI unload_filter(PDRIVER_OBJECT driver) {
    UNICODE_STRING name = service_name(driver);
    while (fm_filter_unload(&name, true) != STATUS_SUCCESS && fm_filter_exists(&name)) {
        LARGE_INTEGER soon = {.QuadPart = -10 * 10000};
        (void)KeDelayExecutionThread(KernelMode, FALSE, &soon);
    }
    fmw_completer_finish();
    ExAcquireFastMutex(&registering);
    if (--drivers == 0) {
        fmw_stop();
    }
    ExReleaseFastMutex(&registering);
}

/* As Windows: the routine replaces the driver's own; without it Wine refuses to stop the service. */
static void set_unload(PDRIVER_OBJECT driver, CONST FLT_REGISTRATION *registration) {
    const bool stoppable = registration->FilterUnloadCallback != NULL &&
                           !FlagOn(registration->Flags, FLTFL_REGISTRATION_DO_NOT_SUPPORT_SERVICE_STOP);
    drivers += !stoppable || driver->DriverUnload != unload_filter; /* what never unloads keeps us for good */
    driver->DriverUnload = stoppable ? unload_filter : NULL;
}

NTSTATUS FLTAPI fmw_register_filter(PDRIVER_OBJECT Driver, CONST FLT_REGISTRATION *Registration,
                                    PFLT_FILTER *RetFilter) {
    NTSTATUS status = fmw_start();
    if (!NT_SUCCESS(status)) {
        return status;
    }
    fmw_imports_complete(Driver);
    ExAcquireFastMutex(&registering);
    status = fmw_start(); /* again: the last driver may have gone meanwhile */
    if (NT_SUCCESS(status)) {
        status = FltRegisterFilter(Driver, Registration, RetFilter);
    }
    if (NT_SUCCESS(status)) {
        set_unload(Driver, Registration);
    }
    ExReleaseFastMutex(&registering);
    return status;
}
