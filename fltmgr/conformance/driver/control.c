/* SPDX-License-Identifier: Apache-2.0 */
#include "conformance.h"

#define MAX_CONTROL_CLIENTS 64

static PFLT_PORT ControlPort;
static PFLT_PORT ControlClients[MAX_CONTROL_CLIENTS];

/* One command being answered. Extra is the room behind the answer. */
typedef struct _CF_CALL {
    const CONFORMANCE_REQUEST *Request;
    CONFORMANCE_ANSWER Answer;
    PUCHAR Extra;
    ULONG ExtraCapacity;
    ULONG ExtraLength;
} CF_CALL;

static VOID Append(CF_CALL *Call, const VOID *Data, ULONG Length) {
    if (Length > Call->ExtraCapacity - Call->ExtraLength) {
        Call->Answer.Status = STATUS_BUFFER_TOO_SMALL;
        return;
    }
    RtlCopyMemory(Call->Extra + Call->ExtraLength, Data, Length);
    Call->ExtraLength += Length;
}

static ULONG Patience(const CF_CALL *Call) {
    ULONG Milliseconds = Call->Request->Body.Select.Milliseconds;
    return Milliseconds != 0 ? Milliseconds : CF_PATIENCE_MILLISECONDS;
}

static VOID Hello(CF_CALL *Call) {
    Call->Answer.Value = CONFORMANCE_VERSION;
    CfLock();
    Call->Answer.Number = State.Registrations;
    CfUnlock();
}

static VOID Reset(CF_CALL *Call) {
    CfOpenAllGates();
    CfCloseAllPorts();
    CfCloseAllClients();
    Call->Answer.Value = CfReleaseAllSenders(CF_PATIENCE_MILLISECONDS);
    if (!CfWait(CfCallbacksIdle, NULL, CF_PATIENCE_MILLISECONDS)) {
        Call->Answer.Status = STATUS_IO_TIMEOUT;
    }
    CfForgetPorts();
    CfLock();
    Call->Answer.Number = CfConnectedClients();
    State.EventCount = 0;
    State.Unload.Refuse = STATUS_SUCCESS;
    State.Unload.Sender = CONFORMANCE_NONE;
    State.Unload.EchoSender = CONFORMANCE_NONE;
    CfUnlock();
}

static VOID CreatePort(CF_CALL *Call) {
    PFLT_PORT ServerPort;

    Call->Answer.Status = CfCreatePort(&Call->Request->Body.Port, &Call->Answer.Value, &ServerPort);
    Call->Answer.Number = (ULONGLONG)(ULONG_PTR)ServerPort;
}

static VOID ClosePort(CF_CALL *Call) {
    Call->Answer.Status = CfClosePort(Call->Request->Target);
}

static VOID HookConnect(CF_CALL *Call) {
    Call->Answer.Status = CfSetHook(Call->Request->Target, CONFORMANCE_CALLBACK_CONNECT, &Call->Request->Body.Hook);
}

static VOID HookDisconnect(CF_CALL *Call) {
    Call->Answer.Status = CfSetHook(Call->Request->Target, CONFORMANCE_CALLBACK_DISCONNECT, &Call->Request->Body.Hook);
}

static VOID HookMessage(CF_CALL *Call) {
    Call->Answer.Status = CfSetHook(Call->Request->Target, CONFORMANCE_CALLBACK_MESSAGE, &Call->Request->Body.Hook);
}

static VOID OpenGate(CF_CALL *Call) {
    ULONG Callback = Call->Request->Body.Select.Kind;

    if (Call->Request->Target >= CONFORMANCE_MAX_PORTS || Callback >= CONFORMANCE_CALLBACK_COUNT) {
        Call->Answer.Status = STATUS_INVALID_PARAMETER;
        return;
    }
    CfOpenGate(Call->Request->Target, Callback);
}

static VOID QueryCounters(CF_CALL *Call) {
    ULONG Target = Call->Request->Target;
    CONFORMANCE_COUNTERS Counters;

    RtlZeroMemory(&Counters, sizeof(Counters));
    CfLock();
    for (ULONG i = 0; i < CONFORMANCE_MAX_PORTS; i++) {
        for (ULONG k = 0; k < CONFORMANCE_COUNTER_COUNT && (Target == i || Target == CONFORMANCE_NONE); k++) {
            Counters.Values[k] += State.Ports[i].Counters[k];
        }
    }
    Counters.Clients = CfConnectedClients();
    Counters.Events = State.EventCount;
    Counters.NewestClient = Target < CONFORMANCE_MAX_PORTS ? State.Ports[Target].NewestClient : CONFORMANCE_NONE;
    CfUnlock();
    Append(Call, &Counters, sizeof(Counters));
}

