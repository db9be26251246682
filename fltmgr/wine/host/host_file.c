/* SPDX-License-Identifier: Apache-2.0 */
#include "host_file.h"

#include "answer.h"
#include "commands.h"
#include "kernel/complete.h"
#include "platform/identity.h"
#include "platform/workers.h"

/* Referenced by its file object and by the command that runs. */
struct fmw_host_file {
    LONG references;
    LONG busy;
    struct fmw_answer answer; /* whoever is busy */
};

struct command {
    struct fmw_job job; /* first */
    struct fmw_host_file *file;
    PIRP irp;
    ULONG length;
    char line[FM_WIRE_HOST_LINE_MAX + 1];
};

struct fmw_host_file *fmw_host_file_create(void) {
    struct fmw_host_file *file = fm_allocate(sizeof(*file));
    if (file != NULL) {
        file->references = 1;
    }
    return file;
}

void fmw_host_file_close(struct fmw_host_file *file) {
    if (InterlockedDecrement(&file->references) == 0) {
        fm_release(file);
    }
}

static void run(struct fmw_job *job) {
    struct command *command = CONTAINING_RECORD(job, struct command, job);
    struct fmw_host_file *file = command->file;
    PIRP irp = command->irp;
    const ULONG length = command->length;
    fmw_command_run(command->line, &file->answer);
    fm_release(command);
    (void)InterlockedExchange(&file->busy, FALSE);
    fmw_complete(irp, STATUS_SUCCESS, length);
    fmw_host_file_close(file);
}

static NTSTATUS check(const IO_STACK_LOCATION *stack) {
    struct fmw_identity *identity;
    bool allowed;
    if (stack->Parameters.Read.Length == 0 || stack->Parameters.Read.Length > FM_WIRE_HOST_LINE_MAX) {
        return STATUS_INVALID_PARAMETER;
    }
    identity = fmw_identity_of_client();
    allowed = identity != NULL && fmw_identity_is_administrator(identity);
    fmw_identity_release(identity);
    return allowed ? STATUS_SUCCESS : STATUS_ACCESS_DENIED;
}

NTSTATUS fmw_host_file_write(struct fmw_host_file *file, PIRP irp) {
    const IO_STACK_LOCATION *stack = IoGetCurrentIrpStackLocation(irp);
    struct command *command;
    NTSTATUS status = check(stack);
    if (!NT_SUCCESS(status)) {
        return fmw_complete_at_once(irp, status);
    }
    command = fm_allocate(sizeof(*command));
    if (command == NULL) {
        return fmw_complete_at_once(irp, STATUS_INSUFFICIENT_RESOURCES);
    }
    if (InterlockedExchange(&file->busy, TRUE) != FALSE) {
        fm_release(command);
        return fmw_complete_at_once(irp, STATUS_DEVICE_BUSY);
    }
    command->job.run = run;
    command->file = file;
    command->irp = irp;
    command->length = stack->Parameters.Read.Length;
    RtlCopyMemory(command->line, irp->AssociatedIrp.SystemBuffer, command->length);
    (void)InterlockedIncrement(&file->references);
    IoMarkIrpPending(irp);
    fmw_workers_submit(&command->job, fmw_command_pool(command->line));
    return STATUS_PENDING;
}

NTSTATUS fmw_host_file_read(struct fmw_host_file *file, PIRP irp) {
    const ULONG capacity = IoGetCurrentIrpStackLocation(irp)->Parameters.Read.Length;
    ULONG length;
    if (InterlockedExchange(&file->busy, TRUE) != FALSE) {
        return fmw_complete_at_once(irp, STATUS_DEVICE_BUSY);
    }
    length = file->answer.used;
    if (length != 0 && length <= capacity) {
        RtlCopyMemory(irp->AssociatedIrp.SystemBuffer, file->answer.bytes, length);
        file->answer.used = 0;
    }
    (void)InterlockedExchange(&file->busy, FALSE);
    if (length == 0) {
        return fmw_complete_at_once(irp, STATUS_END_OF_FILE);
    }
    if (length > capacity) {
        return fmw_complete_at_once(irp, STATUS_BUFFER_TOO_SMALL);
    }
    fmw_complete(irp, STATUS_SUCCESS, length);
    return STATUS_SUCCESS;
}
