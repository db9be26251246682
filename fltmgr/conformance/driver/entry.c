/* SPDX-License-Identifier: Apache-2.0 */
#include "conformance.h"

CF_STATE State;

DRIVER_INITIALIZE DriverEntry;

static NTSTATUS FLTAPI Unload(FLT_FILTER_UNLOAD_FLAGS Flags);

static const FLT_OPERATION_REGISTRATION NoOperations[] = {{.MajorFunction = IRP_MJ_OPERATION_END}};

static NTSTATUS Register(ULONG Flags) {
    FLT_REGISTRATION Registration;
    NTSTATUS Status;

    RtlZeroMemory(&Registration, sizeof(Registration));
    Registration.Size = sizeof(Registration);
    Registration.Version = FLT_REGISTRATION_VERSION;
    Registration.OperationRegistration = NoOperations;
    if (Flags & CONFORMANCE_REGISTER_NO_SERVICE_STOP) {
        Registration.Flags = FLTFL_REGISTRATION_DO_NOT_SUPPORT_SERVICE_STOP;
    }
    if (!(Flags & CONFORMANCE_REGISTER_NO_UNLOAD)) {
        Registration.FilterUnloadCallback = Unload;
    }
    Status = FltRegisterFilter(State.DriverObject, &Registration, &State.Filter);
    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    CfLock();
    State.Registrations++;
    CfUnlock();
    Status = CfCreateControlPort();
    if (NT_SUCCESS(Status) && !(Flags & CONFORMANCE_REGISTER_NO_START)) {
        Status = FltStartFiltering(State.Filter);
    }
    if (!NT_SUCCESS(Status)) {
        CfCloseControlPort();
        FltUnregisterFilter(State.Filter);
        State.Filter = NULL;
    }
    return Status;
}

NTSTATUS CfStartThread(PKSTART_ROUTINE Routine, PVOID Context, PVOID *Thread) {
    HANDLE Handle;
    NTSTATUS Status = PsCreateSystemThread(&Handle, THREAD_ALL_ACCESS, NULL, NULL, NULL, Routine, Context);

    if (NT_SUCCESS(Status)) {
        Status = ObReferenceObjectByHandle(Handle, SYNCHRONIZE, NULL, KernelMode, Thread, NULL);
        ZwClose(Handle);
    }
    return Status;
}

VOID CfJoin(PVOID *Thread) {
    if (*Thread != NULL) {
        KeWaitForSingleObject(*Thread, Executive, KernelMode, FALSE, NULL);
        ObDereferenceObject(*Thread);
        *Thread = NULL;
    }
}

static VOID FreeState(VOID) {
    if (State.SharedDescriptor != NULL) {
        FltFreeSecurityDescriptor(State.SharedDescriptor);
        State.SharedDescriptor = NULL;
    }
    if (State.Events != NULL) {
        ExFreePoolWithTag(State.Events, CF_POOL_TAG);
        State.Events = NULL;
    }
}

static VOID SayFarewell(const CONFORMANCE_UNLOAD *Plan) {
    if (Plan->Sender == CONFORMANCE_NONE) {
        return;
    }
    CfRunSender(Plan->Sender, CONFORMANCE_NONE);
    if (Plan->EchoSender != CONFORMANCE_NONE) {
        CfCopyReplyToMessage(Plan->Sender, Plan->EchoSender);
        CfRunSender(Plan->EchoSender, CONFORMANCE_NONE);
    }
}

static NTSTATUS FLTAPI Unload(FLT_FILTER_UNLOAD_FLAGS Flags) {
    CONFORMANCE_UNLOAD Plan;

    CfLock();
    Plan = State.Unload;
    CfUnlock();
    if (Plan.Refuse != STATUS_SUCCESS && !(Flags & FLTFL_FILTER_UNLOAD_MANDATORY)) {
        return Plan.Refuse;
    }
    CfJoin(&State.RegisterThread);
    SayFarewell(&Plan);
    CfOpenAllGates();
    CfCloseAllPorts();
    CfCloseControlPort();
    FltUnregisterFilter(State.Filter);
    CfReleaseAllSenders(CF_PATIENCE_MILLISECONDS);
    FreeState();
    return STATUS_SUCCESS;
}

static BOOLEAN IsUnregistered(const VOID *Context) {
    UNREFERENCED_PARAMETER(Context);
    return State.Unregistered;
}

/* The unregister must not end while this one holds gates or ports; what came first is in the journal. */
static VOID LetGoThread(PVOID Context) {
    UNREFERENCED_PARAMETER(Context);
    CfWait(IsUnregistered, NULL, State.Register.GateMilliseconds);
    CfOpenAllGates();
    CfCloseAllPorts();
    PsTerminateSystemThread(STATUS_SUCCESS);
}

static VOID RegisterThread(PVOID Context) {
    PVOID LetGo = NULL;
    NTSTATUS Status;

    UNREFERENCED_PARAMETER(Context);
    CfNote(CONFORMANCE_EVENT_UNREGISTER, CONFORMANCE_NONE, CONFORMANCE_NONE, STATUS_SUCCESS);
    CfCloseControlPort();
    if (!(State.Register.Flags & CONFORMANCE_REGISTER_KEEP_PORTS)) {
        CfCloseAllPorts();
    }
    Status = CfStartThread(LetGoThread, NULL, &LetGo);
    FltUnregisterFilter(State.Filter);
    CfNote(CONFORMANCE_EVENT_UNREGISTER_END, CONFORMANCE_NONE, CONFORMANCE_NONE, Status);
    CfLock();
    State.Unregistered = TRUE;
    CfUnlockChanged();
    CfJoin(&LetGo);
    Register(State.Register.Flags);
    PsTerminateSystemThread(STATUS_SUCCESS);
}

NTSTATUS CfReregister(const CONFORMANCE_REGISTER *Options) {
    CfJoin(&State.RegisterThread);
    State.Register = *Options;
    State.Unregistered = FALSE;
    return CfStartThread(RegisterThread, NULL, &State.RegisterThread);
}

NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath) {
    NTSTATUS Status;

    UNREFERENCED_PARAMETER(RegistryPath);
    RtlZeroMemory(&State, sizeof(State));
    State.DriverObject = DriverObject;
    State.Unload.Sender = CONFORMANCE_NONE;
    State.Unload.EchoSender = CONFORMANCE_NONE;
    ExInitializeFastMutex(&State.Lock);
    InitializeListHead(&State.Waiters);
    CfInitializePorts();
    State.Events =
        ExAllocatePoolWithTag(NonPagedPoolNx, CONFORMANCE_MAX_EVENTS * sizeof(CONFORMANCE_EVENT), CF_POOL_TAG);
    if (State.Events == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    Status = FltBuildDefaultSecurityDescriptor(&State.SharedDescriptor, FLT_PORT_ALL_ACCESS);
    if (NT_SUCCESS(Status)) {
        Status = Register(0);
    }
    if (!NT_SUCCESS(Status)) {
        FreeState();
    }
    return Status;
}