static BOOLEAN CounterReached(const VOID *Context) {
    const CONFORMANCE_REQUEST *Request = ((const CF_CALL *)Context)->Request;
    return State.Ports[Request->Target].Counters[Request->Body.Select.Kind] >= Request->Body.Select.Count;
}

static VOID WaitCounter(CF_CALL *Call) {
    const CONFORMANCE_REQUEST *Request = Call->Request;

    if (Request->Target >= CONFORMANCE_MAX_PORTS || Request->Body.Select.Kind >= CONFORMANCE_COUNTER_COUNT) {
        Call->Answer.Status = STATUS_INVALID_PARAMETER;
        return;
    }
    if (!CfWait(CounterReached, Call, Patience(Call))) {
        Call->Answer.Status = STATUS_IO_TIMEOUT;
    }
    CfLock();
    Call->Answer.Value = State.Ports[Request->Target].Counters[Request->Body.Select.Kind];
    CfUnlock();
}

static VOID QueryEvent(CF_CALL *Call) {
    CfLock();
    if (Call->Request->Target >= State.EventCount) {
        Call->Answer.Status = STATUS_NO_MORE_ENTRIES;
    } else {
        Append(Call, &State.Events[Call->Request->Target], sizeof(CONFORMANCE_EVENT));
    }
    CfUnlock();
}

static VOID StartSenders(CF_CALL *Call) {
    Call->Answer.Status = CfReserveSenders(&Call->Request->Body.Send, &Call->Answer.Value);
}

static ULONG SendersThere(const CONFORMANCE_REQUEST *Request) {
    return CfSendersInState(Request->Target, Request->Body.Select.Count, Request->Body.Select.Kind);
}

static BOOLEAN AllSendersThere(const VOID *Context) {
    const CONFORMANCE_REQUEST *Request = ((const CF_CALL *)Context)->Request;
    return SendersThere(Request) == Request->Body.Select.Count;
}

static BOOLEAN AnySenderThere(const VOID *Context) {
    return SendersThere(((const CF_CALL *)Context)->Request) != 0;
}

static VOID WaitForSenders(CF_CALL *Call, CF_CONDITION *Condition) {
    ULONG Target = Call->Request->Target;

    if (Target >= CONFORMANCE_MAX_SENDERS || Call->Request->Body.Select.Count > CONFORMANCE_MAX_SENDERS - Target) {
        Call->Answer.Status = STATUS_INVALID_PARAMETER;
        return;
    }
    if (!CfWait(Condition, Call, Patience(Call))) {
        Call->Answer.Status = STATUS_IO_TIMEOUT;
    }
    CfLock();
    Call->Answer.Value = SendersThere(Call->Request);
    CfUnlock();
}

static VOID WaitSenders(CF_CALL *Call) {
    WaitForSenders(Call, AllSendersThere);
}

static VOID WaitAnySender(CF_CALL *Call) {
    WaitForSenders(Call, AnySenderThere);
}

static VOID QuerySender(CF_CALL *Call) {
    ULONG Target = Call->Request->Target;
    CONFORMANCE_SENDER Result;

    if (Target >= CONFORMANCE_MAX_SENDERS) {
        Call->Answer.Status = STATUS_INVALID_PARAMETER;
        return;
    }
    CfLock();
    Result = State.Senders[Target].Result;
    Result.State = State.Senders[Target].State;
    Result.Capacity = State.Senders[Target].Send.Capacity;
    CfUnlock();
    Append(Call, &Result, sizeof(Result));
    if (Result.State == CONFORMANCE_SENDER_RETURNED) {
        Call->ExtraLength +=
            CfReadReply(Target, Call->Extra + Call->ExtraLength, Call->ExtraCapacity - Call->ExtraLength);
    }
}

static VOID ReleaseSenders(CF_CALL *Call) {
    Call->Answer.Status = CfReleaseSenders(Call->Request->Target, Call->Request->Body.Select.Count);
}

