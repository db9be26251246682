/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Contexts: a driver's own data hung on a volume, an instance, a file, a stream or an open file (MINI-13).
 *
 * A context in use is linked twice: in the holder it hangs on, found by its key (the instance; for volumes the filter), and in the list of
 * its owner, so that tearing an instance down finds all it left anywhere. The links own one reference. Cleanup callbacks run without a lock.
 */
#include "internal.h"

static fm_context *context_of(PFLT_CONTEXT context) {
    return (fm_context *)(void *)((UCHAR *)context - FM_CONTEXT_HEADER);
}

static PFLT_CONTEXT user_of(fm_context *context) {
    return (UCHAR *)context + FM_CONTEXT_HEADER;
}

/* Allocation and references ----------------------------------------------------------------------------------------- */

static const FLT_CONTEXT_REGISTRATION *find_registration(PFLT_FILTER filter, FLT_CONTEXT_TYPE type, SIZE_T size) {
    for (const FLT_CONTEXT_REGISTRATION *r = filter->contexts; r != NULL && r->ContextType != FLT_CONTEXT_END; r++) {
        if (r->ContextType == type &&
            (r->Size == FLT_VARIABLE_SIZED_CONTEXTS || r->Size == size ||
             (FlagOn(r->Flags, FLTFL_CONTEXT_REGISTRATION_NO_EXACT_SIZE_MATCH) && size < r->Size))) {
            return r;
        }
    }
    return NULL;
}

