/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A gate that does what the file's name says, for tests of volumes:
 *
 *   deny…     post-create cancels the open        refuse…   pre-create completes it with STATUS_ACCESS_DENIED
 *   stuck…    keeps its worker for three seconds  ask…      asks the client: 'A' allows, anything else denies
 *   leak…     forgets a pool allocation           noread…   may be opened but not read
 *   others    denied if their content begins with "Bad"
 *
 * The process that is connected to \GateTest is exempt, known by its process object.
 */
#include <fltKernel.h>

enum { tag = 0x54746147, stuck_for = 30000000, ask_for = 200000000 };

static PFLT_FILTER filter;
static PFLT_PORT server;
static EX_PUSH_LOCK lock;
static PFLT_PORT client;         /* lock */
static PEPROCESS client_process; /* lock */
static KEVENT unloading;

static BOOLEAN begins(PCUNICODE_STRING name, PCWSTR text) {
    UNICODE_STRING prefix;
    RtlInitUnicodeString(&prefix, text);
    return RtlPrefixUnicodeString(&prefix, name, TRUE);
}

static BOOLEAN is_exempt(PFLT_CALLBACK_DATA data) {
    FltAcquirePushLockShared(&lock);
    BOOLEAN exempt = client_process != NULL && FltGetRequestorProcess(data) == client_process;
    FltReleasePushLock(&lock);
    return exempt;
}

static BOOLEAN ask(VOID) {
    CHAR question = '?';
    struct {
        UCHAR verdict;
    } reply = {0};
    ULONG length = sizeof(reply);
    LARGE_INTEGER timeout = {.QuadPart = -ask_for};
    return FltSendMessage(filter, &client, &question, sizeof(question), &reply, &length, &timeout) == STATUS_SUCCESS &&
           reply.verdict == 'A';
}

static FLT_PREOP_CALLBACK_STATUS FLTAPI pre_create(PFLT_CALLBACK_DATA Data, PCFLT_RELATED_OBJECTS FltObjects,
                                                   PVOID *CompletionContext) {
    UNREFERENCED_PARAMETER(FltObjects);
    PFLT_FILE_NAME_INFORMATION name;
    FLT_PREOP_CALLBACK_STATUS result = FLT_PREOP_SUCCESS_WITH_CALLBACK;
    *CompletionContext = NULL;
    if (is_exempt(Data)) {
        return FLT_PREOP_SUCCESS_NO_CALLBACK;
    }
    if (NT_SUCCESS(FltGetFileNameInformation(Data, FLT_FILE_NAME_OPENED | FLT_FILE_NAME_QUERY_DEFAULT, &name))) {
        if (NT_SUCCESS(FltParseFileNameInformation(name)) && begins(&name->FinalComponent, L"refuse")) {
            Data->IoStatus.Status = STATUS_ACCESS_DENIED;
            Data->IoStatus.Information = 0;
            result = FLT_PREOP_COMPLETE;
        }
        FltReleaseFileNameInformation(name);
    }
    return result;
}

static BOOLEAN allowed(PFLT_CALLBACK_DATA data, PCFLT_RELATED_OBJECTS objects, PCUNICODE_STRING name) {
    UNREFERENCED_PARAMETER(data);
    if (begins(name, L"deny")) {
        return FALSE;
    }
    if (begins(name, L"ask")) {
        return ask();
    }
    if (begins(name, L"stuck")) {
        LARGE_INTEGER limit = {.QuadPart = -stuck_for};
        (VOID) KeWaitForSingleObject(&unloading, Executive, KernelMode, FALSE, &limit);
        return TRUE;
    }
    if (begins(name, L"leak")) {
        return ExAllocatePool2(POOL_FLAG_PAGED, 10, tag) != NULL;
    }
    CHAR content[3] = {0};
    ULONG length = 0;
    LARGE_INTEGER offset = {.QuadPart = 0};
    NTSTATUS status =
        FltReadFile(objects->Instance, objects->FileObject, &offset, sizeof(content), content, 0, &length, NULL, NULL);
    return !NT_SUCCESS(status) || length != sizeof(content) || !RtlEqualMemory(content, "Bad", sizeof(content));
}

static FLT_POSTOP_CALLBACK_STATUS FLTAPI post_create(PFLT_CALLBACK_DATA Data, PCFLT_RELATED_OBJECTS FltObjects,
                                                     PVOID CompletionContext, FLT_POST_OPERATION_FLAGS Flags) {
    UNREFERENCED_PARAMETER(CompletionContext);
    PFLT_FILE_NAME_INFORMATION name;
    if (!NT_SUCCESS(Data->IoStatus.Status) || FlagOn(Flags, FLTFL_POST_OPERATION_DRAINING) ||
        !NT_SUCCESS(FltGetFileNameInformation(Data, FLT_FILE_NAME_NORMALIZED | FLT_FILE_NAME_QUERY_DEFAULT, &name))) {
        return FLT_POSTOP_FINISHED_PROCESSING;
    }
    if (NT_SUCCESS(FltParseFileNameInformation(name)) && !allowed(Data, FltObjects, &name->FinalComponent)) {
        FltCancelFileOpen(FltObjects->Instance, FltObjects->FileObject);
        Data->IoStatus.Status = STATUS_ACCESS_DENIED;
        Data->IoStatus.Information = 0;
    }
    FltReleaseFileNameInformation(name);
    return FLT_POSTOP_FINISHED_PROCESSING;
}

