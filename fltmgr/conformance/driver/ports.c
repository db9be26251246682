/* SPDX-License-Identifier: Apache-2.0 */
#include "conformance.h"

/*
 * Each port slot has callbacks of its own, so that the cookies stay free for the suite: whatever the server port's
 * cookie is, NULL included, the callback knows its port.
 */

static const CONFORMANCE_HOOK NoHook = {.Status = STATUS_SUCCESS, .Sender = CONFORMANCE_NONE};

VOID CfInitializePorts(VOID) {
    for (ULONG i = 0; i < CONFORMANCE_MAX_PORTS; i++) {
        for (ULONG k = 0; k < CONFORMANCE_CALLBACK_COUNT; k++) {
            KeInitializeEvent(&State.Ports[i].Gates[k].Open, NotificationEvent, TRUE);
        }
    }
}

/* Under the lock: counts the call and gives what it has to do. */
static CONFORMANCE_HOOK BeginCallback(ULONG Port, ULONG Callback) {
    CF_PORT *Slot = &State.Ports[Port];
    CONFORMANCE_HOOK Hook = NoHook;

    Slot->Counters[2 * Callback]++;
    if (Slot->Hooked[Callback]) {
        Hook = Slot->Hooks[Callback];
        if (Hook.Limit != 0 && --Slot->Hooks[Callback].Limit == 0) {
            Slot->Hooked[Callback] = FALSE;
        }
    }
    return Hook;
}

static VOID PassGate(ULONG Port, ULONG Callback, const CONFORMANCE_HOOK *Hook) {
    if (Hook->Flags & CONFORMANCE_HOOK_GATE) {
        KeWaitForSingleObject(&State.Ports[Port].Gates[Callback].Open, Executive, KernelMode, FALSE, NULL);
    }
}

/* Notes the end of a callback; unlocks. */
static VOID EndCallback(ULONG Kind, ULONG Port, ULONG Callback, ULONG Client, NTSTATUS Status) {
    CONFORMANCE_EVENT *Event = CfRecord(Kind, Port, Client);

    if (Event != NULL) {
        Event->Status = Status;
    }
    State.Ports[Port].Counters[2 * Callback + 1]++;
    CfUnlockChanged();
}

static VOID RecordInput(CONFORMANCE_EVENT *Event, const VOID *Input, ULONG Length) {
    ULONG Kept = Length < CONFORMANCE_EVENT_BYTES ? Length : CONFORMANCE_EVENT_BYTES;

    Event->InputNull = Input == NULL;
    Event->InputLength = Length;
    if (Input == NULL) {
        return;
    }
    __try {
        RtlCopyMemory(Event->Input, Input, Kept);
        Event->InputHash = ConformanceHash(Input, Length);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        Event->InputHash = 0;
    }
}

/* Under the lock. Slots are taken in turn, so that an index stays meaningful some time after its connection ended. */
static ULONG TakeClient(ULONG Port, PFLT_PORT ClientPort, BOOLEAN NullCookie) {
    for (ULONG i = 0; i < CONFORMANCE_MAX_CLIENTS; i++) {
        ULONG Index = (State.NextClient + i) % CONFORMANCE_MAX_CLIENTS;
        CF_CLIENT *Client = &State.Clients[Index];
        if (!Client->Used) {
            Client->Used = TRUE;
            Client->Connected = TRUE;
            Client->NullCookie = NullCookie;
            Client->Port = Port;
            Client->ClientPort = ClientPort;
            State.NextClient = Index + 1;
            return Index;
        }
    }
    return CONFORMANCE_NONE;
}

static ULONG FindClient(ULONG Port, PVOID Cookie) {
    if (Cookie != NULL) {
        return (ULONG)((CF_CLIENT *)Cookie - State.Clients);
    }
    for (ULONG i = 0; i < CONFORMANCE_MAX_CLIENTS; i++) {
        if (State.Clients[i].Used && State.Clients[i].NullCookie && State.Clients[i].Port == Port) {
            return i;
        }
    }
    return CONFORMANCE_NONE;
}

