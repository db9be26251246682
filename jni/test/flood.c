/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A minifilter that sends as many messages as it is told to. Its port is \Flood.
 *
 * A client sends FLOOD_REQUEST by FilterSendMessage; the driver sends Count messages on that client's connection, one
 * after the other, from the callback, and answers with FLOOD_ANSWER. Each message starts with its number; a reply is
 * right if it starts with the number's complement. Requests from several threads run at the same time.
 */
#include <fltKernel.h>

typedef struct _FLOOD_REQUEST {
    ULONG Count;
    ULONG Length;       /* bytes of each message, 8 to FLOOD_MAX */
    ULONG Capacity;     /* for the reply; 0: none is wanted */
    ULONG Milliseconds; /* time limit of each message; 0: none */
} FLOOD_REQUEST;

typedef struct _FLOOD_ANSWER {
    ULONG Sent;  /* FltSendMessage returned STATUS_SUCCESS */
    ULONG Right; /* and the reply was the right one, or none was wanted */
    ULONG TimedOut;
    NTSTATUS Last; /* the first status that was neither; it ends the flood */
} FLOOD_ANSWER;

#define FLOOD_MAX 512u
#define FLOOD_CLIENTS 8u

typedef struct _FLOOD_CLIENT {
    PFLT_PORT Port;
    BOOLEAN Used;
} FLOOD_CLIENT;

static PFLT_FILTER Filter;
static PFLT_PORT ServerPort;
static FAST_MUTEX Lock;
static FLOOD_CLIENT Clients[FLOOD_CLIENTS];

DRIVER_INITIALIZE DriverEntry;

static NTSTATUS FLTAPI OnConnect(PFLT_PORT ClientPort, PVOID ServerCookie, PVOID Context, ULONG ContextLength,
                                 PVOID *Cookie) {
    NTSTATUS Status = STATUS_CONNECTION_COUNT_LIMIT;

    UNREFERENCED_PARAMETER(ServerCookie);
    UNREFERENCED_PARAMETER(Context);
    UNREFERENCED_PARAMETER(ContextLength);
    ExAcquireFastMutex(&Lock);
    for (ULONG i = 0; i < FLOOD_CLIENTS; i++) {
        if (!Clients[i].Used) {
            Clients[i].Used = TRUE;
            Clients[i].Port = ClientPort;
            *Cookie = &Clients[i];
            Status = STATUS_SUCCESS;
            break;
        }
    }
    ExReleaseFastMutex(&Lock);
    return Status;
}

static VOID FLTAPI OnDisconnect(PVOID Cookie) {
    FLOOD_CLIENT *Client = Cookie;

    FltCloseClientPort(Filter, &Client->Port);
    ExAcquireFastMutex(&Lock);
    Client->Used = FALSE;
    ExReleaseFastMutex(&Lock);
}

static NTSTATUS SendOne(FLOOD_CLIENT *Client, const FLOOD_REQUEST *Request, ULONG Number, FLOOD_ANSWER *Answer) {
    ULONG Message[FLOOD_MAX / sizeof(ULONG)];
    ULONG Reply[FLOOD_MAX / sizeof(ULONG)];
    ULONG ReplyLength = Request->Capacity;
    LARGE_INTEGER Timeout = {.QuadPart = -10000LL * Request->Milliseconds};
    NTSTATUS Status;

    Message[0] = Number;
    Message[1] = ~Number;
    Reply[0] = 0;
    Status = FltSendMessage(Filter, &Client->Port, Message, Request->Length, Request->Capacity != 0 ? Reply : NULL,
                            Request->Capacity != 0 ? &ReplyLength : NULL, Request->Milliseconds != 0 ? &Timeout : NULL);
    if (Status == STATUS_TIMEOUT) {
        Answer->TimedOut++;
        return STATUS_SUCCESS;
    }
    if (Status == STATUS_SUCCESS) {
        Answer->Sent++;
        if (Request->Capacity == 0 || (ReplyLength >= sizeof(ULONG) && Reply[0] == ~Number)) {
            Answer->Right++;
        }
    }
    return Status;
}

static NTSTATUS FLTAPI OnMessage(PVOID Cookie, PVOID Input, ULONG InputLength, PVOID Output, ULONG OutputLength,
                                 PULONG Returned) {
    FLOOD_REQUEST Request;
    FLOOD_ANSWER Answer = {0};

    if (Input == NULL || InputLength != sizeof(Request) || Output == NULL || OutputLength < sizeof(Answer)) {
        return STATUS_INVALID_PARAMETER;
    }
    __try {
        RtlCopyMemory(&Request, Input, sizeof(Request));
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        return STATUS_ACCESS_VIOLATION;
    }
    if (Request.Length < 8 || Request.Length > FLOOD_MAX || Request.Capacity > FLOOD_MAX) {
        return STATUS_INVALID_PARAMETER;
    }
    for (ULONG i = 0; i < Request.Count && Answer.Last == STATUS_SUCCESS; i++) {
        Answer.Last = SendOne(Cookie, &Request, i, &Answer);
    }
    __try {
        RtlCopyMemory(Output, &Answer, sizeof(Answer));
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        return STATUS_ACCESS_VIOLATION;
    }
    *Returned = sizeof(Answer);
    return STATUS_SUCCESS;
}

static NTSTATUS FLTAPI Unload(FLT_FILTER_UNLOAD_FLAGS Flags) {
    UNREFERENCED_PARAMETER(Flags);
    FltCloseCommunicationPort(ServerPort);
    FltUnregisterFilter(Filter);
    return STATUS_SUCCESS;
}

static NTSTATUS CreatePort(VOID) {
    PSECURITY_DESCRIPTOR Descriptor;
    OBJECT_ATTRIBUTES Attributes;
    UNICODE_STRING Name;
    NTSTATUS Status = FltBuildDefaultSecurityDescriptor(&Descriptor, FLT_PORT_ALL_ACCESS);

    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    RtlInitUnicodeString(&Name, L"\\Flood");
    InitializeObjectAttributes(&Attributes, &Name, OBJ_KERNEL_HANDLE | OBJ_CASE_INSENSITIVE, NULL, Descriptor);
    Status = FltCreateCommunicationPort(Filter, &ServerPort, &Attributes, NULL, OnConnect, OnDisconnect, OnMessage,
                                        FLOOD_CLIENTS);
    FltFreeSecurityDescriptor(Descriptor);
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
    ExInitializeFastMutex(&Lock);
    Status = FltRegisterFilter(DriverObject, &Registration, &Filter);
    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    Status = CreatePort();
    if (NT_SUCCESS(Status)) {
        Status = FltStartFiltering(Filter);
        if (!NT_SUCCESS(Status)) {
            FltCloseCommunicationPort(ServerPort);
        }
    }
    if (!NT_SUCCESS(Status)) {
        FltUnregisterFilter(Filter);
    }
    return Status;
}