static VOID CloseClient(CF_CALL *Call) {
    PFLT_PORT Afterwards = NULL;

    Call->Answer.Status = CfCloseClient(Call->Request->Target, &Afterwards);
    Call->Answer.Number = (ULONGLONG)(ULONG_PTR)Afterwards;
}

static VOID QueryClient(CF_CALL *Call) {
    CONFORMANCE_CLIENT Result;
    const CF_CLIENT *Client = &State.Clients[Call->Request->Target];

    if (Call->Request->Target >= CONFORMANCE_MAX_CLIENTS) {
        Call->Answer.Status = STATUS_INVALID_PARAMETER;
        return;
    }
    CfLock();
    Result.Port = Client->Port;
    Result.Connected = Client->Connected;
    Result.ClientPort = (ULONGLONG)(ULONG_PTR)Client->ClientPort;
    Result.Cookie = Client->NullCookie ? 0 : (ULONGLONG)(ULONG_PTR)Client;
    CfUnlock();
    Append(Call, &Result, sizeof(Result));
}

static VOID BuildDescriptor(CF_CALL *Call) {
    PSECURITY_DESCRIPTOR Descriptor = NULL;

    Call->Answer.Status = FltBuildDefaultSecurityDescriptor(&Descriptor, Call->Request->Body.Descriptor.Access);
    Call->Answer.Value = Descriptor != NULL;
    if (NT_SUCCESS(Call->Answer.Status)) {
        FltFreeSecurityDescriptor(Descriptor);
    }
}

static VOID QueryConstants(CF_CALL *Call) {
    CONFORMANCE_CONSTANTS Constants = {.PortConnect = FLT_PORT_CONNECT,
                                       .PortAllAccess = FLT_PORT_ALL_ACCESS,
                                       .MessageHeaderSize = sizeof(FILTER_MESSAGE_HEADER),
                                       .ReplyHeaderSize = sizeof(FILTER_REPLY_HEADER)};
    LARGE_INTEGER Now;

    KeQuerySystemTime(&Now);
    Constants.SystemTime = (ULONGLONG)Now.QuadPart;
    Append(Call, &Constants, sizeof(Constants));
}

static VOID Reregister(CF_CALL *Call) {
    Call->Answer.Status = CfReregister(&Call->Request->Body.Register);
}

static VOID StartFiltering(CF_CALL *Call) {
    Call->Answer.Status = FltStartFiltering(State.Filter);
}

static VOID PlanUnload(CF_CALL *Call) {
    CfLock();
    State.Unload = Call->Request->Body.Unload;
    CfUnlock();
}

typedef VOID CF_COMMAND(CF_CALL *Call);

static CF_COMMAND *const Commands[CONFORMANCE_COMMAND_COUNT] = {
    [CONFORMANCE_HELLO] = Hello,
    [CONFORMANCE_RESET] = Reset,
    [CONFORMANCE_CREATE_PORT] = CreatePort,
    [CONFORMANCE_CLOSE_PORT] = ClosePort,
    [CONFORMANCE_HOOK_CONNECT] = HookConnect,
    [CONFORMANCE_HOOK_DISCONNECT] = HookDisconnect,
    [CONFORMANCE_HOOK_MESSAGE] = HookMessage,
    [CONFORMANCE_OPEN_GATE] = OpenGate,
    [CONFORMANCE_QUERY_COUNTERS] = QueryCounters,
    [CONFORMANCE_WAIT_COUNTER] = WaitCounter,
    [CONFORMANCE_QUERY_EVENT] = QueryEvent,
    [CONFORMANCE_START_SENDERS] = StartSenders,
    [CONFORMANCE_WAIT_SENDERS] = WaitSenders,
    [CONFORMANCE_WAIT_ANY_SENDER] = WaitAnySender,
    [CONFORMANCE_QUERY_SENDER] = QuerySender,
    [CONFORMANCE_RELEASE_SENDERS] = ReleaseSenders,
    [CONFORMANCE_CLOSE_CLIENT] = CloseClient,
    [CONFORMANCE_QUERY_CLIENT] = QueryClient,
    [CONFORMANCE_BUILD_DESCRIPTOR] = BuildDescriptor,
    [CONFORMANCE_QUERY_CONSTANTS] = QueryConstants,
    [CONFORMANCE_REREGISTER] = Reregister,
    [CONFORMANCE_START_FILTERING] = StartFiltering,
    [CONFORMANCE_PLAN_UNLOAD] = PlanUnload,
};

