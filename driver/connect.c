/* SPDX-License-Identifier: Apache-2.0 */

#include "driver.h"

/* One more than can be used, so that the surplus connection is refused by this driver, with its reason. */
#define FP_MAX_CONNECTIONS ((LONG)(1 + FP_MAX_OBSERVERS + 1))

_IRQL_requires_max_(PASSIVE_LEVEL) VOID FpClientsInitialize(VOID) {
    FP_PASSIVE_CODE();
    FltInitializePushLock(&FpDriver.Clients.Lock);
}

_IRQL_requires_max_(PASSIVE_LEVEL) VOID FpClientsDelete(VOID) {
    FP_PASSIVE_CODE();
    NT_ASSERT(FpDriver.Clients.Decider == NULL && FpDriver.Clients.ObserverCount == 0);
    FltDeletePushLock(&FpDriver.Clients.Lock);
}

_IRQL_requires_max_(APC_LEVEL) _Ret_maybenull_ PFP_CLIENT FpClientReferenceDecider(VOID) {
    PFP_CLIENT decider;

    FP_APC_CODE();
    FltAcquirePushLockShared(&FpDriver.Clients.Lock);
    decider = FpDriver.Clients.Decider;
    if (decider != NULL) {
        (VOID) InterlockedIncrement(&decider->References);
    }
    FltReleasePushLock(&FpDriver.Clients.Lock);
    return decider;
}

_IRQL_requires_max_(APC_LEVEL) ULONG
    FpClientReferenceObservers(_Out_writes_to_(FP_MAX_OBSERVERS, return ) PFP_CLIENT Observers[FP_MAX_OBSERVERS]) {
    ULONG count;
    ULONG index;

    FP_APC_CODE();
    FltAcquirePushLockShared(&FpDriver.Clients.Lock);
    count = FpDriver.Clients.ObserverCount;
    for (index = 0; index < count; index++) {
        Observers[index] = FpDriver.Clients.Observers[index];
        (VOID) InterlockedIncrement(&Observers[index]->References);
    }
    FltReleasePushLock(&FpDriver.Clients.Lock);
    return count;
}

_IRQL_requires_max_(PASSIVE_LEVEL) VOID FpClientDereference(_In_ PFP_CLIENT Client) {
    FP_PASSIVE_CODE();
    if (InterlockedDecrement(&Client->References) == 0) {
        if (Client->Ring != NULL) {
            RingFini(Client->Ring); /* the last that could write into it has gone */
            FpFree(Client->Ring);
        }
        FpFree(Client);
    }
}

