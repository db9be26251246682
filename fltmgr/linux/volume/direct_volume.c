/* SPDX-License-Identifier: Apache-2.0 */
#include "direct_volume.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "file_io.h"

struct fm_direct_volume {
    fm_volume *volume;
    int directory;
    char path[4096]; /* of the directory, as it was given, resolved */
    _Atomic uint64_t opens;
    _Atomic uint64_t succeeded;
    _Atomic uint64_t refused;
};

struct direct_file {
    fm_file file;
    const char *relative;
    int descriptor;
    int flags;
    bool execute;
    WCHAR path[FM_PATH_UNITS];
};

static struct direct_file *file_of(PFILE_OBJECT object) {
    return CONTAINING_RECORD(object, struct direct_file, file.object);
}

static int open_below(struct fm_direct_volume *volume, const char *relative, int flags) {
    struct open_how how = {.flags = (uint64_t)(flags | O_CLOEXEC | O_NOCTTY | O_NONBLOCK),
                           .mode = (flags & O_CREAT) != 0 ? 0644 : 0,
                           .resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS};
    return (int)syscall(SYS_openat2, volume->directory, relative, &how, sizeof(how));
}

/* Exclusive creation first, so that we know which of both it was. */
static NTSTATUS open_file(struct fm_direct_volume *volume, struct direct_file *file, ULONG_PTR *information) {
    *information = FILE_OPENED;
    file->descriptor = open_below(volume, file->relative, file->flags & ~O_CREAT);
    while (file->descriptor < 0 && errno == ENOENT && (file->flags & O_CREAT) != 0) {
        *information = FILE_CREATED;
        file->descriptor = open_below(volume, file->relative, file->flags | O_EXCL);
        if (file->descriptor < 0 && errno == EEXIST) {
            *information = FILE_OPENED;
            file->descriptor = open_below(volume, file->relative, file->flags & ~O_CREAT);
        } else {
            break;
        }
    }
    if (file->descriptor < 0) {
        *information = 0;
        return fm_status_of_errno(errno);
    }
    if (file->execute && faccessat(file->descriptor, "", X_OK, AT_EMPTY_PATH) != 0) {
        (void)close(file->descriptor);
        file->descriptor = -1;
        *information = 0;
        return STATUS_ACCESS_DENIED;
    }
    return STATUS_SUCCESS;
}

static void perform(void *context, fm_operation *operation) {
    struct direct_file *file = file_of(&operation->file->object);
    IO_STATUS_BLOCK *result = &operation->data.IoStatus;
    result->Information = 0;
    switch (operation->iopb.MajorFunction) {
    case IRP_MJ_CREATE:
        result->Status = open_file(context, file, &result->Information);
        break;
    case IRP_MJ_CLOSE:
        if (file->descriptor >= 0) {
            (void)close(file->descriptor);
            file->descriptor = -1;
        }
        result->Status = STATUS_SUCCESS;
        break;
    default:
        result->Status = STATUS_SUCCESS;
        break;
    }
}

static NTSTATUS name(void *context, PFILE_OBJECT object, FLT_FILE_NAME_OPTIONS format, PWCH buffer, ULONG capacity,
                     PULONG length) {
    UNREFERENCED_PARAMETER(context);
    UNREFERENCED_PARAMETER(format);
    return fm_give_name(&object->FileName, buffer, capacity, length);
}

static NTSTATUS read_file(void *context, PFILE_OBJECT object, LONGLONG offset, PVOID buffer, ULONG length,
                          PULONG bytes_read) {
    UNREFERENCED_PARAMETER(context);
    int descriptor = file_of(object)->descriptor;
    if (descriptor < 0) {
        *bytes_read = 0;
        return STATUS_FILE_CLOSED;
    }
    return fm_read_descriptor(descriptor, offset, buffer, length, bytes_read);
}

static void cancel_open(void *context, PFILE_OBJECT object) {
    UNREFERENCED_PARAMETER(context);
    struct direct_file *file = file_of(object);
    if (file->descriptor >= 0) {
        (void)close(file->descriptor);
        file->descriptor = -1;
    }
}

static NTSTATUS query_information(void *context, PFILE_OBJECT object, PVOID buffer, ULONG length,
                                  FILE_INFORMATION_CLASS information_class, PULONG returned) {
    UNREFERENCED_PARAMETER(context);
    int descriptor = file_of(object)->descriptor;
    return descriptor < 0 ? STATUS_FILE_CLOSED
                          : fm_query_descriptor(descriptor, buffer, length, information_class, returned);
}

static const fm_volume_ops operations = {
    .perform = perform,
    .name = name,
    .read = read_file,
    .cancel_open = cancel_open,
    .query_information = query_information,
};

