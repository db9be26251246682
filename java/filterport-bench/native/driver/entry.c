/* SPDX-License-Identifier: Apache-2.0 */
#include "bench.h"

enum { RING_BYTES = 1 << 20 };

PFLT_FILTER BenchFilter;
static PFLT_PORT ClientsPort;
static PFLT_PORT ControlPort;

DRIVER_INITIALIZE DriverEntry;

static NTSTATUS FLTAPI ControlConnect(PFLT_PORT ClientPort, PVOID ServerCookie, PVOID Context, ULONG ContextLength,
                                      PVOID *Cookie) {
    static PFLT_PORT Port;

    UNREFERENCED_PARAMETER(ServerCookie);
    UNREFERENCED_PARAMETER(Context);
    UNREFERENCED_PARAMETER(ContextLength);
    Port = ClientPort;
    *Cookie = &Port;
    return STATUS_SUCCESS;
}

static VOID FLTAPI ControlDisconnect(PVOID Cookie) {
    FltCloseClientPort(BenchFilter, (PFLT_PORT *)Cookie);
}

static NTSTATUS FLTAPI ControlMessage(PVOID Cookie, PVOID Input, ULONG InputLength, PVOID Output, ULONG OutputLength,
                                      PULONG Returned) {
    BENCH_RUN Run;
    BENCH_RESULT *Result;
    NTSTATUS Status;

    UNREFERENCED_PARAMETER(Cookie);
    if (Input == NULL || InputLength != sizeof(Run) || Output == NULL || OutputLength < sizeof(*Result)) {
        return STATUS_INVALID_PARAMETER;
    }
    Result = ExAllocatePoolWithTag(NonPagedPoolNx, sizeof(*Result), BENCH_POOL_TAG);
    if (Result == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    RtlZeroMemory(Result, sizeof(*Result));
    __try {
        RtlCopyMemory(&Run, Input, sizeof(Run));
        Status = BenchRun(&Run, Result);
        if (NT_SUCCESS(Status)) {
            RtlCopyMemory(Output, Result, sizeof(*Result));
            *Returned = sizeof(*Result);
        }
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        Status = STATUS_ACCESS_VIOLATION;
    }
    ExFreePoolWithTag(Result, BENCH_POOL_TAG);
    return Status;
}

static NTSTATUS FLTAPI Unload(FLT_FILTER_UNLOAD_FLAGS Flags) {
    UNREFERENCED_PARAMETER(Flags);
    FltCloseCommunicationPort(ControlPort);
    FltCloseCommunicationPort(ClientsPort);
    RingClose(&BenchRing);
    FltUnregisterFilter(BenchFilter);
    RingFini(&BenchRing);
    return STATUS_SUCCESS;
}

static NTSTATUS CreatePort(PCWSTR PortName, PFLT_PORT *Port, PFLT_CONNECT_NOTIFY Connect,
                           PFLT_DISCONNECT_NOTIFY Disconnect, PFLT_MESSAGE_NOTIFY Message, LONG Most) {
    PSECURITY_DESCRIPTOR Descriptor;
    OBJECT_ATTRIBUTES Attributes;
    UNICODE_STRING Name;
    NTSTATUS Status = FltBuildDefaultSecurityDescriptor(&Descriptor, FLT_PORT_ALL_ACCESS);

    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    RtlInitUnicodeString(&Name, PortName);
    InitializeObjectAttributes(&Attributes, &Name, OBJ_KERNEL_HANDLE | OBJ_CASE_INSENSITIVE, NULL, Descriptor);
    Status = FltCreateCommunicationPort(BenchFilter, Port, &Attributes, NULL, Connect, Disconnect, Message, Most);
    FltFreeSecurityDescriptor(Descriptor);
    return Status;
}

static NTSTATUS CreatePorts(VOID) {
    NTSTATUS Status = CreatePort(L"\\Bench", &ClientsPort, BenchClientConnect, BenchClientDisconnect,
                                 BenchClientMessage, BENCH_CLIENTS);

    if (NT_SUCCESS(Status)) {
        Status = CreatePort(L"\\BenchControl", &ControlPort, ControlConnect, ControlDisconnect, ControlMessage, 1);
        if (!NT_SUCCESS(Status)) {
            FltCloseCommunicationPort(ClientsPort);
        }
    }
    return Status;
}

NTSTATUS DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath) {
    static const FLT_OPERATION_REGISTRATION NoOperations[] = {{.MajorFunction = IRP_MJ_OPERATION_END}};
    FLT_REGISTRATION Registration = {.Size = sizeof(Registration),
                                     .Version = FLT_REGISTRATION_VERSION,
                                     .OperationRegistration = NoOperations,
                                     .FilterUnloadCallback = Unload};
    NTSTATUS Status;

    UNREFERENCED_PARAMETER(RegistryPath);
    Status = RingInit(&BenchRing, RING_BYTES);
    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    Status = FltRegisterFilter(DriverObject, &Registration, &BenchFilter);
    if (!NT_SUCCESS(Status)) {
        RingFini(&BenchRing);
        return Status;
    }
    Status = CreatePorts();
    if (NT_SUCCESS(Status)) {
        Status = FltStartFiltering(BenchFilter);
        if (!NT_SUCCESS(Status)) {
            FltCloseCommunicationPort(ControlPort);
            FltCloseCommunicationPort(ClientsPort);
        }
    }
    if (!NT_SUCCESS(Status)) {
        FltUnregisterFilter(BenchFilter);
        RingFini(&BenchRing);
    }
    return Status;
}
