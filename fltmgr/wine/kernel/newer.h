/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FLTMGR_WINE_KERNEL_NEWER_H
#define FLTMGR_WINE_KERNEL_NEWER_H

#include "ntoskrnl.h"

/** Our own function for one that Wine's kernel lacks or has as a stub only; NULL: Wine's will do. */
PVOID fmw_newer_function(const char *name);

/** When a process started, in units of 100 ns since 1601; 0 when it is not known. */
LONGLONG fmw_process_start(HANDLE process_id);

#endif
