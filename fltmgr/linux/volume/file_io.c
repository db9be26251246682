/* SPDX-License-Identifier: Apache-2.0 */
#include "file_io.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../kernel/utf.h"

NTSTATUS fm_status_of_errno(int error) {
    switch (error) {
    case 0:
        return STATUS_SUCCESS;
    case ENOENT:
        return STATUS_OBJECT_NAME_NOT_FOUND;
    case ENOTDIR:
        return STATUS_OBJECT_PATH_NOT_FOUND;
    case EXDEV:
    case ELOOP:
        return STATUS_OBJECT_PATH_INVALID;
    case EACCES:
    case EPERM:
    case EROFS:
    case ETXTBSY:
        return STATUS_ACCESS_DENIED;
    case EEXIST:
        return STATUS_OBJECT_NAME_COLLISION;
    case EISDIR:
        return STATUS_FILE_IS_A_DIRECTORY;
    case ENAMETOOLONG:
        return STATUS_NAME_TOO_LONG;
    case EMFILE:
    case ENFILE:
        return STATUS_TOO_MANY_OPENED_FILES;
    case ENOMEM:
        return STATUS_INSUFFICIENT_RESOURCES;
    case ENOSPC:
    case EDQUOT:
        return STATUS_DISK_FULL;
    case EINVAL:
        return STATUS_INVALID_PARAMETER;
    case EIO:
        return STATUS_IO_DEVICE_ERROR;
    default:
        return STATUS_UNSUCCESSFUL;
    }
}

NTSTATUS fm_read_descriptor(int descriptor, LONGLONG offset, PVOID buffer, ULONG length, PULONG bytes_read) {
    ULONG done = 0;
    *bytes_read = 0;
    while (done < length) {
        ssize_t count = pread(descriptor, (PUCHAR)buffer + done, length - done, offset + done);
        if (count < 0 && errno == EINTR) {
            continue;
        }
        if (count < 0) {
            return fm_status_of_errno(errno);
        }
        if (count == 0) {
            break;
        }
        done += (ULONG)count;
    }
    *bytes_read = done;
    return done == 0 && length != 0 ? STATUS_END_OF_FILE : STATUS_SUCCESS;
}

static LARGE_INTEGER system_time(const struct statx_timestamp *time) {
    LARGE_INTEGER value = {.QuadPart = time->tv_sec * 10000000LL + time->tv_nsec / 100 + 116444736000000000LL};
    return value;
}

NTSTATUS fm_query_descriptor(int descriptor, PVOID buffer, ULONG length, FILE_INFORMATION_CLASS information_class,
                             PULONG returned) {
    struct statx status;
    *returned = 0;
    if (statx(descriptor, "", AT_EMPTY_PATH, STATX_BASIC_STATS | STATX_BTIME, &status) != 0) {
        return fm_status_of_errno(errno);
    }
    union {
        FILE_BASIC_INFORMATION basic;
        FILE_STANDARD_INFORMATION standard;
        FILE_INTERNAL_INFORMATION internal;
        FILE_ID_INFORMATION id;
    } u;
    ULONG size;
    BOOLEAN directory = S_ISDIR(status.stx_mode);
    RtlZeroMemory(&u, sizeof(u));
    switch ((int)information_class) {
    case FileBasicInformation:
        size = sizeof(u.basic);
        u.basic.CreationTime =
            system_time((status.stx_mask & STATX_BTIME) != 0 ? &status.stx_btime : &status.stx_ctime);
        u.basic.LastAccessTime = system_time(&status.stx_atime);
        u.basic.LastWriteTime = system_time(&status.stx_mtime);
        u.basic.ChangeTime = system_time(&status.stx_ctime);
        u.basic.FileAttributes = directory                       ? FILE_ATTRIBUTE_DIRECTORY
                                 : (status.stx_mode & 0222) == 0 ? FILE_ATTRIBUTE_READONLY
                                                                 : FILE_ATTRIBUTE_NORMAL;
        break;
    case FileStandardInformation:
        size = sizeof(u.standard);
        u.standard.AllocationSize.QuadPart = (LONGLONG)status.stx_blocks * 512;
        u.standard.EndOfFile.QuadPart = (LONGLONG)status.stx_size;
        u.standard.NumberOfLinks = status.stx_nlink;
        u.standard.DeletePending = status.stx_nlink == 0;
        u.standard.Directory = directory;
        break;
    case FileInternalInformation:
        size = sizeof(u.internal);
        u.internal.IndexNumber.QuadPart = (LONGLONG)status.stx_ino;
        break;
    case FileIdInformation:
        size = sizeof(u.id);
        u.id.VolumeSerialNumber = (ULONGLONG)status.stx_dev_major << 32 | status.stx_dev_minor;
        RtlCopyMemory(u.id.FileId.Identifier, &status.stx_ino, sizeof(status.stx_ino));
        break;
    default:
        return STATUS_INVALID_INFO_CLASS;
    }
    if (length < size) {
        return STATUS_INFO_LENGTH_MISMATCH;
    }
    RtlCopyMemory(buffer, &u, size);
    *returned = size;
    return STATUS_SUCCESS;
}

ULONG fm_windows_path(const char *path, PWCH buffer, ULONG capacity) {
    ULONG units = 0;
    if (path[0] != '/' && capacity != 0) {
        buffer[units++] = '\\';
    }
    size_t count = fm_utf8_to_utf16(path, strlen(path), (uint16_t *)buffer + units, capacity - units);
    units += (ULONG)(count > capacity - units ? capacity - units : count);
    for (ULONG i = 0; i < units; i++) {
        buffer[i] = buffer[i] == '/' ? '\\' : buffer[i];
    }
    return units;
}

NTSTATUS fm_give_name(PCUNICODE_STRING path, PWCH buffer, ULONG capacity, PULONG length) {
    *length = path->Length;
    if (path->Length > capacity) {
        return STATUS_BUFFER_TOO_SMALL;
    }
    RtlCopyMemory(buffer, path->Buffer, path->Length);
    return STATUS_SUCCESS;
}
