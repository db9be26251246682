/* SPDX-License-Identifier: Apache-2.0 */

#include "driver.h"

FP_DRIVER FpDriver;

DRIVER_INITIALIZE DriverEntry;

/** Raw volumes have no files; everything else is attached to. */
static NTSTATUS FLTAPI FpInstanceSetup(_In_ PCFLT_RELATED_OBJECTS FltObjects, _In_ FLT_INSTANCE_SETUP_FLAGS Flags,
                                       _In_ DEVICE_TYPE VolumeDeviceType,
                                       _In_ FLT_FILESYSTEM_TYPE VolumeFilesystemType) {
    FP_PASSIVE_CODE();
    UNREFERENCED_PARAMETER(FltObjects);
    UNREFERENCED_PARAMETER(Flags);
    UNREFERENCED_PARAMETER(VolumeDeviceType);
    return VolumeFilesystemType == FLT_FSTYPE_RAW ? STATUS_FLT_DO_NOT_ATTACH : STATUS_SUCCESS;
}

/** Nothing is kept per instance: detaching by hand is always possible. */
static NTSTATUS FLTAPI FpInstanceQueryTeardown(_In_ PCFLT_RELATED_OBJECTS FltObjects,
                                               _In_ FLT_INSTANCE_QUERY_TEARDOWN_FLAGS Flags) {
    FP_PASSIVE_CODE();
    UNREFERENCED_PARAMETER(FltObjects);
    UNREFERENCED_PARAMETER(Flags);
    return STATUS_SUCCESS;
}

static VOID FpDelete(VOID) {
    FpCountersDelete();
    FpPoliciesDelete();
    FpClientsDelete();
}

/**
 * The order is Windows': first the server port, so that nobody connects any more, then FltUnregisterFilter, which ends
 * the connections (waking whoever waits for a verdict), waits for running callbacks and returns when none is left.
 */
static NTSTATUS FLTAPI FpUnload(_In_ FLT_FILTER_UNLOAD_FLAGS Flags) {
    FP_PASSIVE_CODE();
    UNREFERENCED_PARAMETER(Flags);
    FpPortClose();
    FltUnregisterFilter(FpDriver.Filter);
    FpDelete();
    return STATUS_SUCCESS;
}

static const FLT_OPERATION_REGISTRATION FpOperations[] = {
    {.MajorFunction = IRP_MJ_CREATE, .PreOperation = FpPreCreate, .PostOperation = FpPostCreate},
    {.MajorFunction = IRP_MJ_OPERATION_END},
};

static const FLT_REGISTRATION FpRegistration = {
    .Size = sizeof(FLT_REGISTRATION),
    .Version = FLT_REGISTRATION_VERSION,
    .OperationRegistration = FpOperations,
    .FilterUnloadCallback = FpUnload,
    .InstanceSetupCallback = FpInstanceSetup,
    .InstanceQueryTeardownCallback = FpInstanceQueryTeardown,
};

NTSTATUS NTAPI DriverEntry(_In_ PDRIVER_OBJECT DriverObject, _In_ PUNICODE_STRING RegistryPath) {
    NTSTATUS status;

    FP_PASSIVE_CODE();
    UNREFERENCED_PARAMETER(RegistryPath);
    RtlZeroMemory(&FpDriver, sizeof(FpDriver));
    FpClientsInitialize();
    FpPoliciesInitialize();
    FpCountersInitialize();
    FpCacheInitialize();
    status = FltRegisterFilter(DriverObject, &FpRegistration, &FpDriver.Filter);
    if (!NT_SUCCESS(status)) {
        goto Deleted;
    }
    status = FpPortOpen();
    if (!NT_SUCCESS(status)) {
        goto Unregistered;
    }
    status = FltStartFiltering(FpDriver.Filter);
    if (!NT_SUCCESS(status)) {
        goto Unregistered;
    }
    return STATUS_SUCCESS;

Unregistered:
    FpPortClose();
    FltUnregisterFilter(FpDriver.Filter);
Deleted:
    FpDelete();
    return status;
}
