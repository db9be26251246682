/* SPDX-License-Identifier: Apache-2.0 */
/* Volumes, and what a driver asks about them and through them. */
#include "internal.h"

static void attach_filters(PFLT_VOLUME volume) {
    uint64_t done = 0;

    for (;;) {
        PFLT_FILTER next = NULL;

        /* In the order of registration: ids only grow, so no filter is taken twice though the list changes between the steps. */
        fm_mutex_lock(&fm.lock);
        for (PLIST_ENTRY entry = fm.filters.Flink; entry != &fm.filters; entry = entry->Flink) {
            PFLT_FILTER filter = CONTAINING_RECORD(entry, struct _FLT_FILTER, link);
            if (filter->id > done && filter->started && (next == NULL || filter->id < next->id)) {
                next = filter;
            }
        }
        if (next != NULL) {
            done = next->id;
            if (!fm_rundown_acquire(&next->object.rundown)) {
                fm_mutex_unlock(&fm.lock);
                continue;
            }
        }
        fm_mutex_unlock(&fm.lock);
        if (next == NULL) {
            return;
        }
        (void)fm_instance_attach(next, volume, &next->altitude, &next->instance_name,
                                 FLTFL_INSTANCE_SETUP_AUTOMATIC_ATTACHMENT | FLTFL_INSTANCE_SETUP_NEWLY_MOUNTED_VOLUME,
                                 NULL);
        fm_rundown_release(&next->object.rundown);
    }
}