static NTSTATUS OnConnect(ULONG Port, PFLT_PORT ClientPort, PVOID ServerCookie, PVOID Context, ULONG ContextLength,
                          PVOID *ConnectionCookie) {
    CONFORMANCE_HOOK Hook;
    CONFORMANCE_EVENT *Event;
    ULONG Client;
    BOOLEAN NullCookie;
    KIRQL Irql = KeGetCurrentIrql();

    CfLock();
    Hook = BeginCallback(Port, CONFORMANCE_CALLBACK_CONNECT);
    NullCookie = (Hook.Flags & CONFORMANCE_HOOK_NULL_COOKIE) != 0;
    Client = TakeClient(Port, ClientPort, NullCookie);
    Event = CfRecord(CONFORMANCE_EVENT_CONNECT, Port, Client);
    if (Event != NULL) {
        Event->Irql = Irql;
        Event->ClientPort = (ULONGLONG)(ULONG_PTR)ClientPort;
        Event->Cookie = (ULONGLONG)(ULONG_PTR)ServerCookie;
        Event->NewCookie = NullCookie ? 0 : (ULONGLONG)(ULONG_PTR)&State.Clients[Client];
        RecordInput(Event, Context, ContextLength);
    }
    CfUnlockChanged();
    if (Client == CONFORMANCE_NONE) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }

    *ConnectionCookie = NullCookie ? NULL : &State.Clients[Client];
    PassGate(Port, CONFORMANCE_CALLBACK_CONNECT, &Hook);
    if (Hook.Sender != CONFORMANCE_NONE) {
        CfRunSender(Hook.Sender, Client);
    }
    if (Hook.Flags & CONFORMANCE_HOOK_CLOSE_CLIENT) {
        FltCloseClientPort(State.Filter, &State.Clients[Client].ClientPort);
    }

    CfLock();
    if (!NT_SUCCESS(Hook.Status)) {
        State.Clients[Client].ClientPort = NULL;
        State.Clients[Client].Used = FALSE;
        State.Clients[Client].Connected = FALSE;
    } else {
        State.Ports[Port].NewestClient = Client;
    }
    EndCallback(CONFORMANCE_EVENT_CONNECT_END, Port, CONFORMANCE_CALLBACK_CONNECT, Client, Hook.Status);
    return Hook.Status;
}

static VOID CreatePortInside(ULONG Port, ULONG Client) {
    CONFORMANCE_PORT_OPTIONS Options;
    static const WCHAR Name[] = L"\\ConformanceInside";
    PFLT_PORT ServerPort;
    ULONG Index;
    NTSTATUS Status;

    RtlZeroMemory(&Options, sizeof(Options));
    Options.Attributes = OBJ_KERNEL_HANDLE;
    Options.DescriptorAccess = FLT_PORT_ALL_ACCESS;
    Options.Callbacks = CONFORMANCE_HAS_ALL;
    Options.MaxConnections = 1;
    Options.NameChars = sizeof(Name) / sizeof(WCHAR) - 1;
    RtlCopyMemory(Options.Name, Name, sizeof(Name) - sizeof(WCHAR));
    Status = CfCreatePort(&Options, &Index, &ServerPort);
    CfNote(CONFORMANCE_EVENT_CREATE_INSIDE, Port, Client, Status);
    if (NT_SUCCESS(Status)) {
        CfClosePort(Index);
    }
}

static VOID OnDisconnect(ULONG Port, PVOID Cookie) {
    CONFORMANCE_HOOK Hook;
    CONFORMANCE_EVENT *Event;
    ULONG Client;
    KIRQL Irql = KeGetCurrentIrql();

    CfLock();
    Hook = BeginCallback(Port, CONFORMANCE_CALLBACK_DISCONNECT);
    Client = FindClient(Port, Cookie);
    Event = CfRecord(CONFORMANCE_EVENT_DISCONNECT, Port, Client);
    if (Event != NULL) {
        Event->Irql = Irql;
        Event->Cookie = (ULONGLONG)(ULONG_PTR)Cookie;
    }
    CfUnlockChanged();

    PassGate(Port, CONFORMANCE_CALLBACK_DISCONNECT, &Hook);
    if (Hook.Flags & CONFORMANCE_HOOK_CREATE_PORT) {
        CreatePortInside(Port, Client);
    }
    if (Client != CONFORMANCE_NONE && !(Hook.Flags & CONFORMANCE_HOOK_KEEP_CLIENT)) {
        FltCloseClientPort(State.Filter, &State.Clients[Client].ClientPort);
        if (Hook.Flags & CONFORMANCE_HOOK_CLOSE_TWICE) {
            FltCloseClientPort(State.Filter, &State.Clients[Client].ClientPort);
        }
    }

    CfLock();
    if (Client != CONFORMANCE_NONE) {
        State.Clients[Client].Connected = FALSE;
        State.Clients[Client].Used = State.Clients[Client].ClientPort != NULL;
    }
    EndCallback(CONFORMANCE_EVENT_DISCONNECT_END, Port, CONFORMANCE_CALLBACK_DISCONNECT, Client, STATUS_SUCCESS);
}

