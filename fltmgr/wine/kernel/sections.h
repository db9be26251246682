/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FLTMGR_WINE_KERNEL_SECTIONS_H
#define FLTMGR_WINE_KERNEL_SECTIONS_H

#include "ntoskrnl.h"

/*
 * Sections in the system's address space, which Wine's kernel has as stubs only, and references to section objects, which
 * it does not know. All drivers run in one process, so a view of that process is the system's. The object that a driver
 * gets of a section is its handle in another form: good for as long as the handle is open.
 */
NTSTATUS NTAPI fmw_reference_by_handle(HANDLE handle, ACCESS_MASK access, POBJECT_TYPE type, KPROCESSOR_MODE mode,
                                       PVOID *object, POBJECT_HANDLE_INFORMATION information);
LONG_PTR NTAPI fmw_dereference(PVOID object);
NTSTATUS NTAPI fmw_map_in_system_space(PVOID section, PVOID *base, PSIZE_T length);
NTSTATUS NTAPI fmw_unmap_in_system_space(PVOID base);

#endif
