/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FLTMGR_WINE_HOST_SERVICES_H
#define FLTMGR_WINE_HOST_SERVICES_H

#include "kernel/ntoskrnl.h"

/* Names are UTF-8. Both run driver code. */

/**
 * Loads the driver of a service into this process, without the service manager. Once: its image stays. Who wants to load a driver
 * again and again starts and stops its service.
 */
NTSTATUS fmw_service_load(const char *name);

/** Unloads a filter, which may refuse. Its image goes when its service is stopped. */
NTSTATUS fmw_service_unload(const char *name);

#endif