static VOID WriteOutput(const CONFORMANCE_HOOK *Hook, const VOID *Input, ULONG InputLength, PVOID Output,
                        ULONG OutputLength, PULONG Returned) {
    ULONG Length;

    __try {
        if (Output != NULL && Hook->WriteBytes != 0) {
            Length = Hook->WriteBytes < OutputLength ? Hook->WriteBytes : OutputLength;
            RtlFillMemory(Output, Length, (UCHAR)Hook->WriteByte);
        }
        if (Hook->Flags & CONFORMANCE_HOOK_ECHO) {
            Length = Output == NULL ? 0 : InputLength < OutputLength ? InputLength : OutputLength;
            if (Length != 0) {
                RtlCopyMemory(Output, Input, Length);
            }
            *Returned = Length;
        }
        if (Hook->Flags & CONFORMANCE_HOOK_SET_RETURNED) {
            *Returned = Hook->Returned;
        }
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        *Returned = 0;
    }
}

static NTSTATUS OnMessage(ULONG Port, PVOID Cookie, PVOID Input, ULONG InputLength, PVOID Output, ULONG OutputLength,
                          PULONG Returned) {
    CONFORMANCE_HOOK Hook;
    CONFORMANCE_EVENT *Event;
    ULONG Client;
    KIRQL Irql = KeGetCurrentIrql();

    CfLock();
    Hook = BeginCallback(Port, CONFORMANCE_CALLBACK_MESSAGE);
    Client = FindClient(Port, Cookie);
    Event = CfRecord(CONFORMANCE_EVENT_MESSAGE, Port, Client);
    if (Event != NULL) {
        Event->Irql = Irql;
        Event->Cookie = (ULONGLONG)(ULONG_PTR)Cookie;
        Event->OutputNull = Output == NULL;
        Event->OutputLength = OutputLength;
        Event->ReturnedOnEntry = *Returned;
        RecordInput(Event, Input, InputLength);
    }
    CfUnlockChanged();

    PassGate(Port, CONFORMANCE_CALLBACK_MESSAGE, &Hook);
    if (Hook.Sender != CONFORMANCE_NONE) {
        CfRunSender(Hook.Sender, Client);
    }
    if (Client != CONFORMANCE_NONE && (Hook.Flags & CONFORMANCE_HOOK_CLOSE_CLIENT)) {
        FltCloseClientPort(State.Filter, &State.Clients[Client].ClientPort);
    }
    WriteOutput(&Hook, Input, InputLength, Output, OutputLength, Returned);

    CfLock();
    EndCallback(CONFORMANCE_EVENT_MESSAGE_END, Port, CONFORMANCE_CALLBACK_MESSAGE, Client, Hook.Status);
    return Hook.Status;
}

#define FOR_EACH_PORT(Do)                                                                                              \
    Do(0) Do(1) Do(2) Do(3) Do(4) Do(5) Do(6) Do(7) Do(8) Do(9) Do(10) Do(11) Do(12) Do(13) Do(14) Do(15)

#define DEFINE_CALLBACKS(Port)                                                                                         \
    static NTSTATUS FLTAPI Connect##Port(PFLT_PORT ClientPort, PVOID ServerCookie, PVOID Context, ULONG Length,        \
                                         PVOID *Cookie) {                                                              \
        return OnConnect(Port, ClientPort, ServerCookie, Context, Length, Cookie);                                     \
    }                                                                                                                  \
    static VOID FLTAPI Disconnect##Port(PVOID Cookie) {                                                                \
        OnDisconnect(Port, Cookie);                                                                                    \
    }                                                                                                                  \
    static NTSTATUS FLTAPI Message##Port(PVOID Cookie, PVOID Input, ULONG InputLength, PVOID Output,                   \
                                         ULONG OutputLength, PULONG Returned) {                                        \
        return OnMessage(Port, Cookie, Input, InputLength, Output, OutputLength, Returned);                            \
    }

FOR_EACH_PORT(DEFINE_CALLBACKS)

