/* SPDX-License-Identifier: Apache-2.0 */
/* An operation on its way through the callback stack, and what a driver asks about it. */
#include "internal.h"

void fm_file_init(fm_file *file, fm_volume *volume, fm_stream *stream) {
    __builtin_memset(file, 0, sizeof(*file));
    file->object.Type = 5;
    file->object.Size = sizeof(file->object);
    file->volume = volume;
    file->stream = stream;
    file->object.FsContext = stream;
}

void fm_file_fini(fm_file *file) {
    fm_contexts_of_holder_delete(&file->contexts);
}

void fm_stream_init(fm_stream *stream) {
    __builtin_memset(stream, 0, sizeof(*stream));
}

void fm_stream_fini(fm_stream *stream) {
    fm_contexts_of_holder_delete(&stream->stream_contexts);
    fm_contexts_of_holder_delete(&stream->file_contexts);
}

void fm_operation_init(fm_operation *operation, fm_volume *volume, fm_file *file, const fm_requestor *requestor) {
    __builtin_memset(operation, 0, sizeof(*operation));
    operation->volume = volume;
    operation->file = file;
    operation->requestor = requestor;
    operation->data.Flags = FLTFL_CALLBACK_DATA_IRP_OPERATION;
    operation->data.Thread = requestor->thread;
    operation->data.Iopb = &operation->iopb;
    operation->data.RequestorMode = requestor->kernel ? KernelMode : UserMode;
    operation->iopb.TargetFileObject = file != NULL ? &file->object : NULL;
}

/* The stack --------------------------------------------------------------------------------------------------------- */

static bool wants(const FLT_OPERATION_REGISTRATION *registration, const FLT_IO_PARAMETER_BLOCK *iopb) {
    if (registration == NULL) {
        return false;
    }
    if (FlagOn(registration->Flags, FLTFL_OPERATION_REGISTRATION_SKIP_PAGING_IO) &&
        FlagOn(iopb->IrpFlags, IRP_PAGING_IO)) {
        return false;
    }
    return !(FlagOn(registration->Flags, FLTFL_OPERATION_REGISTRATION_SKIP_CACHED_IO) &&
             (iopb->MajorFunction == IRP_MJ_READ || iopb->MajorFunction == IRP_MJ_WRITE) &&
             !FlagOn(iopb->IrpFlags, IRP_NOCACHE));
}

/*
 * The instances that will see this operation, highest first, each held until it is over. What attaches later does not see it, what is
 * being torn down waits for it. False: no memory.
 */
static bool collect_calls(fm_operation *operation) {
    PFLT_VOLUME volume = operation->volume;
    const UCHAR major = operation->iopb.MajorFunction;
    ULONG capacity = FM_INLINE_CALLS;

    operation->calls = operation->inline_calls;
    for (;;) {
        ULONG wanted = 0;

        operation->call_count = 0;
        fm_mutex_lock(&volume->lock);
        for (PLIST_ENTRY entry = volume->instances.Flink; entry != &volume->instances; entry = entry->Flink) {
            PFLT_INSTANCE instance = CONTAINING_RECORD(entry, struct _FLT_INSTANCE, link);
            const FLT_OPERATION_REGISTRATION *registration = instance->filter->by_major[major];
            if (instance->state != FM_INSTANCE_ACTIVE || !wants(registration, &operation->iopb)) {
                continue;
            }
            if (wanted++ < capacity && fm_rundown_acquire(&instance->object.rundown)) {
                fm_call *call = &operation->calls[operation->call_count++];
                call->instance = instance;
                call->registration = registration;
            }
        }
        fm_mutex_unlock(&volume->lock);
        if (wanted <= capacity) {
            return true;
        }
        for (ULONG i = 0; i < operation->call_count; i++) {
            fm_rundown_release(&operation->calls[i].instance->object.rundown);
        }
        if (operation->calls != operation->inline_calls) {
            fm_release(operation->calls);
        }
        capacity = wanted + 4;
        operation->calls = fm_allocate(capacity * sizeof(*operation->calls));
        if (operation->calls == NULL) {
            operation->calls = operation->inline_calls;
            operation->call_count = 0;
            return false;
        }
    }
}

