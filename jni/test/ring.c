/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A minifilter with an event ring for each connection to \Ring, and some that outlive them.
 *
 * The connection context is RING_CONNECT; a client sends RING_REQUEST by FilterSendMessage. Each event starts with its
 * number, counted from 0 in each request, and is filled with the number's low byte. Requests from several threads run at
 * the same time.
 */
#include <fltKernel.h>

#include "ring.h"

typedef struct _RING_CONNECT {
    ULONG DataLength;
    ULONG
    Kept; /* 1 to KEPT: the ring that all connections with this number share, made by the first; 0: one of its own */
} RING_CONNECT;

enum {
    REQUEST_MAP = 1,        /* answer: RING_VIEWS */
    REQUEST_WRITE = 2,      /* Count events of Length bytes; answer: RING_TOLD */
    REQUEST_WRITE_MANY = 3, /* the same, 32 at a time, 8 bytes each */
    REQUEST_LOSE = 4,       /* Count events that could not be made */
    REQUEST_CLOSE = 5,      /* ends the ring */
    REQUEST_QUERY = 6,      /* answer: RING_COUNTERS */
    REQUEST_POKE = 7        /* overwrites the producer's memory at Count with Value: a driver that is broken */
};

typedef struct _RING_REQUEST {
    ULONG Command;
    ULONG Count;
    ULONG Length;
    ULONG Reserved;
    LONG64 Value;
} RING_REQUEST;

typedef struct _RING_TOLD {
    ULONG Written;
    NTSTATUS First; /* failure */
} RING_TOLD;

#define LONGEST 512u
#define BATCH 32u
#define CLIENTS 8u
#define KEPT 4u

typedef struct _CLIENT {
    PFLT_PORT Port;
    RING *Ring;
    RING Own;
    BOOLEAN Used;
} CLIENT;

static PFLT_FILTER Filter;
static PFLT_PORT ServerPort;
static FAST_MUTEX Lock;
static CLIENT Clients[CLIENTS];
static RING Kept[KEPT];
static const UCHAR Zeroes[16 * LONGEST];

DRIVER_INITIALIZE DriverEntry;

static NTSTATUS OpenRing(CLIENT *Client, const RING_CONNECT *Connect) {
    if (Connect->Kept > KEPT) {
        return STATUS_INVALID_PARAMETER;
    }
    Client->Ring = Connect->Kept != 0 ? &Kept[Connect->Kept - 1] : &Client->Own;
    if (Connect->Kept != 0 && Client->Ring->Producer != NULL) {
        return STATUS_SUCCESS;
    }
    return RingInit(Client->Ring, Connect->DataLength);
}

static NTSTATUS FLTAPI OnConnect(PFLT_PORT ClientPort, PVOID ServerCookie, PVOID Context, ULONG ContextLength,
                                 PVOID *Cookie) {
    NTSTATUS Status = STATUS_CONNECTION_COUNT_LIMIT;
    RING_CONNECT Connect; /* a copy, because the context may be at any address */

    UNREFERENCED_PARAMETER(ServerCookie);
    if (Context == NULL || ContextLength != sizeof(Connect)) {
        return STATUS_INVALID_PARAMETER;
    }
    RtlCopyMemory(&Connect, Context, sizeof(Connect));
    ExAcquireFastMutex(&Lock);
    for (ULONG i = 0; i < CLIENTS; i++) {
        if (!Clients[i].Used) {
            Status = OpenRing(&Clients[i], &Connect);
            if (NT_SUCCESS(Status)) {
                Clients[i].Used = TRUE;
                Clients[i].Port = ClientPort;
                *Cookie = &Clients[i];
            }
            break;
        }
    }
    ExReleaseFastMutex(&Lock);
    return Status;
}

/* MessageNotify calls of this connection have ended, so nobody writes into its own ring any more. */
static VOID FLTAPI OnDisconnect(PVOID Cookie) {
    CLIENT *Client = Cookie;

    RingDetach(Client->Ring, &Client->Port);
    FltCloseClientPort(Filter, &Client->Port);
    ExAcquireFastMutex(&Lock);
    if (Client->Ring == &Client->Own) {
        RingFini(&Client->Own);
    }
    Client->Used = FALSE;
    ExReleaseFastMutex(&Lock);
}

static VOID WriteOneByOne(RING *Ring, const RING_REQUEST *Request, RING_TOLD *Told) {
    UCHAR Event[LONGEST];

    for (ULONG i = 0; i < Request->Count; i++) {
        NTSTATUS Status;
        if (Request->Length <= LONGEST) {
            RtlFillMemory(Event, Request->Length, (UCHAR)i);
            RtlCopyMemory(Event, &(ULONG64){i}, sizeof(ULONG64));
            Status = RingWrite(Ring, i & 0xFF, Event, 8, Event + 8, Request->Length - 8);
        } else {
            Status = RingWrite(Ring, i & 0xFF, Zeroes, Request->Length, NULL, 0);
        }
        if (NT_SUCCESS(Status)) {
            Told->Written++;
        } else if (Told->First == STATUS_SUCCESS) {
            Told->First = Status;
        }
    }
}

