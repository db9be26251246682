/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Retained verdicts, an extension: filters agree that opens of a file need not be asked again, and the volume below remembers it.
 *
 * A file is retained only when every filter that saw its open has said so: a filter that was passed by would otherwise never hear of
 * that file again. For the same reason a filter that attaches makes every volume forget.
 */
#include "internal.h"

NTSTATUS FLTAPI FilterportRetainBegin(PFLT_CALLBACK_DATA Data, PFLT_INSTANCE Instance) {
    fm_operation *operation = fm_operation_of(Data);
    const fm_volume_ops *ops = Instance->volume->ops;

    if (ops->retain_begin == NULL) {
        return STATUS_NOT_SUPPORTED;
    }
    if (operation->iopb.MajorFunction != IRP_MJ_CREATE || !FlagOn(Data->Flags, FLTFL_CALLBACK_DATA_POST_OPERATION)) {
        return STATUS_INVALID_PARAMETER;
    }
    return ops->retain_begin(operation->volume->host, operation);
}

NTSTATUS FLTAPI FilterportRetain(PFLT_CALLBACK_DATA Data, PFLT_INSTANCE Instance) {
    fm_operation *operation = fm_operation_of(Data);
    const fm_volume_ops *ops = Instance->volume->ops;
    bool all = true;

    if (ops->retain == NULL) {
        return STATUS_NOT_SUPPORTED;
    }
    for (ULONG i = 0; i < operation->call_count; i++) {
        fm_call *call = &operation->calls[i];
        if (call->instance == Instance) {
            call->retains = true;
        }
        all = all && call->retains;
    }
    return all ? ops->retain(operation->volume->host, operation) : STATUS_PENDING;
}

VOID FLTAPI FilterportRetainDrop(VOID) {
    uint64_t done = 0;

    for (;;) {
        PFLT_VOLUME next = NULL;

        /* In the order of their creation: what appears meanwhile has nothing retained that is older than this call. */
        fm_mutex_lock(&fm.lock);
        for (PLIST_ENTRY entry = fm.volumes.Flink; entry != &fm.volumes && next == NULL; entry = entry->Flink) {
            PFLT_VOLUME volume = CONTAINING_RECORD(entry, struct _FLT_VOLUME, link);
            if (volume->id > done && fm_rundown_acquire(&volume->object.rundown)) {
                next = volume;
            }
        }
        fm_mutex_unlock(&fm.lock);
        if (next == NULL) {
            return;
        }
        done = next->id;
        fm_volume_drop_retained(next);
        fm_rundown_release(&next->object.rundown);
    }
}

void fm_volume_drop_retained(PFLT_VOLUME volume) {
    if (volume->ops->retain_drop != NULL) {
        volume->ops->retain_drop(volume->host);
    }
}
