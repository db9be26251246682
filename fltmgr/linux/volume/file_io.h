/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FLTMGR_LINUX_VOLUME_FILE_IO_H
#define FLTMGR_LINUX_VOLUME_FILE_IO_H

#include "../../core/fltmgr_core.h"

/* What both kinds of volume do with a file they have a descriptor of. Thread-safe; may block on the file system. */

NTSTATUS fm_status_of_errno(int error);

/** FltReadFile: STATUS_END_OF_FILE and 0 bytes behind the end. */
NTSTATUS fm_read_descriptor(int descriptor, LONGLONG offset, PVOID buffer, ULONG length, PULONG bytes_read);

/** FltQueryInformationFile: basic, standard, internal and id information. */
NTSTATUS fm_query_descriptor(int descriptor, PVOID buffer, ULONG length, FILE_INFORMATION_CLASS information_class,
                             PULONG returned);

enum { FM_PATH_UNITS = 4096 + 16 };

/** Turns a Linux path into a Windows one that begins with a backslash; cut at capacity. Returns the length in units. */
ULONG fm_windows_path(const char *path, PWCH buffer, ULONG capacity);

/** Answers a volume's name operation from text that is known already. */
NTSTATUS fm_give_name(PCUNICODE_STRING path, PWCH buffer, ULONG capacity, PULONG length);

#endif
