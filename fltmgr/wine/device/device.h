/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FLTMGR_WINE_DEVICE_DEVICE_H
#define FLTMGR_WINE_DEVICE_DEVICE_H

#include "kernel/ntoskrnl.h"

#include "fltmgr_core.h"

/* entry.c: everything starts with the first filter that registers, or with fltmgr as a service of its own. */
NTSTATUS fmw_start(void);

/** The last driver has unloaded: the devices go, and come again with the next. As a service of its own, it keeps them. */
void fmw_stop(void);

/* dispatch.c: both devices on our own driver object. */
NTSTATUS fmw_devices_create(PDRIVER_OBJECT driver);
void fmw_devices_delete(void);

/* filters.c: what the Filter Manager knows of a driver from its service's registry key. */
extern const fm_host_ops fmw_host_ops;
void fmw_filters_start(void);

/** What drivers import as FltRegisterFilter. */
NTSTATUS FLTAPI fmw_register_filter(PDRIVER_OBJECT Driver, CONST FLT_REGISTRATION *Registration,
                                    PFLT_FILTER *RetFilter);

#endif
