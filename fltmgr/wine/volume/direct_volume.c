/* SPDX-License-Identifier: Apache-2.0 */
#include "direct_volume.h"

#include "kernel/ntoskrnl.h"
#include "path.h"
#include "platform/thread.h"

struct fmw_direct_volume {
    fm_volume *volume;
    struct fmw_path directory; /* \??\C:\data, no backslash at its end */
};

struct direct_file {
    fm_file file;
    HANDLE handle; /* NULL: not open */
    struct fmw_path path;
};

static struct direct_file *file_of(PFILE_OBJECT object) {
    return CONTAINING_RECORD(object, struct direct_file, file.object);
}

static void close_file(struct direct_file *file) {
    if (file->handle != NULL) {
        (void)ZwClose(file->handle);
        file->handle = NULL;
    }
}

static void perform_create(struct direct_file *file, const FLT_IO_PARAMETER_BLOCK *iopb, IO_STATUS_BLOCK *result) {
    const ULONG options = iopb->Parameters.Create.Options;
    OBJECT_ATTRIBUTES attributes;
    IO_STATUS_BLOCK block = {{STATUS_SUCCESS}, 0};
    enum { DISPOSITION_SHIFT = 24 };
    InitializeObjectAttributes(&attributes, &file->path.string, OBJ_CASE_INSENSITIVE | OBJ_KERNEL_HANDLE, NULL, NULL);
    result->Status = ZwCreateFile(&file->handle, iopb->Parameters.Create.SecurityContext->DesiredAccess | SYNCHRONIZE,
                                  &attributes, &block, NULL, FILE_ATTRIBUTE_NORMAL, iopb->Parameters.Create.ShareAccess,
                                  options >> DISPOSITION_SHIFT,
                                  (options & FILE_VALID_OPTION_FLAGS) | FILE_SYNCHRONOUS_IO_NONALERT, NULL, 0);
    result->Information = block.Information;
    if (!NT_SUCCESS(result->Status)) {
        file->handle = NULL;
        result->Information = 0;
    }
}

static void perform(void *context, fm_operation *operation) {
    struct direct_file *file = file_of(&operation->file->object);
    IO_STATUS_BLOCK *result = &operation->data.IoStatus;
    UNREFERENCED_PARAMETER(context);
    result->Status = STATUS_SUCCESS;
    result->Information = 0;
    if (operation->iopb.MajorFunction == IRP_MJ_CREATE) {
        perform_create(file, &operation->iopb, result);
    } else if (operation->iopb.MajorFunction == IRP_MJ_CLOSE) {
        close_file(file);
    }
}

static NTSTATUS name(void *context, PFILE_OBJECT object, FLT_FILE_NAME_OPTIONS format, PWCH buffer, ULONG capacity,
                     PULONG length) {
    UNREFERENCED_PARAMETER(context);
    UNREFERENCED_PARAMETER(format);
    *length = object->FileName.Length;
    if (object->FileName.Length > capacity) {
        return STATUS_BUFFER_TOO_SMALL;
    }
    RtlCopyMemory(buffer, object->FileName.Buffer, object->FileName.Length);
    return STATUS_SUCCESS;
}

static NTSTATUS read_file(void *context, PFILE_OBJECT object, LONGLONG offset, PVOID buffer, ULONG length,
                          PULONG bytes_read) {
    struct direct_file *file = file_of(object);
    ULONG done = 0;
    NTSTATUS status = STATUS_SUCCESS;
    UNREFERENCED_PARAMETER(context);
    *bytes_read = 0;
    if (file->handle == NULL) {
        return STATUS_FILE_CLOSED;
    }
    while (done < length) {
        LARGE_INTEGER at = {.QuadPart = offset + done};
        IO_STATUS_BLOCK block = {{STATUS_SUCCESS}, 0};
        status = ZwReadFile(file->handle, NULL, NULL, NULL, &block, (PUCHAR)buffer + done, length - done, &at, NULL);
        if (!NT_SUCCESS(status) || block.Information == 0) {
            break;
        }
        done += (ULONG)block.Information;
    }
    *bytes_read = done;
    if (status == STATUS_END_OF_FILE && done != 0) {
        return STATUS_SUCCESS;
    }
    return NT_SUCCESS(status) && done == 0 && length != 0 ? STATUS_END_OF_FILE : status;
}

static void cancel_open(void *context, PFILE_OBJECT object) {
    UNREFERENCED_PARAMETER(context);
    close_file(file_of(object));
}

static NTSTATUS query_information(void *context, PFILE_OBJECT object, PVOID buffer, ULONG length,
                                  FILE_INFORMATION_CLASS information_class, PULONG returned) {
    struct direct_file *file = file_of(object);
    IO_STATUS_BLOCK block = {{STATUS_SUCCESS}, 0};
    NTSTATUS status;
    UNREFERENCED_PARAMETER(context);
    *returned = 0;
    if (file->handle == NULL) {
        return STATUS_FILE_CLOSED;
    }
    status = ZwQueryInformationFile(file->handle, &block, buffer, length, information_class);
    if (NT_SUCCESS(status)) {
        *returned = (ULONG)block.Information;
    }
    return status;
}