static void release_calls(fm_operation *operation) {
    for (ULONG i = 0; i < operation->call_count; i++) {
        fm_rundown_release(&operation->calls[i].instance->object.rundown);
    }
    if (operation->calls != operation->inline_calls) {
        fm_release(operation->calls);
    }
    operation->calls = NULL;
    operation->call_count = 0;
}

static void wait_for_resume(fm_operation *operation) {
    const fm_deadline forever = {FM_FOREVER, 0};
    (void)fm_waiter_wait(&operation->pended, &forever);
}

static FLT_RELATED_OBJECTS related(const fm_operation *operation, PFLT_INSTANCE instance) {
    const FLT_RELATED_OBJECTS objects = {sizeof(FLT_RELATED_OBJECTS),
                                         0,
                                         instance->filter,
                                         operation->volume,
                                         instance,
                                         operation->file != NULL ? &operation->file->object : NULL,
                                         NULL};
    return objects;
}

/* True: go on downwards. */
static bool pre(fm_operation *operation, fm_call *call) {
    FLT_CALLBACK_DATA *data = &operation->data;
    const FLT_IO_PARAMETER_BLOCK before = operation->iopb;
    FLT_RELATED_OBJECTS objects = related(operation, call->instance);
    FLT_PREOP_CALLBACK_STATUS result = FLT_PREOP_SUCCESS_WITH_CALLBACK;

    operation->iopb.TargetInstance = call->instance;
    call->seen = operation->iopb;
    if (call->registration->PreOperation != NULL) {
        result = call->registration->PreOperation(data, &objects, &call->completion_context);
        if (result == FLT_PREOP_PENDING) {
            wait_for_resume(operation);
            result = operation->resumed;
            if (result == FLT_PREOP_SUCCESS_WITH_CALLBACK || result == FLT_PREOP_SYNCHRONIZE) {
                call->completion_context = operation->resumed_context;
            }
        }
    }
    if (FlagOn(data->Flags, FLTFL_CALLBACK_DATA_DIRTY)) {
        data->Flags &= ~FLTFL_CALLBACK_DATA_DIRTY;
        operation->iopb.MajorFunction = before.MajorFunction;
        call->seen = operation->iopb;
    } else {
        operation->iopb = before; /* changes that were not announced do not count (MINI-11) */
    }
    switch (result) {
    case FLT_PREOP_SUCCESS_WITH_CALLBACK:
    case FLT_PREOP_SYNCHRONIZE:
        call->post = call->registration->PostOperation != NULL;
        return true;
    case FLT_PREOP_COMPLETE:
        return false;
    case FLT_PREOP_DISALLOW_FASTIO:
        if (FLT_IS_FASTIO_OPERATION(data)) {
            data->IoStatus.Status = STATUS_FLT_DISALLOW_FAST_IO;
            return false;
        }
        return true;
    default:
        return true;
    }
}

static void post(fm_operation *operation, fm_call *call) {
    FLT_RELATED_OBJECTS objects = related(operation, call->instance);

    operation->iopb = call->seen;
    if (call->registration->PostOperation(&operation->data, &objects, call->completion_context, 0) ==
        FLT_POSTOP_MORE_PROCESSING_REQUIRED) {
        wait_for_resume(operation);
    }
    operation->data.Flags &= ~FLTFL_CALLBACK_DATA_DIRTY;
}