NTSTATUS FLTAPI FltAllocateContext(PFLT_FILTER Filter, FLT_CONTEXT_TYPE ContextType, SIZE_T ContextSize,
                                   POOL_TYPE PoolType, PFLT_CONTEXT *ReturnedContext) {
    const FLT_CONTEXT_REGISTRATION *registration = find_registration(Filter, ContextType, ContextSize);
    fm_context *context;

    *ReturnedContext = NULL;
    if (registration == NULL) {
        return STATUS_FLT_CONTEXT_ALLOCATION_NOT_FOUND;
    }
    if (ContextSize > SIZE_MAX - FM_CONTEXT_HEADER) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    if (!fm_rundown_acquire(&Filter->object.rundown)) {
        return STATUS_FLT_DELETING_OBJECT;
    }
    context = registration->ContextAllocateCallback != NULL
                  ? registration->ContextAllocateCallback(PoolType, ContextSize + FM_CONTEXT_HEADER, ContextType)
                  : fm_allocate(ContextSize + FM_CONTEXT_HEADER);
    if (context == NULL) {
        fm_rundown_release(&Filter->object.rundown);
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    __builtin_memset(context, 0, FM_CONTEXT_HEADER);
    context->filter = Filter;
    context->registration = registration;
    context->references = 1;
    context->type = ContextType;
    *ReturnedContext = user_of(context);
    return STATUS_SUCCESS;
}

static void release(fm_context *context) {
    const FLT_CONTEXT_REGISTRATION *registration = context->registration;
    PFLT_FILTER filter = context->filter;

    if (!fm_count_down(&context->references)) {
        return;
    }
    if (registration->ContextCleanupCallback != NULL) {
        registration->ContextCleanupCallback(user_of(context), context->type);
    }
    if (registration->ContextFreeCallback != NULL) {
        registration->ContextFreeCallback(context, context->type);
    } else {
        fm_release(context);
    }
    fm_rundown_release(&filter->object.rundown);
}

VOID FLTAPI FltReferenceContext(PFLT_CONTEXT Context) {
    fm_count_up(&context_of(Context)->references);
}

VOID FLTAPI FltReleaseContext(PFLT_CONTEXT Context) {
    release(context_of(Context));
}

/* Links: the contexts lock is held ---------------------------------------------------------------------------------- */

static fm_context *find(const fm_context_holder *holder, PFLT_FILTER filter, PFLT_INSTANCE instance) {
    fm_context *context = holder->first;

    while (context != NULL && (context->filter != filter || context->instance != instance)) {
        context = context->next;
    }
    return context;
}

static void link_context(fm_context *context, fm_context_holder *holder, PLIST_ENTRY owner) {
    context->holder = holder;
    context->previous = NULL;
    context->next = holder->first;
    if (context->next != NULL) {
        context->next->previous = context;
    }
    holder->first = context;
    InsertTailList(owner, &context->owner_link);
}

/* The links' reference passes to the caller. */
static void unlink_context(fm_context *context) {
    *(context->previous != NULL ? &context->previous->next : &context->holder->first) = context->next;
    if (context->next != NULL) {
        context->next->previous = context->previous;
    }
    context->next = context->previous = NULL;
    context->holder = NULL;
    (void)RemoveEntryList(&context->owner_link);
}

static void give(PFLT_CONTEXT *result, fm_context *context) {
    if (result != NULL) {
        *result = user_of(context);
    } else {
        release(context);
    }
}

/* Set, get, delete -------------------------------------------------------------------------------------------------- */

static NTSTATUS set(fm_context_holder *holder, PFLT_FILTER filter, PFLT_INSTANCE instance, FLT_CONTEXT_TYPE type,
                    FLT_SET_CONTEXT_OPERATION operation, PFLT_CONTEXT new_context, PFLT_CONTEXT *old_context) {
    fm_context *context, *old;
    NTSTATUS status = STATUS_SUCCESS;

    if (old_context != NULL) {
        *old_context = NULL;
    }
    if (new_context == NULL || context_of(new_context)->type != type || context_of(new_context)->filter != filter) {
        return STATUS_INVALID_PARAMETER;
    }
    context = context_of(new_context);

    fm_mutex_lock(&fm.contexts);
    old = find(holder, filter, instance);
    if (instance != NULL ? instance->closed : __atomic_load_n(&filter->deleting, __ATOMIC_RELAXED)) {
        status = STATUS_FLT_DELETING_OBJECT;
        old = NULL;
    } else if (context->holder != NULL) {
        status = STATUS_FLT_CONTEXT_ALREADY_LINKED;
        old = NULL;
    } else if (old != NULL && operation == FLT_SET_CONTEXT_KEEP_IF_EXISTS) {
        status = STATUS_FLT_CONTEXT_ALREADY_DEFINED;
        fm_count_up(&old->references);
    } else {
        if (old != NULL) {
            unlink_context(old);
        }
        context->instance = instance;
        fm_count_up(&context->references);
        link_context(context, holder, instance != NULL ? &instance->contexts : &filter->volume_contexts);
    }
    fm_mutex_unlock(&fm.contexts);
    if (old != NULL) {
        give(old_context, old);
    }
    return status;
}

static NTSTATUS get(fm_context_holder *holder, PFLT_FILTER filter, PFLT_INSTANCE instance, PFLT_CONTEXT *result) {
    fm_context *context;

    fm_mutex_lock(&fm.contexts);
    context = find(holder, filter, instance);
    if (context != NULL) {
        fm_count_up(&context->references);
    }
    fm_mutex_unlock(&fm.contexts);
    *result = context != NULL ? user_of(context) : NULL;
    return context != NULL ? STATUS_SUCCESS : STATUS_NOT_FOUND;
}

static NTSTATUS delete (fm_context_holder *holder, PFLT_FILTER filter, PFLT_INSTANCE instance,
                        PFLT_CONTEXT *old_context) {
    fm_context *context;

    if (old_context != NULL) {
        *old_context = NULL;
    }
    fm_mutex_lock(&fm.contexts);
    context = find(holder, filter, instance);
    if (context != NULL) {
        unlink_context(context);
    }
    fm_mutex_unlock(&fm.contexts);
    if (context == NULL) {
        return STATUS_NOT_FOUND;
    }
    give(old_context, context);
    return STATUS_SUCCESS;
}

VOID FLTAPI FltDeleteContext(PFLT_CONTEXT Context) {
    fm_context *context = context_of(Context);
    bool linked;

    fm_mutex_lock(&fm.contexts);
    linked = context->holder != NULL;
    if (linked) {
        unlink_context(context);
    }
    fm_mutex_unlock(&fm.contexts);
    if (linked) {
        release(context);
    }
}

/* Tear down --------------------------------------------------------------------------------------------------------- */

void fm_contexts_of_holder_delete(fm_context_holder *holder) {
    fm_context *context;

    do {
        fm_mutex_lock(&fm.contexts);
        context = holder->first;
        if (context != NULL) {
            unlink_context(context);
        }
        fm_mutex_unlock(&fm.contexts);
        if (context != NULL) {
            release(context);
        }
    } while (context != NULL);
}

static void delete_owned(PLIST_ENTRY owner) {
    fm_context *context;

    do {
        context = NULL;
        fm_mutex_lock(&fm.contexts);
        if (!IsListEmpty(owner)) {
            context = CONTAINING_RECORD(owner->Flink, fm_context, owner_link);
            unlink_context(context);
        }
        fm_mutex_unlock(&fm.contexts);
        if (context != NULL) {
            release(context);
        }
    } while (context != NULL);
}

void fm_contexts_of_instance_delete(PFLT_INSTANCE instance) {
    fm_mutex_lock(&fm.contexts);
    instance->closed = true;
    fm_mutex_unlock(&fm.contexts);
    delete_owned(&instance->contexts);
}

void fm_contexts_of_filter_delete(PFLT_FILTER filter) {
    delete_owned(&filter->volume_contexts);
}

/* One triple a kind ------------------------------------------------------------------------------------------------- */

NTSTATUS FLTAPI FltSetVolumeContext(PFLT_VOLUME Volume, FLT_SET_CONTEXT_OPERATION Operation, PFLT_CONTEXT NewContext,
                                    PFLT_CONTEXT *OldContext) {
    if (NewContext == NULL) {
        return STATUS_INVALID_PARAMETER;
    }
    return set(&Volume->contexts, context_of(NewContext)->filter, NULL, FLT_VOLUME_CONTEXT, Operation, NewContext,
               OldContext);
}

NTSTATUS FLTAPI FltGetVolumeContext(PFLT_FILTER Filter, PFLT_VOLUME Volume, PFLT_CONTEXT *Context) {
    return get(&Volume->contexts, Filter, NULL, Context);
}

NTSTATUS FLTAPI FltDeleteVolumeContext(PFLT_FILTER Filter, PFLT_VOLUME Volume, PFLT_CONTEXT *OldContext) {
    return delete (&Volume->contexts, Filter, NULL, OldContext);
}

NTSTATUS FLTAPI FltSetInstanceContext(PFLT_INSTANCE Instance, FLT_SET_CONTEXT_OPERATION Operation,
                                      PFLT_CONTEXT NewContext, PFLT_CONTEXT *OldContext) {
    return set(&Instance->own, Instance->filter, Instance, FLT_INSTANCE_CONTEXT, Operation, NewContext, OldContext);
}

NTSTATUS FLTAPI FltGetInstanceContext(PFLT_INSTANCE Instance, PFLT_CONTEXT *Context) {
    return get(&Instance->own, Instance->filter, Instance, Context);
}

NTSTATUS FLTAPI FltDeleteInstanceContext(PFLT_INSTANCE Instance, PFLT_CONTEXT *OldContext) {
    return delete (&Instance->own, Instance->filter, Instance, OldContext);
}

BOOLEAN FLTAPI FltSupportsFileContexts(PFILE_OBJECT FileObject) {
    return fm_file_of(FileObject)->stream != NULL;
}

BOOLEAN FLTAPI FltSupportsStreamContexts(PFILE_OBJECT FileObject) {
    return fm_file_of(FileObject)->stream != NULL;
}

BOOLEAN FLTAPI FltSupportsStreamHandleContexts(PFILE_OBJECT FileObject) {
    UNREFERENCED_PARAMETER(FileObject);
    return TRUE;
}

NTSTATUS FLTAPI FltSetFileContext(PFLT_INSTANCE Instance, PFILE_OBJECT FileObject, FLT_SET_CONTEXT_OPERATION Operation,
                                  PFLT_CONTEXT NewContext, PFLT_CONTEXT *OldContext) {
    fm_stream *stream = fm_file_of(FileObject)->stream;
    return stream == NULL ? STATUS_NOT_SUPPORTED
                          : set(&stream->file_contexts, Instance->filter, Instance, FLT_FILE_CONTEXT, Operation,
                                NewContext, OldContext);
}

NTSTATUS FLTAPI FltGetFileContext(PFLT_INSTANCE Instance, PFILE_OBJECT FileObject, PFLT_CONTEXT *Context) {
    fm_stream *stream = fm_file_of(FileObject)->stream;
    return stream == NULL ? STATUS_NOT_SUPPORTED : get(&stream->file_contexts, Instance->filter, Instance, Context);
}

NTSTATUS FLTAPI FltDeleteFileContext(PFLT_INSTANCE Instance, PFILE_OBJECT FileObject, PFLT_CONTEXT *OldContext) {
    fm_stream *stream = fm_file_of(FileObject)->stream;
    return stream == NULL ? STATUS_NOT_SUPPORTED
                          : delete (&stream->file_contexts, Instance->filter, Instance, OldContext);
}

NTSTATUS FLTAPI FltSetStreamContext(PFLT_INSTANCE Instance, PFILE_OBJECT FileObject,
                                    FLT_SET_CONTEXT_OPERATION Operation, PFLT_CONTEXT NewContext,
                                    PFLT_CONTEXT *OldContext) {
    fm_stream *stream = fm_file_of(FileObject)->stream;
    return stream == NULL ? STATUS_NOT_SUPPORTED
                          : set(&stream->stream_contexts, Instance->filter, Instance, FLT_STREAM_CONTEXT, Operation,
                                NewContext, OldContext);
}

NTSTATUS FLTAPI FltGetStreamContext(PFLT_INSTANCE Instance, PFILE_OBJECT FileObject, PFLT_CONTEXT *Context) {
    fm_stream *stream = fm_file_of(FileObject)->stream;
    return stream == NULL ? STATUS_NOT_SUPPORTED : get(&stream->stream_contexts, Instance->filter, Instance, Context);
}

NTSTATUS FLTAPI FltDeleteStreamContext(PFLT_INSTANCE Instance, PFILE_OBJECT FileObject, PFLT_CONTEXT *OldContext) {
    fm_stream *stream = fm_file_of(FileObject)->stream;
    return stream == NULL ? STATUS_NOT_SUPPORTED
                          : delete (&stream->stream_contexts, Instance->filter, Instance, OldContext);
}

NTSTATUS FLTAPI FltSetStreamHandleContext(PFLT_INSTANCE Instance, PFILE_OBJECT FileObject,
                                          FLT_SET_CONTEXT_OPERATION Operation, PFLT_CONTEXT NewContext,
                                          PFLT_CONTEXT *OldContext) {
    return set(&fm_file_of(FileObject)->contexts, Instance->filter, Instance, FLT_STREAMHANDLE_CONTEXT, Operation,
               NewContext, OldContext);
}

NTSTATUS FLTAPI FltGetStreamHandleContext(PFLT_INSTANCE Instance, PFILE_OBJECT FileObject, PFLT_CONTEXT *Context) {
    return get(&fm_file_of(FileObject)->contexts, Instance->filter, Instance, Context);
}

NTSTATUS FLTAPI FltDeleteStreamHandleContext(PFLT_INSTANCE Instance, PFILE_OBJECT FileObject,
                                             PFLT_CONTEXT *OldContext) {
    return delete (&fm_file_of(FileObject)->contexts, Instance->filter, Instance, OldContext);
}