static FLT_PREOP_CALLBACK_STATUS FLTAPI pre_read(PFLT_CALLBACK_DATA Data, PCFLT_RELATED_OBJECTS FltObjects,
                                                 PVOID *CompletionContext) {
    UNREFERENCED_PARAMETER(FltObjects);
    PFLT_FILE_NAME_INFORMATION name;
    FLT_PREOP_CALLBACK_STATUS result = FLT_PREOP_SUCCESS_NO_CALLBACK;
    *CompletionContext = NULL;
    if (NT_SUCCESS(FltGetFileNameInformation(Data, FLT_FILE_NAME_OPENED | FLT_FILE_NAME_QUERY_DEFAULT, &name))) {
        if (NT_SUCCESS(FltParseFileNameInformation(name)) && begins(&name->FinalComponent, L"noread")) {
            Data->IoStatus.Status = STATUS_ACCESS_DENIED;
            result = FLT_PREOP_COMPLETE;
        }
        FltReleaseFileNameInformation(name);
    }
    return result;
}

static FLT_PREOP_CALLBACK_STATUS FLTAPI pre_cleanup(PFLT_CALLBACK_DATA Data, PCFLT_RELATED_OBJECTS FltObjects,
                                                    PVOID *CompletionContext) {
    *CompletionContext = NULL;
    DbgPrint("cleanup by %u%s", FltGetRequestorProcessId(Data),
             FlagOn(FltObjects->FileObject->Flags, FO_FILE_MODIFIED) ? ", modified" : "");
    return FLT_PREOP_SUCCESS_NO_CALLBACK;
}

static NTSTATUS FLTAPI connect(PFLT_PORT ClientPort, PVOID ServerPortCookie, PVOID ConnectionContext,
                               ULONG SizeOfContext, PVOID *ConnectionPortCookie) {
    UNREFERENCED_PARAMETER(ServerPortCookie);
    UNREFERENCED_PARAMETER(ConnectionContext);
    UNREFERENCED_PARAMETER(SizeOfContext);
    *ConnectionPortCookie = NULL;
    FltAcquirePushLockExclusive(&lock);
    client = ClientPort;
    client_process = PsGetCurrentProcess();
    ObReferenceObject(client_process);
    FltReleasePushLock(&lock);
    return STATUS_SUCCESS;
}

static VOID FLTAPI disconnect(PVOID ConnectionCookie) {
    UNREFERENCED_PARAMETER(ConnectionCookie);
    FltAcquirePushLockExclusive(&lock);
    ObDereferenceObject(client_process);
    client_process = NULL;
    FltReleasePushLock(&lock);
    FltCloseClientPort(filter, &client);
}

static NTSTATUS open_port(VOID) {
    UNICODE_STRING name = RTL_CONSTANT_STRING(L"\\GateTest");
    PSECURITY_DESCRIPTOR descriptor;
    OBJECT_ATTRIBUTES attributes;
    NTSTATUS status = FltBuildDefaultSecurityDescriptor(&descriptor, FLT_PORT_ALL_ACCESS);
    if (NT_SUCCESS(status)) {
        InitializeObjectAttributes(&attributes, &name, OBJ_KERNEL_HANDLE | OBJ_CASE_INSENSITIVE, NULL, descriptor);
        status = FltCreateCommunicationPort(filter, &server, &attributes, NULL, connect, disconnect, NULL, 1);
        FltFreeSecurityDescriptor(descriptor);
    }
    return status;
}

static NTSTATUS FLTAPI unload(FLT_FILTER_UNLOAD_FLAGS Flags) {
    UNREFERENCED_PARAMETER(Flags);
    KeSetEvent(&unloading, 0, FALSE);
    FltCloseCommunicationPort(server);
    FltUnregisterFilter(filter);
    FltDeletePushLock(&lock);
    return STATUS_SUCCESS;
}

static const FLT_OPERATION_REGISTRATION operations[] = {
    {IRP_MJ_CREATE, 0, pre_create, post_create, NULL},
    {IRP_MJ_READ, 0, pre_read, NULL, NULL},
    {IRP_MJ_CLEANUP, 0, pre_cleanup, NULL, NULL},
    {IRP_MJ_OPERATION_END, 0, NULL, NULL, NULL},
};

static const FLT_REGISTRATION registration = {
    .Size = sizeof(FLT_REGISTRATION),
    .Version = FLT_REGISTRATION_VERSION,
    .OperationRegistration = operations,
    .FilterUnloadCallback = unload,
};

NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath) {
    UNREFERENCED_PARAMETER(RegistryPath);
    KeInitializeEvent(&unloading, NotificationEvent, FALSE);
    FltInitializePushLock(&lock);
    NTSTATUS status = FltRegisterFilter(DriverObject, &registration, &filter);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    status = open_port();
    if (NT_SUCCESS(status)) {
        status = FltStartFiltering(filter);
        if (!NT_SUCCESS(status)) {
            FltCloseCommunicationPort(server);
        }
    }
    if (!NT_SUCCESS(status)) {
        FltUnregisterFilter(filter);
    }
    return status;
}