NTSTATUS fm_volume_create(const fm_volume_settings *settings, fm_volume **result) {
    PFLT_VOLUME volume = fm_allocate(sizeof(*volume));

    *result = NULL;
    if (volume == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    if (!fm_string_copy(&volume->name, &settings->name)) {
        fm_release(volume);
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    volume->object.kind = FM_KIND_VOLUME;
    fm_mutex_init(&volume->lock);
    InitializeListHead(&volume->instances);
    volume->file_system = settings->file_system;
    volume->device_type = settings->device_type;
    volume->sector_size = settings->sector_size != 0 ? settings->sector_size : 512;
    volume->ops = settings->ops;
    volume->host = settings->object;

    fm_mutex_lock(&fm.lock);
    volume->id = ++fm.next_volume_id;
    InsertTailList(&fm.volumes, &volume->link);
    fm_mutex_unlock(&fm.lock);
    *result = volume;
    attach_filters(volume);
    return STATUS_SUCCESS;
}

void fm_volume_destroy(fm_volume *volume) {
    fm_mutex_lock(&fm.lock);
    volume->deleting = true;
    fm_mutex_unlock(&fm.lock);

    fm_instances_of_volume_teardown(volume);
    fm_contexts_of_holder_delete(&volume->contexts);
    fm_rundown_wait(&volume->object.rundown);
    fm_contexts_of_holder_delete(&volume->contexts); /* set by a driver that still held a reference */

    fm_mutex_lock(&fm.lock);
    (void)RemoveEntryList(&volume->link);
    fm_mutex_unlock(&fm.lock);
    fm_mutex_fini(&volume->lock);
    fm_string_free(&volume->name);
    fm_release(volume);
}

/* Properties -------------------------------------------------------------------------------------------------------- */

NTSTATUS FLTAPI FltGetVolumeName(PFLT_VOLUME Volume, PUNICODE_STRING VolumeName, PULONG BufferSizeNeeded) {
    if (BufferSizeNeeded != NULL) {
        *BufferSizeNeeded = Volume->name.Length;
    }
    if (VolumeName == NULL || VolumeName->MaximumLength < Volume->name.Length) {
        return STATUS_BUFFER_TOO_SMALL;
    }
    __builtin_memcpy(VolumeName->Buffer, Volume->name.Buffer, Volume->name.Length);
    VolumeName->Length = Volume->name.Length;
    return STATUS_SUCCESS;
}

NTSTATUS FLTAPI FltGetFileSystemType(PVOID FltObject, FLT_FILESYSTEM_TYPE *FileSystemType) {
    const fm_object *object = FltObject;

    if (object->kind == FM_KIND_VOLUME) {
        *FileSystemType = ((PFLT_VOLUME)FltObject)->file_system;
    } else if (object->kind == FM_KIND_INSTANCE) {
        *FileSystemType = ((PFLT_INSTANCE)FltObject)->volume->file_system;
    } else {
        return STATUS_INVALID_PARAMETER;
    }
    return STATUS_SUCCESS;
}

NTSTATUS FLTAPI FltGetVolumeProperties(PFLT_VOLUME Volume, PFLT_VOLUME_PROPERTIES VolumeProperties,
                                       ULONG VolumePropertiesLength, PULONG LengthReturned) {
    const ULONG needed = (ULONG)sizeof(*VolumeProperties) + Volume->name.Length;

    *LengthReturned = needed;
    if (VolumePropertiesLength < sizeof(*VolumeProperties)) {
        return STATUS_BUFFER_TOO_SMALL;
    }
    __builtin_memset(VolumeProperties, 0, sizeof(*VolumeProperties));
    VolumeProperties->DeviceType = Volume->device_type;
    VolumeProperties->SectorSize = Volume->sector_size;
    if (VolumePropertiesLength < needed) {
        *LengthReturned = sizeof(*VolumeProperties);
        return STATUS_BUFFER_OVERFLOW;
    }
    VolumeProperties->RealDeviceName.Buffer = (PWCH)(void *)(VolumeProperties + 1);
    VolumeProperties->RealDeviceName.Length = VolumeProperties->RealDeviceName.MaximumLength = Volume->name.Length;
    __builtin_memcpy(VolumeProperties->RealDeviceName.Buffer, Volume->name.Buffer, Volume->name.Length);
    return STATUS_SUCCESS;
}

/* Files below a filter ---------------------------------------------------------------------------------------------- */

NTSTATUS FLTAPI FltReadFile(PFLT_INSTANCE InitiatingInstance, PFILE_OBJECT FileObject, PLARGE_INTEGER ByteOffset,
                            ULONG Length, PVOID Buffer, FLT_IO_OPERATION_FLAGS Flags, PULONG BytesRead,
                            PFLT_COMPLETED_ASYNC_IO_CALLBACK CallbackRoutine, PVOID CallbackContext) {
    PFLT_VOLUME volume = InitiatingInstance->volume;
    ULONG count = 0;
    NTSTATUS status;

    UNREFERENCED_PARAMETER(CallbackContext);
    if (BytesRead != NULL) {
        *BytesRead = 0;
    }
    if (CallbackRoutine != NULL || volume->ops->read == NULL) {
        return STATUS_NOT_SUPPORTED;
    }
    LARGE_INTEGER offset = ByteOffset != NULL ? *ByteOffset : FileObject->CurrentByteOffset;
    if (offset.QuadPart < 0) {
        return STATUS_INVALID_PARAMETER;
    }
    status = volume->ops->read(volume->host, FileObject, offset.QuadPart, Buffer, Length, &count);
    if (NT_SUCCESS(status)) {
        if (BytesRead != NULL) {
            *BytesRead = count;
        }
        if (!FlagOn(Flags, FLTFL_IO_OPERATION_DO_NOT_UPDATE_BYTE_OFFSET)) {
            FileObject->CurrentByteOffset.QuadPart = offset.QuadPart + count;
        }
    }
    return status;
}

NTSTATUS FLTAPI FltQueryInformationFile(PFLT_INSTANCE Instance, PFILE_OBJECT FileObject, PVOID FileInformation,
                                        ULONG Length, FILE_INFORMATION_CLASS FileInformationClass,
                                        PULONG LengthReturned) {
    PFLT_VOLUME volume = Instance->volume;
    ULONG returned = 0;
    NTSTATUS status;

    if (volume->ops->query_information == NULL) {
        return STATUS_NOT_SUPPORTED;
    }
    status = volume->ops->query_information(volume->host, FileObject, FileInformation, Length, FileInformationClass,
                                            &returned);
    if (LengthReturned != NULL) {
        *LengthReturned = returned;
    }
    return status;
}

NTSTATUS FLTAPI FltIsDirectory(PFILE_OBJECT FileObject, PFLT_INSTANCE Instance, PBOOLEAN IsDirectory) {
    FILE_STANDARD_INFORMATION information;
    NTSTATUS status;

    status =
        FltQueryInformationFile(Instance, FileObject, &information, sizeof(information), FileStandardInformation, NULL);
    if (NT_SUCCESS(status)) {
        *IsDirectory = information.Directory;
    }
    return status;
}

VOID FLTAPI FltCancelFileOpen(PFLT_INSTANCE Instance, PFILE_OBJECT FileObject) {
    PFLT_VOLUME volume = Instance->volume;

    FileObject->Flags |= FO_FILE_OPEN_CANCELLED;
    if (volume->ops->cancel_open != NULL) {
        volume->ops->cancel_open(volume->host, FileObject);
    }
}

/* Aligned for reads that bypass the cache; the block's address stands in front of what is handed out. */
PVOID FLTAPI FltAllocatePoolAlignedWithTag(PFLT_INSTANCE Instance, POOL_TYPE PoolType, SIZE_T NumberOfBytes,
                                           ULONG Tag) {
    const size_t alignment = Instance->volume->sector_size;
    const size_t extra = alignment + sizeof(void *);
    uintptr_t address;
    void *block;

    UNREFERENCED_PARAMETER(PoolType);
    UNREFERENCED_PARAMETER(Tag);
    if (NumberOfBytes > SIZE_MAX - extra) {
        return NULL;
    }
    block = fm_allocate(NumberOfBytes + extra);
    if (block == NULL) {
        return NULL;
    }
    address = ((uintptr_t)block + extra - 1) / alignment * alignment;
    ((void **)address)[-1] = block;
    return (PVOID)address;
}

VOID FLTAPI FltFreePoolAlignedWithTag(PFLT_INSTANCE Instance, PVOID Buffer, ULONG Tag) {
    UNREFERENCED_PARAMETER(Instance);
    UNREFERENCED_PARAMETER(Tag);
    if (Buffer != NULL) {
        fm_release(((void **)Buffer)[-1]);
    }
}
