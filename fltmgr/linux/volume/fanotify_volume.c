/* SPDX-License-Identifier: Apache-2.0 */
#include "fanotify_volume.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/fanotify.h>

#include "file_io.h"
#include "gate.h"
#include "gate_reader.h"
#include "verdict_cache.h"

struct fm_fanotify_volume {
    struct fm_gate gate;
    fm_volume *volume;
    struct fm_verdict_cache cache;
};

/* The file of one event, on the worker's stack. */
struct gated_file {
    fm_file file;
    int descriptor;
    bool cancelled;
    struct fm_retention retention;
    WCHAR path[FM_PATH_UNITS];
};

static struct gated_file *file_of(PFILE_OBJECT object) {
    return CONTAINING_RECORD(object, struct gated_file, file.object);
}

static void perform(void *context, fm_operation *operation) {
    UNREFERENCED_PARAMETER(context);
    /* The kernel has opened the file for us and holds the opener: nothing is left to do but to say so. */
    operation->data.IoStatus.Status = STATUS_SUCCESS;
    operation->data.IoStatus.Information = operation->iopb.MajorFunction == IRP_MJ_CREATE ? FILE_OPENED : 0;
}

static NTSTATUS name(void *context, PFILE_OBJECT object, FLT_FILE_NAME_OPTIONS format, PWCH buffer, ULONG capacity,
                     PULONG length) {
    UNREFERENCED_PARAMETER(context);
    UNREFERENCED_PARAMETER(format);
    const struct gated_file *file = file_of(object);
    return fm_give_name(&file->file.object.FileName, buffer, capacity, length);
}

static NTSTATUS read_file(void *context, PFILE_OBJECT object, LONGLONG offset, PVOID buffer, ULONG length,
                          PULONG bytes_read) {
    UNREFERENCED_PARAMETER(context);
    return fm_read_descriptor(file_of(object)->descriptor, offset, buffer, length, bytes_read);
}

static void cancel_open(void *context, PFILE_OBJECT object) {
    UNREFERENCED_PARAMETER(context);
    file_of(object)->cancelled = true;
}

static NTSTATUS query_information(void *context, PFILE_OBJECT object, PVOID buffer, ULONG length,
                                  FILE_INFORMATION_CLASS information_class, PULONG returned) {
    UNREFERENCED_PARAMETER(context);
    return fm_query_descriptor(file_of(object)->descriptor, buffer, length, information_class, returned);
}

static NTSTATUS status_of_retention(enum fm_retain_result result) {
    switch (result) {
    case FM_RETAIN_OK:
        return STATUS_SUCCESS;
    case FM_RETAIN_WRITABLE:
        return STATUS_ACCESS_DENIED;
    case FM_RETAIN_WRITER:
        return STATUS_SHARING_VIOLATION;
    case FM_RETAIN_CHANGED:
    case FM_RETAIN_DROPPED:
        return STATUS_RETRY;
    case FM_RETAIN_FULL:
        return STATUS_QUOTA_EXCEEDED;
    default:
        return STATUS_NOT_SUPPORTED;
    }
}

static NTSTATUS retain_begin(void *context, fm_operation *operation) {
    struct fm_fanotify_volume *volume = context;
    struct gated_file *file = file_of(&operation->file->object);
    return status_of_retention(fm_verdict_cache_begin(&volume->cache, &file->retention, file->descriptor));
}

static NTSTATUS retain(void *context, fm_operation *operation) {
    struct fm_fanotify_volume *volume = context;
    struct gated_file *file = file_of(&operation->file->object);
    return status_of_retention(fm_verdict_cache_keep(&volume->cache, &file->retention, file->descriptor));
}

static void retain_drop(void *context) {
    struct fm_fanotify_volume *volume = context;
    fm_verdict_cache_drop(&volume->cache);
}

static const fm_volume_ops operations = {
    .perform = perform,
    .name = name,
    .read = read_file,
    .cancel_open = cancel_open,
    .query_information = query_information,
    .retain_begin = retain_begin,
    .retain = retain,
    .retain_drop = retain_drop,
};

/* Fills the file's path, relative to the gated directory. False when it lies outside. */
static bool place_file(struct fm_fanotify_volume *volume, struct gated_file *file) {
    struct fm_place place;
    fm_ancestry_locate(&volume->gate.ancestry, file->descriptor, &place);
    file->file.object.FileName.Buffer = file->path;
    file->file.object.FileName.Length =
        (USHORT)(fm_windows_path(place.relative, file->path, FM_PATH_UNITS) * sizeof(WCHAR));
    file->file.object.FileName.MaximumLength = sizeof(file->path);
    return place.inside;
}