/* The request is read once into memory of the driver's own; the answer is written at the end, both guarded. */
static NTSTATUS FLTAPI ControlMessage(PVOID Cookie, PVOID Input, ULONG InputLength, PVOID Output, ULONG OutputLength,
                                      PULONG Returned) {
    NTSTATUS Status = STATUS_SUCCESS;
    CONFORMANCE_REQUEST Request;
    CF_CALL Call;

    UNREFERENCED_PARAMETER(Cookie);
    RtlZeroMemory(&Call, sizeof(Call));
    if (Input == NULL || InputLength != sizeof(Request) || Output == NULL || OutputLength < sizeof(Call.Answer)) {
        return STATUS_INVALID_PARAMETER;
    }
    __try {
        RtlCopyMemory(&Request, Input, sizeof(Request));
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        return STATUS_ACCESS_VIOLATION;
    }
    if (Request.Command >= CONFORMANCE_COMMAND_COUNT || Commands[Request.Command] == NULL) {
        return STATUS_INVALID_DEVICE_REQUEST;
    }
    Call.Request = &Request;
    Call.ExtraCapacity = OutputLength - (ULONG)sizeof(Call.Answer);
    Call.Extra = ExAllocatePoolWithTag(NonPagedPoolNx, Call.ExtraCapacity + 1, CF_POOL_TAG);
    if (Call.Extra == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    Commands[Request.Command](&Call);
    __try {
        RtlCopyMemory(Output, &Call.Answer, sizeof(Call.Answer));
        RtlCopyMemory((PUCHAR)Output + sizeof(Call.Answer), Call.Extra, Call.ExtraLength);
        *Returned = (ULONG)sizeof(Call.Answer) + Call.ExtraLength;
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        Status = STATUS_ACCESS_VIOLATION;
    }
    ExFreePoolWithTag(Call.Extra, CF_POOL_TAG);
    return Status;
}

static NTSTATUS FLTAPI ControlConnect(PFLT_PORT ClientPort, PVOID ServerCookie, PVOID Context, ULONG ContextLength,
                                      PVOID *ConnectionCookie) {
    NTSTATUS Status = STATUS_CONNECTION_COUNT_LIMIT;

    UNREFERENCED_PARAMETER(ServerCookie);
    UNREFERENCED_PARAMETER(Context);
    UNREFERENCED_PARAMETER(ContextLength);
    CfLock();
    for (ULONG i = 0; i < MAX_CONTROL_CLIENTS; i++) {
        if (ControlClients[i] == NULL) {
            ControlClients[i] = ClientPort;
            *ConnectionCookie = &ControlClients[i];
            Status = STATUS_SUCCESS;
            break;
        }
    }
    CfUnlock();
    return Status;
}

static VOID FLTAPI ControlDisconnect(PVOID Cookie) {
    FltCloseClientPort(State.Filter, (PFLT_PORT *)Cookie);
}

NTSTATUS CfCreateControlPort(VOID) {
    PSECURITY_DESCRIPTOR Descriptor;
    OBJECT_ATTRIBUTES Attributes;
    UNICODE_STRING Name;
    NTSTATUS Status = FltBuildDefaultSecurityDescriptor(&Descriptor, FLT_PORT_ALL_ACCESS);

    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    RtlInitUnicodeString(&Name, CONFORMANCE_TEXT(L, CONFORMANCE_CONTROL_PORT));
    InitializeObjectAttributes(&Attributes, &Name, OBJ_KERNEL_HANDLE | OBJ_CASE_INSENSITIVE, NULL, Descriptor);
    Status = FltCreateCommunicationPort(State.Filter, &ControlPort, &Attributes, NULL, ControlConnect,
                                        ControlDisconnect, ControlMessage, MAX_CONTROL_CLIENTS);
    FltFreeSecurityDescriptor(Descriptor);
    return Status;
}

VOID CfCloseControlPort(VOID) {
    if (ControlPort != NULL) {
        FltCloseCommunicationPort(ControlPort);
        ControlPort = NULL;
    }
}
