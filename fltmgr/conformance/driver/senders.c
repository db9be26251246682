/* SPDX-License-Identifier: Apache-2.0 */
#include "conformance.h"

static BOOLEAN SenderHasOwnReply(const CONFORMANCE_SEND *Send) {
    return Send->Reply == CONFORMANCE_REPLY_SEPARATE;
}

static VOID FreeBuffers(CF_SENDER *Sender) {
    if (Sender->Reply != NULL && Sender->Reply != Sender->Message) {
        ExFreePoolWithTag(Sender->Reply, CF_POOL_TAG);
    }
    if (Sender->Message != NULL) {
        ExFreePoolWithTag(Sender->Message, CF_POOL_TAG);
    }
    Sender->Message = NULL;
    Sender->Reply = NULL;
}

static NTSTATUS AllocateBuffers(CF_SENDER *Sender, ULONG Index) {
    const CONFORMANCE_SEND *Send = &Sender->Send;
    ULONG Longest = Send->Length;

    if (Send->Reply == CONFORMANCE_REPLY_SAME_BUFFER && Send->Capacity > Longest) {
        Longest = Send->Capacity;
    }
    Sender->Message = ExAllocatePoolWithTag(NonPagedPoolNx, (SIZE_T)Longest + CONFORMANCE_GUARD_BYTES, CF_POOL_TAG);
    if (Sender->Message == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    RtlFillMemory(Sender->Message, (SIZE_T)Longest + CONFORMANCE_GUARD_BYTES, CONFORMANCE_FILL_BYTE);
    for (ULONG i = 0; i < Send->Length; i++) {
        Sender->Message[i] = ConformancePayloadByte(Index, i);
    }
    if (SenderHasOwnReply(Send)) {
        SIZE_T Size = (SIZE_T)Send->Capacity + CONFORMANCE_GUARD_BYTES;
        Sender->Reply = ExAllocatePoolWithTag(NonPagedPoolNx, Size, CF_POOL_TAG);
        if (Sender->Reply == NULL) {
            FreeBuffers(Sender);
            return STATUS_INSUFFICIENT_RESOURCES;
        }
        RtlFillMemory(Sender->Reply, Size, CONFORMANCE_FILL_BYTE);
    } else if (Send->Reply == CONFORMANCE_REPLY_SAME_BUFFER) {
        Sender->Reply = Sender->Message;
    }
    return STATUS_SUCCESS;
}

/* The first of Count free senders in a row, or NONE. Under the lock. */
static ULONG FindFree(ULONG Count) {
    ULONG Row = 0;

    for (ULONG i = 0; i < CONFORMANCE_MAX_SENDERS; i++) {
        Row = State.Senders[i].State == CONFORMANCE_SENDER_FREE ? Row + 1 : 0;
        if (Row == Count) {
            return i + 1 - Count;
        }
    }
    return CONFORMANCE_NONE;
}

static NTSTATUS CallSendMessage(CF_SENDER *Sender, PFLT_PORT *ClientPort, ULONG *ReplyLength) {
    const CONFORMANCE_SEND *Send = &Sender->Send;
    LARGE_INTEGER Timeout;
    PLARGE_INTEGER TimeoutArgument = NULL;
    PULONG LengthArgument = NULL;

    if (Send->TimeoutKind != CONFORMANCE_TIMEOUT_NULL) {
        Timeout.QuadPart = Send->Timeout;
        if (Send->TimeoutKind == CONFORMANCE_TIMEOUT_FROM_NOW) {
            LARGE_INTEGER Now;
            KeQuerySystemTime(&Now);
            Timeout.QuadPart += Now.QuadPart;
        }
        TimeoutArgument = &Timeout;
    }
    if (Send->Reply != CONFORMANCE_REPLY_NONE) {
        LengthArgument = ReplyLength;
    }
    return FltSendMessage(State.Filter, ClientPort, Sender->Message, Send->Length, Sender->Reply, LengthArgument,
                          TimeoutArgument);
}

NTSTATUS CfRunSender(ULONG Index, ULONG Client) {
    CF_SENDER *Sender = &State.Senders[Index];
    ULONG ReplyLength;
    ULONGLONG Returned;
    NTSTATUS Status;

    CfLock();
    if (Sender->State != CONFORMANCE_SENDER_PREPARED) {
        CfUnlock();
        return STATUS_INVALID_DEVICE_REQUEST;
    }
    if (Sender->Send.Client == CONFORMANCE_SELF) {
        Sender->Send.Client = Client;
    }
    Client = Sender->Send.Client;
    ReplyLength = Sender->Send.Capacity;
    Sender->Result.ProcessId = (ULONG)(ULONG_PTR)PsGetCurrentProcessId();
    Sender->Result.ThreadId = (ULONG)(ULONG_PTR)PsGetCurrentThreadId();
    Sender->Result.Started = KeQueryInterruptTime();
    Sender->State = CONFORMANCE_SENDER_SENDING;
    CfUnlockChanged();

    Status = CallSendMessage(Sender, &State.Clients[Client].ClientPort, &ReplyLength);
    Returned = KeQueryInterruptTime();

    CfLock();
    Sender->Result.Status = Status;
    Sender->Result.ReplyLength = ReplyLength;
    Sender->Result.Returned = Returned;
    Sender->State = CONFORMANCE_SENDER_RETURNED;
    CfUnlockChanged();
    return Status;
}

static VOID SenderThread(PVOID Context) {
    CfRunSender((ULONG)(ULONG_PTR)Context, CONFORMANCE_NONE);
    PsTerminateSystemThread(STATUS_SUCCESS);
}

NTSTATUS CfReserveSenders(const CONFORMANCE_SEND *Send, ULONG *First) {
    NTSTATUS Status = STATUS_SUCCESS;
    ULONG Index;

    if (Send->Count == 0 || (Send->Client >= CONFORMANCE_MAX_CLIENTS && Send->Client != CONFORMANCE_SELF)) {
        return STATUS_INVALID_PARAMETER;
    }
    CfLock();
    *First = FindFree(Send->Count);
    for (ULONG i = 0; *First != CONFORMANCE_NONE && i < Send->Count; i++) {
        State.Senders[*First + i].State = CONFORMANCE_SENDER_PREPARED;
    }
    CfUnlock();
    if (*First == CONFORMANCE_NONE) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    for (Index = *First; NT_SUCCESS(Status) && Index < *First + Send->Count; Index++) {
        CF_SENDER *Sender = &State.Senders[Index];
        Sender->Send = *Send;
        RtlZeroMemory(&Sender->Result, sizeof(Sender->Result));
        Sender->Thread = NULL;
        Status = AllocateBuffers(Sender, Index);
    }
    for (Index = *First; NT_SUCCESS(Status) && Index < *First + Send->Count; Index++) {
        if ((Send->Flags & CONFORMANCE_SEND_PREPARE_ONLY) == 0) {
            Status = CfStartThread(SenderThread, (PVOID)(ULONG_PTR)Index, &State.Senders[Index].Thread);
        }
    }
    return Status;
}

static BOOLEAN HasReturned(const VOID *Context) {
    const CF_SENDER *Sender = Context;
    return Sender->State == CONFORMANCE_SENDER_RETURNED || Sender->State == CONFORMANCE_SENDER_FREE ||
           (Sender->State == CONFORMANCE_SENDER_PREPARED && Sender->Thread == NULL);
}

static VOID Release(CF_SENDER *Sender) {
    CfJoin(&Sender->Thread);
    FreeBuffers(Sender);
    CfLock();
    Sender->State = CONFORMANCE_SENDER_FREE;
    CfUnlock();
}

NTSTATUS CfReleaseSenders(ULONG First, ULONG Count) {
    if (First >= CONFORMANCE_MAX_SENDERS || Count > CONFORMANCE_MAX_SENDERS - First) {
        return STATUS_INVALID_PARAMETER;
    }
    for (ULONG i = First; i < First + Count; i++) {
        BOOLEAN Returned;
        CfLock();
        Returned = HasReturned(&State.Senders[i]);
        CfUnlock();
        if (!Returned) {
            return STATUS_DEVICE_BUSY;
        }
        Release(&State.Senders[i]);
    }
    return STATUS_SUCCESS;
}

ULONG CfReleaseAllSenders(ULONG Milliseconds) {
    ULONG Stuck = 0;

    for (ULONG i = 0; i < CONFORMANCE_MAX_SENDERS; i++) {
        /* Once one is stuck, do not wait as long again for each of the others. */
        if (CfWait(HasReturned, &State.Senders[i], Stuck == 0 ? Milliseconds : 1)) {
            Release(&State.Senders[i]);
        } else {
            Stuck++;
        }
    }
    return Stuck;
}

ULONG CfSendersInState(ULONG First, ULONG Count, ULONG AtLeast) {
    ULONG Found = 0;

    for (ULONG i = First; i < First + Count; i++) {
        Found += State.Senders[i].State >= AtLeast;
    }
    return Found;
}

ULONG CfReadReply(ULONG Index, PUCHAR Output, ULONG Capacity) {
    CF_SENDER *Sender = &State.Senders[Index];
    ULONG Length;

    if (Sender->Reply == NULL) {
        return 0;
    }
    Length = Sender->Send.Capacity + CONFORMANCE_GUARD_BYTES;
    if (Length > Capacity) {
        Length = Capacity;
    }
    RtlCopyMemory(Output, Sender->Reply, Length);
    return Length;
}

VOID CfCopyReplyToMessage(ULONG From, ULONG To) {
    CF_SENDER *Source = &State.Senders[From];
    CF_SENDER *Target = &State.Senders[To];
    ULONG Length = Source->Result.ReplyLength;

    if (Source->Reply == NULL || Target->Message == NULL) {
        return;
    }
    if (Length > Target->Send.Length) {
        Length = Target->Send.Length;
    }
    RtlCopyMemory(Target->Message, Source->Reply, Length);
}