static void fill_parameters(fm_operation *operation, uint64_t mask, PIO_SECURITY_CONTEXT security) {
    FLT_IO_PARAMETER_BLOCK *iopb = &operation->iopb;
    if ((mask & FAN_ACCESS_PERM) != 0) {
        iopb->MajorFunction = IRP_MJ_READ;
        iopb->IrpFlags = IRP_READ_OPERATION | IRP_SYNCHRONOUS_API;
        return; /* the kernel does not say where and how much */
    }
    iopb->MajorFunction = IRP_MJ_CREATE;
    iopb->IrpFlags = IRP_CREATE_OPERATION | IRP_SYNCHRONOUS_API;
    /* The kernel does not say which access was asked for either: only executions are told apart. */
    security->DesiredAccess =
        (mask & FAN_OPEN_EXEC_PERM) != 0 ? FILE_GENERIC_READ | FILE_GENERIC_EXECUTE : FILE_GENERIC_READ;
    security->FullCreateOptions = (FILE_OPEN << 24) | FILE_NON_DIRECTORY_FILE;
    iopb->Parameters.Create.SecurityContext = security;
    iopb->Parameters.Create.Options = security->FullCreateOptions;
    iopb->Parameters.Create.ShareAccess = FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE;
}

static void decide(struct fm_gated_event *event) {
    struct fm_fanotify_volume *volume = event->gate->context;
    struct fm_identity *identity = fm_identity_of_opener(event->pid);
    if (identity == NULL) {
        fm_gate_answer_undeliverable(event);
        return;
    }
    fm_impersonate(&identity->requestor);
    struct gated_file file;
    fm_file_init(&file.file, volume->volume, NULL);
    file.descriptor = event->descriptor;
    file.cancelled = false;
    if (!place_file(volume, &file)) {
        fm_gate_answer_outside(event);
    } else {
        fm_operation operation;
        IO_SECURITY_CONTEXT security = {0};
        fm_operation_init(&operation, volume->volume, &file.file, &identity->requestor);
        fill_parameters(&operation, event->mask, &security);
        fm_verdict_cache_prepare(&volume->cache, &file.retention, event->mask);
        NTSTATUS status = fm_operation_run(&operation);
        bool allowed = NT_SUCCESS(status) && !file.cancelled;
        fm_verdict_cache_end(&volume->cache, &file.retention, file.descriptor, allowed);
        (void)fm_gate_answer(event, allowed ? FM_VERDICT_ALLOW : FM_VERDICT_DENY);
    }
    fm_file_fini(&file.file);
    fm_impersonate(NULL);
    fm_identity_release(identity);
}

static void run_report(struct fm_fanotify_volume *volume, struct gated_file *file, UCHAR major, ULONG flags,
                       const fm_requestor *requestor) {
    fm_operation operation;
    fm_operation_init(&operation, volume->volume, &file->file, requestor);
    operation.iopb.MajorFunction = major;
    operation.iopb.IrpFlags = flags;
    (void)fm_operation_run(&operation);
}

static void tell(struct fm_report *report) {
    struct fm_fanotify_volume *volume = report->gate->context;
    struct fm_identity *identity = fm_identity_of_opener(report->pid);
    if (identity == NULL) {
        return;
    }
    fm_impersonate(&identity->requestor);
    struct gated_file file;
    fm_file_init(&file.file, volume->volume, NULL);
    file.descriptor = report->descriptor;
    file.cancelled = false;
    if (place_file(volume, &file)) {
        if ((report->mask & FAN_MODIFY) != 0) {
            run_report(volume, &file, IRP_MJ_WRITE, IRP_WRITE_OPERATION, &identity->requestor);
        }
        if ((report->mask & (FAN_CLOSE_WRITE | FAN_CLOSE_NOWRITE)) != 0) {
            if ((report->mask & FAN_CLOSE_WRITE) != 0) {
                SetFlag(file.file.object.Flags, FO_FILE_MODIFIED);
            }
            run_report(volume, &file, IRP_MJ_CLEANUP, IRP_SYNCHRONOUS_API, &identity->requestor);
        }
    }
    fm_file_fini(&file.file);
    fm_impersonate(NULL);
    fm_identity_release(identity);
}