static VOID WriteBatches(RING *Ring, const RING_REQUEST *Request, RING_TOLD *Told) {
    RING_EVENT Events[BATCH];
    ULONG64 Numbers[BATCH];

    for (ULONG i = 0; i < Request->Count; i += BATCH) {
        ULONG Count = Request->Count - i < BATCH ? Request->Count - i : BATCH;
        ULONG Written;
        for (ULONG j = 0; j < Count; j++) {
            Numbers[j] = i + j;
            Events[j].Kind = (i + j) & 0xFF;
            Events[j].Length = 8;
            Events[j].Payload = &Numbers[j];
        }
        NTSTATUS Status = RingWriteMany(Ring, Events, Count, &Written);
        Told->Written += Written;
        if (Told->First == STATUS_SUCCESS) {
            Told->First = Status;
        }
    }
}

typedef union _ANSWER {
    RING_VIEWS Views;
    RING_TOLD Told;
    RING_COUNTERS Counters;
} ANSWER;

static NTSTATUS Serve(CLIENT *Client, const RING_REQUEST *Request, ANSWER *Answer, ULONG *Length) {
    RING *Ring = Client->Ring;

    *Length = sizeof(Answer->Told);
    switch (Request->Command) {
    case REQUEST_MAP:
        *Length = sizeof(Answer->Views);
        return RingAttach(Ring, Filter, &Client->Port, &Answer->Views);
    case REQUEST_WRITE:
        if (Request->Length < 8 || Request->Length > sizeof(Zeroes)) {
            return STATUS_INVALID_PARAMETER;
        }
        WriteOneByOne(Ring, Request, &Answer->Told);
        return STATUS_SUCCESS;
    case REQUEST_WRITE_MANY:
        WriteBatches(Ring, Request, &Answer->Told);
        return STATUS_SUCCESS;
    case REQUEST_LOSE:
        for (ULONG i = 0; i < Request->Count; i++) {
            RingLose(Ring);
        }
        return STATUS_SUCCESS;
    case REQUEST_CLOSE:
        RingClose(Ring);
        return STATUS_SUCCESS;
    case REQUEST_QUERY:
        *Length = sizeof(Answer->Counters);
        RingQuery(Ring, &Answer->Counters);
        return STATUS_SUCCESS;
    case REQUEST_POKE:
        if (Request->Count > Ring->Producer->DataOffset + Ring->Producer->DataLength - sizeof(LONG64)) {
            return STATUS_INVALID_PARAMETER;
        }
        WriteRelease64((LONG64 *)(PVOID)((UCHAR *)Ring->Producer + Request->Count), Request->Value);
        return STATUS_SUCCESS;
    default:
        return STATUS_INVALID_PARAMETER;
    }
}

static NTSTATUS FLTAPI OnMessage(PVOID Cookie, PVOID Input, ULONG InputLength, PVOID Output, ULONG OutputLength,
                                 PULONG Returned) {
    RING_REQUEST Request;
    ANSWER Answer;
    ULONG Length;

    if (Input == NULL || InputLength != sizeof(Request) || Output == NULL || OutputLength < sizeof(Answer)) {
        return STATUS_INVALID_PARAMETER;
    }
    __try {
        RtlCopyMemory(&Request, Input, sizeof(Request));
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        return STATUS_ACCESS_VIOLATION;
    }
    RtlZeroMemory(&Answer, sizeof(Answer));
    NTSTATUS Status = Serve(Cookie, &Request, &Answer, &Length);
    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    __try {
        RtlCopyMemory(Output, &Answer, Length);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        return STATUS_ACCESS_VIOLATION;
    }
    *Returned = Length;
    return STATUS_SUCCESS;
}

static NTSTATUS FLTAPI Unload(FLT_FILTER_UNLOAD_FLAGS Flags) {
    UNREFERENCED_PARAMETER(Flags);
    FltCloseCommunicationPort(ServerPort);
    FltUnregisterFilter(Filter);
    for (ULONG i = 0; i < KEPT; i++) {
        RingFini(&Kept[i]);
    }
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
    RtlInitUnicodeString(&Name, L"\\Ring");
    InitializeObjectAttributes(&Attributes, &Name, OBJ_KERNEL_HANDLE | OBJ_CASE_INSENSITIVE, NULL, Descriptor);
    Status =
        FltCreateCommunicationPort(Filter, &ServerPort, &Attributes, NULL, OnConnect, OnDisconnect, OnMessage, CLIENTS);
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
