/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Sections: memory that a driver shares with a client's process. Part of <ntifs.h>; own declarations, Windows' names and
 * values.
 *
 * On Linux
 * - A section is anonymous memory (FileHandle NULL, no name). It lives until its last handle, reference and view is gone.
 * - A view is of the whole section, or of its beginning.
 * - The only processes are the host's own (the system's) and the one whose FilterSendMessage the calling thread is
 *   serving: so a driver maps into a client on the client's own request. Anything else is STATUS_NOT_SUPPORTED.
 * - A view that a client has with PAGE_READONLY cannot be made writable by it, not even through /proc. From the first of
 *   them on, the section gives no new writable view to anybody; the system's own has to be there already.
 * - The client may unmap its views at any time (UnmapViewOfFile); they go with the process at the latest.
 */
#ifndef FILTERPORT_NTIFS_SECTION_H
#define FILTERPORT_NTIFS_SECTION_H

#include "ntdef.h"

FP_EXTERN_C_BEGIN
FP_EXPORTS_BEGIN

#define SECTION_QUERY 0x0001u
#define SECTION_MAP_WRITE 0x0002u
#define SECTION_MAP_READ 0x0004u
#define SECTION_ALL_ACCESS 0x000F001Fu
#define SEC_COMMIT 0x08000000u
#define PROCESS_VM_OPERATION 0x0008u

typedef enum _SECTION_INHERIT { ViewShare = 1, ViewUnmap = 2 } SECTION_INHERIT;

NTSTATUS NTAPI ZwCreateSection(PHANDLE SectionHandle, ACCESS_MASK DesiredAccess, POBJECT_ATTRIBUTES ObjectAttributes,
                               PLARGE_INTEGER MaximumSize, ULONG SectionPageProtection, ULONG AllocationAttributes,
                               HANDLE FileHandle);
NTSTATUS NTAPI ZwMapViewOfSection(HANDLE SectionHandle, HANDLE ProcessHandle, PVOID *BaseAddress, ULONG_PTR ZeroBits,
                                  SIZE_T CommitSize, PLARGE_INTEGER SectionOffset, PSIZE_T ViewSize,
                                  SECTION_INHERIT InheritDisposition, ULONG AllocationType, ULONG Win32Protect);
NTSTATUS NTAPI ZwUnmapViewOfSection(HANDLE ProcessHandle, PVOID BaseAddress);

/** Section is the object, referenced by handle. The view is writable and good for any thread up to APC_LEVEL. */
NTSTATUS NTAPI MmMapViewInSystemSpace(PVOID Section, PVOID *MappedBase, PSIZE_T ViewSize);
NTSTATUS NTAPI MmUnmapViewInSystemSpace(PVOID MappedBase);

FP_EXPORTS_END
FP_EXTERN_C_END

#endif