NTSTATUS fm_operation_run(fm_operation *operation) {
    FLT_CALLBACK_DATA *data = &operation->data;
    ULONG reached = 0;
    bool down = true;

    __atomic_fetch_add(&fm.operations, 1, __ATOMIC_RELAXED);
    if (!collect_calls(operation)) {
        data->IoStatus.Status = STATUS_INSUFFICIENT_RESOURCES;
        return data->IoStatus.Status;
    }
    fm_waiter_init(&operation->pended);

    while (down && reached < operation->call_count) {
        down = pre(operation, &operation->calls[reached]);
        reached++;
    }
    if (down && operation->volume->ops->perform != NULL) {
        operation->volume->ops->perform(operation->volume->host, operation);
    }
    data->Flags |= FLTFL_CALLBACK_DATA_POST_OPERATION;
    while (reached > 0) {
        fm_call *call = &operation->calls[--reached];
        if (call->post) {
            post(operation, call);
        }
    }

    fm_waiter_fini(&operation->pended);
    if (operation->name != NULL) {
        FltReleaseFileNameInformation(&operation->name->information);
        operation->name = NULL;
    }
    release_calls(operation);
    return data->IoStatus.Status;
}

VOID FLTAPI FltCompletePendedPreOperation(PFLT_CALLBACK_DATA Data, FLT_PREOP_CALLBACK_STATUS CallbackStatus,
                                          PVOID Context) {
    fm_operation *operation = fm_operation_of(Data);

    operation->resumed = CallbackStatus;
    operation->resumed_context = Context;
    fm_waiter_wake(&operation->pended);
}

VOID FLTAPI FltCompletePendedPostOperation(PFLT_CALLBACK_DATA Data) {
    fm_waiter_wake(&fm_operation_of(Data)->pended);
}

BOOLEAN FLTAPI FltDoCompletionProcessingWhenSafe(PFLT_CALLBACK_DATA Data, PCFLT_RELATED_OBJECTS FltObjects,
                                                 PVOID CompletionContext, FLT_POST_OPERATION_FLAGS Flags,
                                                 PFLT_POST_OPERATION_CALLBACK SafePostCallback,
                                                 PFLT_POSTOP_CALLBACK_STATUS RetPostOperationStatus) {
    *RetPostOperationStatus = SafePostCallback(Data, FltObjects, CompletionContext, Flags);
    return TRUE;
}

/* Callback data ----------------------------------------------------------------------------------------------------- */

VOID FLTAPI FltSetCallbackDataDirty(PFLT_CALLBACK_DATA Data) {
    Data->Flags |= FLTFL_CALLBACK_DATA_DIRTY;
}

VOID FLTAPI FltClearCallbackDataDirty(PFLT_CALLBACK_DATA Data) {
    Data->Flags &= ~FLTFL_CALLBACK_DATA_DIRTY;
}

BOOLEAN FLTAPI FltIsCallbackDataDirty(PFLT_CALLBACK_DATA Data) {
    return BooleanFlagOn(Data->Flags, FLTFL_CALLBACK_DATA_DIRTY);
}

ULONG FLTAPI FltGetRequestorProcessId(PFLT_CALLBACK_DATA Data) {
    return (ULONG)fm_operation_of(Data)->requestor->process_id;
}

HANDLE FLTAPI FltGetRequestorProcessIdEx(PFLT_CALLBACK_DATA Data) {
    return (HANDLE)(ULONG_PTR)fm_operation_of(Data)->requestor->process_id;
}

PEPROCESS FLTAPI FltGetRequestorProcess(PFLT_CALLBACK_DATA Data) {
    return fm_operation_of(Data)->requestor->process;
}

BOOLEAN FLTAPI FltIsOperationSynchronous(PFLT_CALLBACK_DATA Data) {
    const FLT_IO_PARAMETER_BLOCK *iopb = Data->Iopb;

    if (iopb->MajorFunction == IRP_MJ_CREATE || !FLT_IS_IRP_OPERATION(Data) ||
        FlagOn(iopb->IrpFlags, IRP_SYNCHRONOUS_API | IRP_SYNCHRONOUS_PAGING_IO)) {
        return TRUE;
    }
    return iopb->TargetFileObject != NULL && FlagOn(iopb->TargetFileObject->Flags, FO_SYNCHRONOUS_IO) != 0;
}