static const fm_volume_ops operations = {
    .perform = perform,
    .name = name,
    .read = read_file,
    .cancel_open = cancel_open,
    .query_information = query_information,
};

static NTSTATUS check_directory(struct fmw_path *directory) {
    OBJECT_ATTRIBUTES attributes;
    IO_STATUS_BLOCK block;
    HANDLE handle;
    NTSTATUS status;
    InitializeObjectAttributes(&attributes, &directory->string, OBJ_CASE_INSENSITIVE | OBJ_KERNEL_HANDLE, NULL, NULL);
    status = ZwCreateFile(&handle, FILE_LIST_DIRECTORY | SYNCHRONIZE, &attributes, &block, NULL, 0,
                          FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, FILE_OPEN,
                          FILE_DIRECTORY_FILE | FILE_SYNCHRONOUS_IO_NONALERT, NULL, 0);
    if (NT_SUCCESS(status)) {
        (void)ZwClose(handle);
    }
    return status;
}

NTSTATUS fmw_direct_volume_create(const char *id, const char *directory, struct fmw_direct_volume **result,
                                  const char **text) {
    struct fmw_direct_volume *volume = fm_allocate(sizeof(*volume));
    struct fmw_path *device = fm_allocate(sizeof(*device));
    fm_volume_settings settings;
    NTSTATUS status = STATUS_INSUFFICIENT_RESOURCES;
    *text = "no memory for a volume";
    if (volume == NULL || device == NULL) {
        goto done;
    }
    fmw_path_init(&volume->directory);
    fmw_path_init(device);
    *text = "the directory cannot be opened: it must be there, written as in C:\\data";
    status = fmw_path_append(&volume->directory, "\\??\\", directory);
    if (!NT_SUCCESS(status) || !NT_SUCCESS(status = check_directory(&volume->directory)) ||
        !NT_SUCCESS(status = fmw_path_append(device, "\\Device\\", id))) {
        goto done;
    }
    RtlZeroMemory(&settings, sizeof(settings));
    settings.name = device->string;
    settings.file_system = FLT_FSTYPE_UNKNOWN;
    settings.device_type = FILE_DEVICE_DISK_FILE_SYSTEM;
    settings.ops = &operations;
    settings.object = volume;
    *text = "the Filter Manager refused the volume";
    status = fm_volume_create(&settings, &volume->volume);
done:
    fm_release(device);
    if (!NT_SUCCESS(status)) {
        fm_release(volume);
        return status;
    }
    *result = volume;
    return STATUS_SUCCESS;
}

void fmw_direct_volume_destroy(struct fmw_direct_volume *volume) {
    fm_volume_destroy(volume->volume);
    fm_release(volume);
}

static NTSTATUS run_create(struct fmw_direct_volume *volume, struct direct_file *file,
                           const struct fmw_direct_open *open, const fm_requestor *requestor) {
    fm_operation operation;
    IO_SECURITY_CONTEXT security;
    RtlZeroMemory(&security, sizeof(security));
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

static void run_plain(struct fmw_direct_volume *volume, struct direct_file *file, UCHAR major, ULONG flags,
                      const fm_requestor *requestor) {
    fm_operation operation;
    fm_operation_init(&operation, volume->volume, &file->file, requestor);
    operation.iopb.MajorFunction = major;
    operation.iopb.IrpFlags = flags;
    (void)fm_operation_run(&operation);
}

static NTSTATUS run_open(struct fmw_direct_volume *volume, struct direct_file *file, const struct fmw_direct_open *open,
                         const fm_requestor *requestor) {
    NTSTATUS status;
    fm_file_init(&file->file, volume->volume, NULL);
    file->file.object.FileName = fmw_path_below(&file->path, &volume->directory);
    fmw_impersonate(requestor);
    status = run_create(volume, file, open, requestor);
    if (NT_SUCCESS(status) && file->handle == NULL) {
        status = STATUS_ACCESS_DENIED; /* cancelled by a filter that set no error */
    }
    if (NT_SUCCESS(status)) {
        run_plain(volume, file, IRP_MJ_CLEANUP, IRP_SYNCHRONOUS_API, requestor);
        run_plain(volume, file, IRP_MJ_CLOSE, IRP_CLOSE_OPERATION, requestor);
    }
    close_file(file); /* whatever went wrong in between */
    fm_file_fini(&file->file);
    fmw_impersonate(NULL);
    return status;
}

NTSTATUS fmw_direct_volume_open(struct fmw_direct_volume *volume, const struct fmw_direct_open *open,
                                const fm_requestor *requestor) {
    struct direct_file *file = fm_allocate(sizeof(*file));
    NTSTATUS status;
    if (file == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    fmw_path_init(&file->path);
    status = fmw_path_inside(&file->path, &volume->directory, open->path);
    if (NT_SUCCESS(status)) {
        status = run_open(volume, file, open, requestor);
    }
    fm_release(file);
    return status;
}
