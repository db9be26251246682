/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The two devices. Everything here runs on the one thread that dispatches all requests of all clients: it parses, finds, hands on,
 * and runs no driver code.
 */
#include "device.h"

#include "host/host_file.h"
#include "kernel/complete.h"
#include "transport/client.h"
#include "wire.h"

static PDEVICE_OBJECT message_device;
static PDEVICE_OBJECT host_device;

static PFILE_OBJECT file_of(PIRP irp) {
    return IoGetCurrentIrpStackLocation(irp)->FileObject;
}

/* Wine tells nobody that a create failed, so an object without memory is an object without context. */
static NTSTATUS NTAPI create(PDEVICE_OBJECT device, PIRP irp) {
    PFILE_OBJECT file = file_of(irp);
    file->FsContext = device == host_device ? (PVOID)fmw_host_file_create() : (PVOID)fmw_client_create();
    return fmw_complete_at_once(irp, file->FsContext != NULL ? STATUS_SUCCESS : STATUS_INSUFFICIENT_RESOURCES);
}

static NTSTATUS NTAPI close(PDEVICE_OBJECT device, PIRP irp) {
    PFILE_OBJECT file = file_of(irp);
    PVOID context = file->FsContext;
    file->FsContext = NULL;
    if (context == NULL) {
        return fmw_complete_at_once(irp, STATUS_SUCCESS);
    }
    if (device == host_device) {
        fmw_host_file_close(context);
        return fmw_complete_at_once(irp, STATUS_SUCCESS);
    }
    return fmw_client_close(context, irp);
}

static NTSTATUS NTAPI control(PDEVICE_OBJECT device, PIRP irp) {
    struct fmw_client *client = file_of(irp)->FsContext;
    if (device == host_device) {
        return fmw_complete_at_once(irp, STATUS_INVALID_DEVICE_REQUEST);
    }
    if (client == NULL) {
        return fmw_complete_at_once(irp, STATUS_INSUFFICIENT_RESOURCES);
    }
    switch (IoGetCurrentIrpStackLocation(irp)->Parameters.DeviceIoControl.IoControlCode) {
    case FM_WIRE_GET:
        return fmw_dispatch_get(client, irp);
    case FM_WIRE_REPLY:
        return fmw_dispatch_reply(client, irp);
    case FM_WIRE_SEND:
        return fmw_dispatch_send(client, irp);
    case FM_WIRE_CONNECT:
        return fmw_dispatch_connect(client, irp);
    default:
        return fmw_complete_at_once(irp, STATUS_INVALID_DEVICE_REQUEST);
    }
}

static NTSTATUS NTAPI write(PDEVICE_OBJECT device, PIRP irp) {
    struct fmw_host_file *file = file_of(irp)->FsContext;
    if (device != host_device || file == NULL) {
        return fmw_complete_at_once(irp, STATUS_INVALID_DEVICE_REQUEST);
    }
    return fmw_host_file_write(file, irp);
}

static NTSTATUS NTAPI read(PDEVICE_OBJECT device, PIRP irp) {
    struct fmw_host_file *file = file_of(irp)->FsContext;
    if (device != host_device || file == NULL) {
        return fmw_complete_at_once(irp, STATUS_INVALID_DEVICE_REQUEST);
    }
    return fmw_host_file_read(file, irp);
}

static NTSTATUS make(PDRIVER_OBJECT driver, PCWSTR device_path, PCWSTR link_path, PDEVICE_OBJECT *device) {
    UNICODE_STRING name;
    UNICODE_STRING link;
    NTSTATUS status;
    RtlInitUnicodeString(&name, device_path);
    RtlInitUnicodeString(&link, link_path);
    status = IoCreateDevice(driver, 0, &name, FILE_DEVICE_DISK_FILE_SYSTEM, 0, FALSE, device);
    if (NT_SUCCESS(status)) {
        (void)IoDeleteSymbolicLink(&link); /* one of an earlier process lives on */
        status = IoCreateSymbolicLink(&link, &name);
    }
    if (!NT_SUCCESS(status) && status != STATUS_OBJECT_NAME_COLLISION) {
        DbgPrint("fltmgr: device %ws: 0x%08X\n", device_path, (unsigned)status);
    }
    return status;
}

NTSTATUS fmw_devices_create(PDRIVER_OBJECT driver) {
    NTSTATUS status;
    driver->MajorFunction[IRP_MJ_CREATE] = create;
    driver->MajorFunction[IRP_MJ_CLOSE] = close;
    driver->MajorFunction[IRP_MJ_DEVICE_CONTROL] = control;
    driver->MajorFunction[IRP_MJ_READ] = read;
    driver->MajorFunction[IRP_MJ_WRITE] = write;
    status = make(driver, FM_WIRE_DEVICE, FM_WIRE_LINK, &message_device);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    status = make(driver, FM_WIRE_HOST_DEVICE, FM_WIRE_HOST_LINK, &host_device);
    if (!NT_SUCCESS(status)) {
        IoDeleteDevice(message_device);
        return status;
    }
    host_device->Flags |= DO_BUFFERED_IO;
    host_device->Flags &= ~DO_DEVICE_INITIALIZING;
    message_device->Flags &= ~DO_DEVICE_INITIALIZING;
    return STATUS_SUCCESS;
}

/* Wine ends the requests that are on their way, and frees the devices on the dispatching thread after what it is at. */
void fmw_devices_delete(void) {
    IoDeleteDevice(message_device);
    IoDeleteDevice(host_device);
}