#define CONNECT_OF(Port) Connect##Port,
#define DISCONNECT_OF(Port) Disconnect##Port,
#define MESSAGE_OF(Port) Message##Port,

static const PFLT_CONNECT_NOTIFY ConnectCallbacks[CONFORMANCE_MAX_PORTS] = {FOR_EACH_PORT(CONNECT_OF)};
static const PFLT_DISCONNECT_NOTIFY DisconnectCallbacks[CONFORMANCE_MAX_PORTS] = {FOR_EACH_PORT(DISCONNECT_OF)};
static const PFLT_MESSAGE_NOTIFY MessageCallbacks[CONFORMANCE_MAX_PORTS] = {FOR_EACH_PORT(MESSAGE_OF)};

static ULONG TakePort(VOID) {
    ULONG Index;

    CfLock();
    for (Index = 0; Index < CONFORMANCE_MAX_PORTS && State.Ports[Index].Used; Index++) {
    }
    if (Index < CONFORMANCE_MAX_PORTS) {
        CF_PORT *Port = &State.Ports[Index];
        Port->Used = TRUE;
        Port->ServerPort = NULL;
        Port->NewestClient = CONFORMANCE_NONE;
        RtlZeroMemory(Port->Counters, sizeof(Port->Counters));
        for (ULONG k = 0; k < CONFORMANCE_CALLBACK_COUNT; k++) {
            Port->Hooked[k] = FALSE;
            KeSetEvent(&Port->Gates[k].Open, 0, FALSE);
        }
    }
    CfUnlock();
    return Index;
}

static NTSTATUS ChooseDescriptor(const CONFORMANCE_PORT_OPTIONS *Options, PSECURITY_DESCRIPTOR *Descriptor,
                                 BOOLEAN *Built) {
    NTSTATUS Status;

    *Descriptor = NULL;
    *Built = FALSE;
    if (Options->Descriptor == CONFORMANCE_DESCRIPTOR_ABSENT) {
        return STATUS_SUCCESS;
    }
    if (Options->Descriptor == CONFORMANCE_DESCRIPTOR_SHARED) {
        *Descriptor = State.SharedDescriptor;
        return STATUS_SUCCESS;
    }
    Status = FltBuildDefaultSecurityDescriptor(Descriptor, Options->DescriptorAccess);
    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    *Built = TRUE;
    if (Options->Descriptor == CONFORMANCE_DESCRIPTOR_EVERYBODY) {
        Status = RtlSetDaclSecurityDescriptor(*Descriptor, TRUE, NULL, FALSE);
    }
    return Status;
}

NTSTATUS CfCreatePort(const CONFORMANCE_PORT_OPTIONS *Options, ULONG *Index, PFLT_PORT *ServerPort) {
    ULONG Slot = TakePort();
    PSECURITY_DESCRIPTOR Descriptor;
    OBJECT_ATTRIBUTES Attributes;
    UNICODE_STRING Name;
    BOOLEAN Built;
    NTSTATUS Status;

    *Index = Slot;
    *ServerPort = NULL;
    if (Slot == CONFORMANCE_MAX_PORTS || Options->NameChars > CONFORMANCE_NAME_CHARS) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    Status = ChooseDescriptor(Options, &Descriptor, &Built);
    if (NT_SUCCESS(Status)) {
        Name.Buffer = (PWCH)(ULONG_PTR)Options->Name;
        Name.Length = (USHORT)(Options->NameChars * sizeof(WCHAR));
        Name.MaximumLength = Name.Length;
        InitializeObjectAttributes(&Attributes, &Name, Options->Attributes, NULL, Descriptor);
        Status = FltCreateCommunicationPort(
            State.Filter, ServerPort, &Attributes, (PVOID)(ULONG_PTR)Options->Cookie,
            Options->Callbacks & CONFORMANCE_HAS_CONNECT ? ConnectCallbacks[Slot] : NULL,
            Options->Callbacks & CONFORMANCE_HAS_DISCONNECT ? DisconnectCallbacks[Slot] : NULL,
            Options->Callbacks & CONFORMANCE_HAS_MESSAGE ? MessageCallbacks[Slot] : NULL, Options->MaxConnections);
    }
    if (Built) {
        FltFreeSecurityDescriptor(Descriptor);
    }
    CfLock();
    if (NT_SUCCESS(Status)) {
        State.Ports[Slot].ServerPort = *ServerPort;
    } else {
        State.Ports[Slot].Used = FALSE;
    }
    CfUnlock();
    return Status;
}