NTSTATUS fm_direct_volume_create(const char *directory, PCUNICODE_STRING volume_name, struct fm_direct_volume **result,
                                 char *text, size_t capacity) {
    struct fm_direct_volume *volume = calloc(1, sizeof(*volume));
    if (volume == NULL) {
        (void)snprintf(text, capacity, "no memory for a volume");
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    volume->directory = open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
    char *resolved = volume->directory < 0 ? NULL : realpath(directory, NULL);
    if (resolved == NULL || strlen(resolved) >= sizeof(volume->path)) {
        int error = resolved == NULL ? errno : ENAMETOOLONG;
        (void)snprintf(text, capacity, "open %s: %s", directory, fm_errno_text(error));
        if (volume->directory >= 0) {
            (void)close(volume->directory);
        }
        free(resolved);
        free(volume);
        return fm_status_of_errno(error);
    }
    memcpy(volume->path, resolved, strlen(resolved) + 1);
    free(resolved);
    fm_volume_settings settings = {.name = *volume_name,
                                   .file_system = FLT_FSTYPE_UNKNOWN,
                                   .device_type = FILE_DEVICE_DISK_FILE_SYSTEM,
                                   .ops = &operations,
                                   .object = volume};
    NTSTATUS status = fm_volume_create(&settings, &volume->volume);
    if (!NT_SUCCESS(status)) {
        (void)snprintf(text, capacity, "the Filter Manager refused the volume with 0x%08X", (unsigned)status);
        (void)close(volume->directory);
        free(volume);
        return status;
    }
    *result = volume;
    return STATUS_SUCCESS;
}

void fm_direct_volume_destroy(struct fm_direct_volume *volume) {
    fm_volume_destroy(volume->volume);
    (void)close(volume->directory);
    free(volume);
}

/* The path below the directory, NULL when it is elsewhere. */
static const char *relative_path(const struct fm_direct_volume *volume, const char *path) {
    if (path[0] == '/') {
        size_t length = strlen(volume->path);
        if (strncmp(path, volume->path, length) != 0 || (path[length] != '/' && length != 1)) {
            return NULL;
        }
        path += length;
    }
    path += strspn(path, "/");
    return path[0] == '\0' ? "." : path;
}

static void run_plain(struct fm_direct_volume *volume, struct direct_file *file, UCHAR major, ULONG flags,
                      const fm_requestor *requestor) {
    fm_operation operation;
    fm_operation_init(&operation, volume->volume, &file->file, requestor);
    operation.iopb.MajorFunction = major;
    operation.iopb.IrpFlags = flags;
    (void)fm_operation_run(&operation);
}

static NTSTATUS run_create(struct fm_direct_volume *volume, struct direct_file *file, const struct fm_direct_open *open,
                           const fm_requestor *requestor) {
    fm_operation operation;
    IO_SECURITY_CONTEXT security = {0};
    security.DesiredAccess = (open->read ? FILE_GENERIC_READ : 0) | (open->write ? FILE_GENERIC_WRITE : 0) |
                             (open->execute ? FILE_GENERIC_EXECUTE : 0);
    security.FullCreateOptions = ((open->create ? FILE_OPEN_IF : FILE_OPEN) << 24) | FILE_SYNCHRONOUS_IO_NONALERT;
    fm_operation_init(&operation, volume->volume, &file->file, requestor);
    operation.iopb.MajorFunction = IRP_MJ_CREATE;
    operation.iopb.IrpFlags = IRP_CREATE_OPERATION | IRP_SYNCHRONOUS_API;
    operation.iopb.Parameters.Create.SecurityContext = &security;
    operation.iopb.Parameters.Create.Options = security.FullCreateOptions;
    operation.iopb.Parameters.Create.ShareAccess = FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE;
    return fm_operation_run(&operation);
}

NTSTATUS fm_direct_volume_open(struct fm_direct_volume *volume, const struct fm_direct_open *open,
                               const fm_requestor *requestor) {
    atomic_fetch_add_explicit(&volume->opens, 1, memory_order_relaxed);
    const char *relative = relative_path(volume, open->path);
    NTSTATUS status = STATUS_OBJECT_PATH_INVALID;
    if (relative != NULL) {
        struct direct_file file;
        fm_file_init(&file.file, volume->volume, NULL);
        file.relative = relative;
        file.descriptor = -1;
        file.execute = open->execute;
        file.flags = (open->write ? (open->read ? O_RDWR : O_WRONLY) : O_RDONLY) | (open->create ? O_CREAT : 0);
        file.file.object.FileName.Buffer = file.path;
        file.file.object.FileName.Length =
            (USHORT)(fm_windows_path(relative, file.path, FM_PATH_UNITS) * sizeof(WCHAR));
        file.file.object.FileName.MaximumLength = sizeof(file.path);
        fm_impersonate(requestor);
        status = run_create(volume, &file, open, requestor);
        if (NT_SUCCESS(status) && file.descriptor < 0) {
            status = STATUS_ACCESS_DENIED; /* cancelled by a filter that set no error */
        }
        if (NT_SUCCESS(status)) {
            run_plain(volume, &file, IRP_MJ_CLEANUP, IRP_SYNCHRONOUS_API, requestor);
            run_plain(volume, &file, IRP_MJ_CLOSE, IRP_CLOSE_OPERATION, requestor);
        }
        cancel_open(volume, &file.file.object); /* whatever went wrong in between */
        fm_file_fini(&file.file);
        fm_impersonate(NULL);
    }
    atomic_fetch_add_explicit(NT_SUCCESS(status) ? &volume->succeeded : &volume->refused, 1, memory_order_relaxed);
    return status;
}

void fm_direct_volume_counters(const struct fm_direct_volume *volume, struct fm_counter_sink *sink) {
    sink->add(sink, "direct.opens", atomic_load_explicit(&volume->opens, memory_order_relaxed));
    sink->add(sink, "direct.succeeded", atomic_load_explicit(&volume->succeeded, memory_order_relaxed));
    sink->add(sink, "direct.refused", atomic_load_explicit(&volume->refused, memory_order_relaxed));
}