static void explain(const char *call, const char *directory, int error, char *text, size_t capacity) {
    const char *advice =
        error == EPERM || error == EACCES ? "; a fanotify volume needs root (CAP_SYS_ADMIN): run fltmgrd as "
                                            "root or use a direct volume"
        : error == ENODEV || error == EXDEV || error == EOPNOTSUPP
            ? "; this file system cannot be marked: use another, such as ext4, xfs or tmpfs"
        : error == EINVAL ? "; this kernel lacks fanotify permission events (CONFIG_FANOTIFY_ACCESS_PERMISSIONS)"
                          : "";
    (void)snprintf(text, capacity, "%s for %s: %s%s", call, directory, fm_errno_text(error), advice);
}

NTSTATUS fm_fanotify_volume_create(const char *directory, PCUNICODE_STRING volume_name,
                                   const struct fm_gate_scope *scope, const struct fm_options *options,
                                   struct fm_fanotify_volume **result, char *text, size_t capacity) {
    struct fm_fanotify_volume *volume = calloc(1, sizeof(*volume));
    if (volume == NULL) {
        (void)snprintf(text, capacity, "no memory for a volume");
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    /* The filters first: from the mark on, opens come. */
    fm_verdict_cache_init(&volume->cache);
    fm_volume_settings settings = {.name = *volume_name,
                                   .file_system = FLT_FSTYPE_UNKNOWN,
                                   .device_type = FILE_DEVICE_DISK_FILE_SYSTEM,
                                   .ops = &operations,
                                   .object = volume};
    NTSTATUS status = fm_volume_create(&settings, &volume->volume);
    if (!NT_SUCCESS(status)) {
        (void)snprintf(text, capacity, "the Filter Manager refused the volume with 0x%08X", (unsigned)status);
        fm_verdict_cache_fini(&volume->cache);
        free(volume);
        return status;
    }
    volume->gate.decide = decide;
    volume->gate.report = tell;
    volume->gate.context = volume;
    const char *call;
    if (fm_gate_open(&volume->gate, directory, scope, options, &call) != 0) {
        int error = errno;
        explain(call, directory, error, text, capacity);
        fm_volume_destroy(volume->volume);
        fm_verdict_cache_fini(&volume->cache);
        free(volume);
        return error == EPERM ? STATUS_PRIVILEGE_NOT_HELD : fm_status_of_errno(error);
    }
    (void)fm_verdict_cache_open(&volume->cache, volume->gate.group, !scope->directory_only, volume->gate.ancestry.mount,
                                options->most_kept);
    fm_gate_reader_add(&volume->gate);
    *result = volume;
    return STATUS_SUCCESS;
}

void fm_fanotify_volume_destroy(struct fm_fanotify_volume *volume, struct fm_counter_sink *sink) {
    fm_gate_release(&volume->gate);
    fm_verdict_cache_close(&volume->cache);
    fm_gate_reader_remove(&volume->gate);
    fm_gate_close(&volume->gate);
    fm_fanotify_volume_counters(volume, sink);
    fm_volume_destroy(volume->volume);
    fm_verdict_cache_fini(&volume->cache);
    free(volume);
}

static void add_cache_counters(const struct fm_cache_counters *counters, struct fm_counter_sink *sink) {
#define ADD(name) sink->add(sink, "cache." #name, atomic_load_explicit(&counters->name, memory_order_relaxed))
    ADD(kept);
    ADD(entries);
    ADD(invalidated);
    ADD(evicted);
    ADD(dropped);
    ADD(drops);
    ADD(refused_unsupported);
    ADD(refused_writable);
    ADD(refused_writer);
    ADD(refused_changed);
    ADD(refused_dropped);
    ADD(refused_full);
    ADD(overflows);
#undef ADD
}

void fm_fanotify_volume_counters(const struct fm_fanotify_volume *volume, struct fm_counter_sink *sink) {
    add_cache_counters(&volume->cache.counters, sink);
    const struct fm_gate_counters *counters = &volume->gate.counters;
#define ADD(name) sink->add(sink, "gate." #name, atomic_load_explicit(&counters->name, memory_order_relaxed))
    ADD(read);
    ADD(own);
    ADD(outside);
    ADD(overload);
    ADD(undeliverable);
    ADD(allowed);
    ADD(denied);
    ADD(late);
    ADD(released);
    ADD(in_flight);
    ADD(in_flight_high_mark);
    ADD(queue_overflows);
    ADD(read_failures);
    ADD(answer_failures);
    ADD(reports);
    ADD(reports_lost);
    ADD(reports_in_flight);
#undef ADD
}