NTSTATUS CfClosePort(ULONG Index) {
    PFLT_PORT ServerPort = NULL;

    if (Index >= CONFORMANCE_MAX_PORTS) {
        return STATUS_INVALID_PARAMETER;
    }
    CfLock();
    ServerPort = State.Ports[Index].ServerPort;
    State.Ports[Index].ServerPort = NULL;
    CfUnlock();
    if (ServerPort == NULL) {
        return STATUS_NOT_FOUND;
    }
    CfNote(CONFORMANCE_EVENT_CLOSE_PORT, Index, CONFORMANCE_NONE, STATUS_SUCCESS);
    FltCloseCommunicationPort(ServerPort);
    return STATUS_SUCCESS;
}

NTSTATUS CfSetHook(ULONG Index, ULONG Callback, const CONFORMANCE_HOOK *Hook) {
    CF_PORT *Port = &State.Ports[Index];

    if (Index >= CONFORMANCE_MAX_PORTS) {
        return STATUS_INVALID_PARAMETER;
    }
    CfLock();
    Port->Hooks[Callback] = *Hook;
    Port->Hooked[Callback] = TRUE;
    if (Hook->Flags & CONFORMANCE_HOOK_GATE) {
        KeClearEvent(&Port->Gates[Callback].Open);
    }
    CfUnlock();
    return STATUS_SUCCESS;
}

VOID CfOpenGate(ULONG Index, ULONG Callback) {
    KeSetEvent(&State.Ports[Index].Gates[Callback].Open, 0, FALSE);
}

VOID CfOpenAllGates(VOID) {
    for (ULONG i = 0; i < CONFORMANCE_MAX_PORTS; i++) {
        for (ULONG k = 0; k < CONFORMANCE_CALLBACK_COUNT; k++) {
            CfLock();
            State.Ports[i].Hooked[k] = FALSE;
            CfUnlock();
            CfOpenGate(i, k);
        }
    }
}

VOID CfCloseAllPorts(VOID) {
    for (ULONG i = 0; i < CONFORMANCE_MAX_PORTS; i++) {
        CfClosePort(i);
    }
}

VOID CfCloseAllClients(VOID) {
    for (ULONG i = 0; i < CONFORMANCE_MAX_CLIENTS; i++) {
        PFLT_PORT Ignored;
        CfCloseClient(i, &Ignored);
    }
}

NTSTATUS CfCloseClient(ULONG Index, PFLT_PORT *Afterwards) {
    if (Index >= CONFORMANCE_MAX_CLIENTS) {
        return STATUS_INVALID_PARAMETER;
    }
    FltCloseClientPort(State.Filter, &State.Clients[Index].ClientPort);
    CfLock();
    *Afterwards = State.Clients[Index].ClientPort;
    State.Clients[Index].Used = State.Clients[Index].Connected;
    CfRecord(CONFORMANCE_EVENT_CLOSE_CLIENT, State.Clients[Index].Port, Index);
    CfUnlockChanged();
    return STATUS_SUCCESS;
}

/* No callback runs, and none is still to come: a client that died is noticed a moment later (DISC-04). */
BOOLEAN CfCallbacksIdle(const VOID *Context) {
    UNREFERENCED_PARAMETER(Context);
    if (CfConnectedClients() != 0) {
        return FALSE;
    }
    for (ULONG i = 0; i < CONFORMANCE_MAX_PORTS; i++) {
        const ULONG *Counters = State.Ports[i].Counters;
        for (ULONG k = 0; k < CONFORMANCE_CALLBACK_COUNT; k++) {
            if (Counters[2 * k] != Counters[2 * k + 1]) {
                return FALSE;
            }
        }
    }
    return TRUE;
}

ULONG CfConnectedClients(VOID) {
    ULONG Count = 0;

    for (ULONG i = 0; i < CONFORMANCE_MAX_CLIENTS; i++) {
        Count += State.Clients[i].Connected;
    }
    return Count;
}

VOID CfForgetPorts(VOID) {
    CfLock();
    if (CfConnectedClients() == 0) {
        for (ULONG i = 0; i < CONFORMANCE_MAX_PORTS; i++) {
            State.Ports[i].Used = State.Ports[i].ServerPort != NULL;
        }
    }
    CfUnlock();
}