_IRQL_requires_max_(PASSIVE_LEVEL) _Must_inspect_result_ NTSTATUS
    FpClientOpenRing(_Inout_ PFP_CLIENT Client, _In_ ULONG DataLength, _Out_ RING_VIEWS *Views) {
    PRING ring;
    NTSTATUS status;

    FP_PASSIVE_CODE();
    ring = FpAllocateNonPaged(sizeof(*ring));
    if (ring == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    status = RingInit(ring, DataLength);
    if (NT_SUCCESS(status)) {
        status = RingAttach(ring, FpDriver.Filter, &Client->Port, Views);
        if (NT_SUCCESS(status)) {
            if (InterlockedCompareExchangePointer((PVOID volatile *)&Client->Ring, ring, NULL) == NULL) {
                return STATUS_SUCCESS;
            }
            /* Another thread of the client was first; these views stay, closed, until it unmaps them or ends. */
            RingDetach(ring, &Client->Port);
            status = STATUS_SHARING_VIOLATION;
        }
        RingFini(ring);
    }
    FpFree(ring);
    return status;
}

_IRQL_requires_max_(APC_LEVEL) _Ret_maybenull_ PRING FpClientRing(_In_ PFP_CLIENT Client) {
    return ReadPointerAcquire((PVOID const volatile *)&Client->Ring);
}

_IRQL_requires_max_(APC_LEVEL) VOID FpClientCount(_Out_ FP_U64 *Deciders, _Out_ FP_U64 *Observers) {
    FP_APC_CODE();
    FltAcquirePushLockShared(&FpDriver.Clients.Lock);
    *Deciders = FpDriver.Clients.Decider != NULL ? 1u : 0u;
    *Observers = FpDriver.Clients.ObserverCount;
    FltReleasePushLock(&FpDriver.Clients.Lock);
}

_IRQL_requires_max_(APC_LEVEL) BOOLEAN FpClientHasObservers(VOID) {
    FP_U64 deciders;
    FP_U64 observers;

    FpClientCount(&deciders, &observers);
    return observers != 0;
}

/* Gives the client its place; STATUS_CONNECTION_COUNT_LIMIT if all places of its role are taken. */
static NTSTATUS FpClientEnter(_In_ PFP_CLIENT Client) {
    FP_CLIENTS *clients = &FpDriver.Clients;
    NTSTATUS status = STATUS_CONNECTION_COUNT_LIMIT;

    FltAcquirePushLockExclusive(&clients->Lock);
    if (Client->Role == FP_ROLE_DECIDER) {
        if (clients->Decider == NULL) {
            clients->Decider = Client;
            status = STATUS_SUCCESS;
        }
    } else if (clients->ObserverCount < FP_MAX_OBSERVERS) {
        clients->Observers[clients->ObserverCount++] = Client;
        status = STATUS_SUCCESS;
    }
    FltReleasePushLock(&clients->Lock);
    return status;
}

static VOID FpClientLeave(_In_ PFP_CLIENT Client) {
    FP_CLIENTS *clients = &FpDriver.Clients;
    ULONG index;

    FltAcquirePushLockExclusive(&clients->Lock);
    if (clients->Decider == Client) {
        clients->Decider = NULL;
    }
    for (index = 0; index < clients->ObserverCount; index++) {
        if (clients->Observers[index] == Client) {
            clients->Observers[index] = clients->Observers[--clients->ObserverCount];
            clients->Observers[clients->ObserverCount] = NULL;
            break;
        }
    }
    FltReleasePushLock(&clients->Lock);
}

/**
 * Accepts a client. Context is a captured copy in kernel memory: its length is true, its contents are only what the
 * client says. On success *ConnectionCookie owns one reference; FpDisconnect drops it.
 */
static NTSTATUS FLTAPI FpConnect(_In_ PFLT_PORT ClientPort, _In_opt_ PVOID ServerPortCookie,
                                 _In_reads_bytes_opt_(SizeOfContext) PVOID ConnectionContext, _In_ ULONG SizeOfContext,
                                 _Outptr_result_maybenull_ PVOID *ConnectionCookie) {
    FP_CONNECT connect;
    PFP_CLIENT client;
    NTSTATUS status;

    FP_PASSIVE_CODE();
    UNREFERENCED_PARAMETER(ServerPortCookie);
    *ConnectionCookie = NULL;
    status = FpConnectCheck(ConnectionContext, SizeOfContext, &connect);
    if (!NT_SUCCESS(status)) {
        FpCount(FpCountConnectsRefused);
        return status;
    }
    client = FpAllocate(sizeof(*client));
    if (client == NULL) {
        FpCount(FpCountConnectsRefused);
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    client->Port = ClientPort;
    client->References = 1;
    client->Role = connect.Role;
    client->Flags = connect.Flags;
    client->EventCapacity = connect.EventCapacity;
    FpExemptCapture(client);
    status = FpClientEnter(client);
    if (!NT_SUCCESS(status)) {
        FpFree(client);
        FpCount(FpCountConnectsRefused);
        return status;
    }
    FpCount(FpCountConnects);
    *ConnectionCookie = client;
    return STATUS_SUCCESS;
}

/** The connection is over: nobody finds the client any more, and those who wait for it are woken by the close. */
static VOID FLTAPI FpDisconnect(_In_opt_ PVOID ConnectionCookie) {
    PFP_CLIENT client = ConnectionCookie;

    FP_PASSIVE_CODE();
    if (client == NULL) {
        return;
    }
    FpClientLeave(client);
    if (client->Role == FP_ROLE_DECIDER) {
        FpCacheDrop(); /* the next one shall be asked itself */
    }
    if (client->Ring != NULL) {
        RingDetach(client->Ring, &client->Port);
        RingClose(client->Ring);
    }
    FltCloseClientPort(FpDriver.Filter, &client->Port);
    FpClientDereference(client);
}

_IRQL_requires_max_(PASSIVE_LEVEL) _Must_inspect_result_ NTSTATUS FpPortOpen(VOID) {
    UNICODE_STRING name;
    OBJECT_ATTRIBUTES attributes;
    PSECURITY_DESCRIPTOR descriptor;
    NTSTATUS status;

    FP_PASSIVE_CODE();
    status = FltBuildDefaultSecurityDescriptor(&descriptor, FLT_PORT_ALL_ACCESS);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    RtlInitUnicodeString(&name, FP_CONFIG_PORT_NAME);
    InitializeObjectAttributes(&attributes, &name, OBJ_CASE_INSENSITIVE | OBJ_KERNEL_HANDLE, NULL, descriptor);
    status = FltCreateCommunicationPort(FpDriver.Filter, &FpDriver.ServerPort, &attributes, NULL, FpConnect,
                                        FpDisconnect, FpMessage, FP_MAX_CONNECTIONS);
    FltFreeSecurityDescriptor(descriptor);
    return status;
}

_IRQL_requires_max_(PASSIVE_LEVEL) VOID FpPortClose(VOID) {
    FP_PASSIVE_CODE();
    if (FpDriver.ServerPort != NULL) {
        FltCloseCommunicationPort(FpDriver.ServerPort);
        FpDriver.ServerPort = NULL;
    }
}
