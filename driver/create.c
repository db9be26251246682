/* SPDX-License-Identifier: Apache-2.0 */

#include "driver.h"

/*
 * Opens are decided after the file system has opened the file: only then is it sure which file it is, and its content
 * can be read. An open that destroys data by itself cannot wait for that; it is decided before.
 *
 * The pre-operation sorts out what must not or need not be asked, and hands the kind to the post-operation as its
 * completion context; FP_CONTEXT_KERNEL marks an open that is only reported.
 */
#define FP_CONTEXT_KERNEL 0x100u

static ULONG FpKindOf(_In_ const FLT_IO_PARAMETER_BLOCK *Parameters) {
    const ACCESS_MASK access = Parameters->Parameters.Create.SecurityContext->DesiredAccess;

    return (access & FILE_EXECUTE) != 0 ? FP_KIND_EXECUTE : FP_KIND_OPEN;
}

/* An open of the volume itself, seen before the file system has marked it: no name, and no file it is relative to. */
static BOOLEAN FpNamesVolume(_In_ const FILE_OBJECT *File) {
    return File->FileName.Length == 0 &&
           (File->RelatedFileObject == NULL || (File->RelatedFileObject->Flags & FO_VOLUME_OPEN) != 0);
}

/* Where waiting for a user-mode program could deadlock or is not allowed at all. */
static BOOLEAN FpIsUnsafe(_In_ PFLT_CALLBACK_DATA Data, _In_ PCFLT_RELATED_OBJECTS Objects) {
    const FLT_IO_PARAMETER_BLOCK *parameters = Data->Iopb;

    return KeGetCurrentIrql() > PASSIVE_LEVEL || IoGetTopLevelIrp() != NULL || Objects->FileObject == NULL ||
           (Objects->FileObject->Flags & FO_VOLUME_OPEN) != 0 ||
           (parameters->IrpFlags & (IRP_PAGING_IO | IRP_SYNCHRONOUS_PAGING_IO)) != 0 ||
           (parameters->OperationFlags & (SL_OPEN_PAGING_FILE | SL_OPEN_TARGET_DIRECTORY)) != 0;
}

static VOID FpOperationInitialize(_Out_ PFP_OPERATION Operation, _In_ PFLT_CALLBACK_DATA Data,
                                  _In_ PCFLT_RELATED_OBJECTS Objects, _In_ ULONG Kind, _In_ ULONG Flags) {
    RtlZeroMemory(Operation, sizeof(*Operation));
    Operation->Data = Data;
    Operation->Objects = Objects;
    Operation->Kind = Kind;
    Operation->Flags = Flags;
    FpPolicyGet(Kind, &Operation->Rule);
}

static FLT_PREOP_CALLBACK_STATUS FpAskBeforeOpen(_Inout_ PFLT_CALLBACK_DATA Data, _In_ PCFLT_RELATED_OBJECTS Objects,
                                                 _In_ ULONG Kind) {
    FP_OPERATION operation;
    NTSTATUS status;

    FpOperationInitialize(&operation, Data, Objects, Kind, FP_EVENT_BEFORE_OPEN);
    if ((operation.Rule.Flags & FP_POLICY_ASK) == 0) {
        FpCount(FpCountNotAskedOff);
        return FLT_PREOP_SUCCESS_NO_CALLBACK;
    }
    status = FpAsk(&operation);
    if (NT_SUCCESS(status)) {
        return FLT_PREOP_SUCCESS_NO_CALLBACK;
    }
    Data->IoStatus.Status = status;
    Data->IoStatus.Information = 0;
    return FLT_PREOP_COMPLETE;
}

