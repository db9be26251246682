/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FLTMGR_WINE_KERNEL_COMPLETE_H
#define FLTMGR_WINE_KERNEL_COMPLETE_H

#include "ntoskrnl.h"

void fmw_complete_start(void);

/** Completes a request. No lock may be held: Wine cancels requests under the lock that completing takes. */
void fmw_complete(PIRP irp, NTSTATUS status, ULONG_PTR information);

/** The same on the dispatching thread, in a dispatch routine; returns status. */
NTSTATUS fmw_complete_at_once(PIRP irp, NTSTATUS status);

#endif
