/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FLTMGR_WINE_KERNEL_IMPORTS_H
#define FLTMGR_WINE_KERNEL_IMPORTS_H

#include "ntoskrnl.h"

/**
 * Gives a minifilter the functions that it imports from ntoskrnl.exe and Wine lacks. The image itself is the same as for Windows: it
 * names them as imports, and here the addresses in its import table are replaced. Before its driver registers, and thus before
 * anything but the head of its DriverEntry has run.
 */
void fmw_imports_complete(const DRIVER_OBJECT *driver);

#endif