FLT_PREOP_CALLBACK_STATUS FLTAPI FpPreCreate(_Inout_ PFLT_CALLBACK_DATA Data, _In_ PCFLT_RELATED_OBJECTS FltObjects,
                                             _Flt_CompletionContext_Outptr_ PVOID *CompletionContext) {
    const ULONG options = Data->Iopb->Parameters.Create.Options;
    ULONG kind;

    *CompletionContext = NULL;
    if (FpIsUnsafe(Data, FltObjects) || FpNamesVolume(FltObjects->FileObject)) {
        FpCount(FpCountNotAskedUnsafe);
        return FLT_PREOP_SUCCESS_NO_CALLBACK;
    }
    FP_PASSIVE_CODE();
    kind = FpKindOf(Data->Iopb);
    if (Data->RequestorMode == KernelMode) {
        FpCount(FpCountNotAskedKernel);
        if (!FpClientHasObservers()) {
            return FLT_PREOP_SUCCESS_NO_CALLBACK;
        }
        *CompletionContext = (PVOID)(ULONG_PTR)(kind | FP_CONTEXT_KERNEL);
        return FLT_PREOP_SUCCESS_WITH_CALLBACK;
    }
    if (FpIsExempt(Data)) {
        FpCount(FpCountNotAskedExempt);
        return FLT_PREOP_SUCCESS_NO_CALLBACK;
    }
    if ((options & FILE_DIRECTORY_FILE) != 0) {
        FpCount(FpCountNotAskedDirectory);
        return FLT_PREOP_SUCCESS_NO_CALLBACK;
    }
    if (FpIsDestructive(options >> 24, options & FILE_VALID_OPTION_FLAGS)) {
        return FpAskBeforeOpen(Data, FltObjects, kind);
    }
    *CompletionContext = (PVOID)(ULONG_PTR)kind;
    return FLT_PREOP_SUCCESS_WITH_CALLBACK;
}

static VOID FpAskAfterOpen(_Inout_ PFLT_CALLBACK_DATA Data, _In_ PCFLT_RELATED_OBJECTS Objects, _In_ ULONG Kind) {
    FP_OPERATION operation;
    NTSTATUS status;

    FpOperationInitialize(&operation, Data, Objects, Kind,
                          Data->IoStatus.Information == FILE_CREATED ? FP_EVENT_CREATED : 0u);
    if ((operation.Rule.Flags & FP_POLICY_ASK) == 0) {
        FpCount(FpCountNotAskedOff);
        return;
    }
    FpCacheBegin(&operation);
    status = FpAsk(&operation);
    if (!NT_SUCCESS(status)) {
        FltCancelFileOpen(Objects->Instance, Objects->FileObject);
        Data->IoStatus.Status = status;
        Data->IoStatus.Information = 0;
    }
}

FLT_POSTOP_CALLBACK_STATUS FLTAPI FpPostCreate(_Inout_ PFLT_CALLBACK_DATA Data, _In_ PCFLT_RELATED_OBJECTS FltObjects,
                                               _In_opt_ PVOID CompletionContext, _In_ FLT_POST_OPERATION_FLAGS Flags) {
    const ULONG context = (ULONG)(ULONG_PTR)CompletionContext;
    const BOOLEAN kernel = (context & FP_CONTEXT_KERNEL) != 0;
    const ULONG kind = context & ~FP_CONTEXT_KERNEL;
    BOOLEAN directory = FALSE;

    /* A drained operation has not ended yet, and its file object may not be touched. */
    if ((Flags & FLTFL_POST_OPERATION_DRAINING) != 0 || !NT_SUCCESS(Data->IoStatus.Status) ||
        Data->IoStatus.Status == STATUS_REPARSE) {
        if (!kernel) {
            FpCount(FpCountNotAskedFailed);
        }
        return FLT_POSTOP_FINISHED_PROCESSING;
    }
    FP_PASSIVE_CODE(); /* the Filter Manager runs post-create in the opener's thread */
    if (kernel) {
        FP_OPERATION operation;

        FpOperationInitialize(&operation, Data, FltObjects, kind, FP_EVENT_KERNEL);
        FpReportUnasked(&operation);
        return FLT_POSTOP_FINISHED_PROCESSING;
    }
    if (FpIsUnsafe(Data, FltObjects)) {
        FpCount(FpCountNotAskedUnsafe);
        return FLT_POSTOP_FINISHED_PROCESSING;
    }
    if (NT_SUCCESS(FltIsDirectory(FltObjects->FileObject, FltObjects->Instance, &directory)) && directory) {
        FpCount(FpCountNotAskedDirectory);
        return FLT_POSTOP_FINISHED_PROCESSING;
    }
    FpAskAfterOpen(Data, FltObjects, kind);
    return FLT_POSTOP_FINISHED_PROCESSING;
}
