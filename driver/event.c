/* SPDX-License-Identifier: Apache-2.0 */

#include "driver.h"

/* The name as resolved as it can be had; *Flags tells when it is the opener's own spelling. */
static NTSTATUS FpQueryName(_In_ PFLT_CALLBACK_DATA Data, _Outptr_ PFLT_FILE_NAME_INFORMATION *Name,
                            _Inout_ ULONG *Flags) {
    NTSTATUS status = FltGetFileNameInformation(Data, FLT_FILE_NAME_NORMALIZED | FLT_FILE_NAME_QUERY_DEFAULT, Name);

    if (!NT_SUCCESS(status)) {
        *Flags |= FP_EVENT_PATH_NOT_NORMALIZED;
        status = FltGetFileNameInformation(Data, FLT_FILE_NAME_OPENED | FLT_FILE_NAME_QUERY_DEFAULT, Name);
    }
    return status;
}

/* FileId and FileSize of a file that is open; leaves them 0 where the file system does not tell. */
static VOID FpDescribeFile(_In_ PCFLT_RELATED_OBJECTS Objects, _Inout_ FP_EVENT *Event) {
    FILE_STANDARD_INFORMATION standard;
    FILE_INTERNAL_INFORMATION internal;
    NTSTATUS status;

    status = FltQueryInformationFile(Objects->Instance, Objects->FileObject, &standard, sizeof(standard),
                                     FileStandardInformation, NULL);
    if (!NT_SUCCESS(status)) {
        return;
    }
    status = FltQueryInformationFile(Objects->Instance, Objects->FileObject, &internal, sizeof(internal),
                                     FileInternalInformation, NULL);
    if (!NT_SUCCESS(status)) {
        return;
    }
    Event->FileSize = (FP_U64)standard.EndOfFile.QuadPart;
    Event->FileId = (FP_U64)internal.IndexNumber.QuadPart;
    Event->Flags |= FP_EVENT_HAS_FILE_ID;
}

/* Puts the file's first bytes where the plan has room for them. */
static VOID FpAddContent(_In_ const FP_OPERATION *Operation, _In_ const FP_EVENT_PLAN *Plan, _Inout_ FP_EVENT *Event) {
    ULONG read = 0;
    NTSTATUS status;

    /* Another opener's oplock is being broken: a read here could wait for that opener. */
    if (Operation->Data->IoStatus.Status == STATUS_OPLOCK_BREAK_IN_PROGRESS) {
        Event->Flags |= FP_EVENT_CONTENT_FAILED;
        return;
    }
    status = FpReadContent(Operation->Objects, (PUCHAR)Event + Plan->ContentOffset, Plan->ContentLength, &read);
    if (!NT_SUCCESS(status)) {
        Event->Flags |= FP_EVENT_CONTENT_FAILED;
        return;
    }
    if (read != 0) {
        Event->ContentOffset = Plan->ContentOffset;
        Event->ContentLength = read;
        Event->Size = Plan->ContentOffset + read;
    }
    if (Event->FileSize > read) {
        Event->Flags |= FP_EVENT_CONTENT_CUT;
    }
}

_IRQL_requires_max_(PASSIVE_LEVEL) _Must_inspect_result_ NTSTATUS
    FpEventBuild(_In_ const FP_OPERATION *Operation, _In_ ULONG ContentBytes, _In_ ULONG Capacity,
                 _Outptr_ FP_EVENT **Event) {
    const PFLT_CALLBACK_DATA data = Operation->Data;
    PFLT_FILE_NAME_INFORMATION name = NULL;
    ULONG flags = Operation->Flags;
    FP_EVENT_PLAN plan;
    FP_EVENT *event;
    NTSTATUS status;

    FP_PASSIVE_CODE();
    *Event = NULL;
    status = FpQueryName(data, &name, &flags);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    if ((flags & FP_EVENT_BEFORE_OPEN) != 0) {
        ContentBytes = 0;
    }
    FpEventPlan(name->Name.Length, ContentBytes, Capacity, &plan);
    event = FpAllocate(plan.Size);
    if (event == NULL) {
        FltReleaseFileNameInformation(name);
        return STATUS_INSUFFICIENT_RESOURCES;
    }

    event->Magic = FP_MAGIC;
    event->Version = FP_PROTOCOL_VERSION;
    event->Kind = (FP_U16)Operation->Kind;
    event->Flags = flags | (plan.PathCut ? FP_EVENT_PATH_CUT : 0u);
    event->Sequence = Operation->Sequence;
    event->ProcessId = FltGetRequestorProcessId(data);
    event->ThreadId = data->Thread == NULL ? 0 : (FP_U64)(ULONG_PTR)PsGetThreadId(data->Thread);
    event->ProcessStart = (FP_U64)FpRequestorStart(data);
    event->DesiredAccess = data->Iopb->Parameters.Create.SecurityContext->DesiredAccess;
    event->Disposition = data->Iopb->Parameters.Create.Options >> 24;
    event->CreateOptions = data->Iopb->Parameters.Create.Options & FILE_VALID_OPTION_FLAGS;
    event->PathOffset = (FP_U32)sizeof(*event);
    event->PathLength = plan.PathLength;
    event->Size = event->PathOffset + event->PathLength;
    RtlCopyMemory(event + 1, name->Name.Buffer, plan.PathLength);
    FltReleaseFileNameInformation(name);

    if ((flags & FP_EVENT_BEFORE_OPEN) == 0) {
        FpDescribeFile(Operation->Objects, event);
        if (plan.ContentLength != 0) {
            FpAddContent(Operation, &plan, event);
        } else if (ContentBytes != 0 && event->FileSize != 0) {
            event->Flags |= FP_EVENT_CONTENT_CUT;
        }
    }
    *Event = event;
    return STATUS_SUCCESS;
}
