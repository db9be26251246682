/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FLTMGR_LINUX_HOST_DRIVERS_H
#define FLTMGR_LINUX_HOST_DRIVERS_H

#include <stddef.h>
#include <stdint.h>

/*
 * The drivers that are loaded. Loading and unloading run driver code in the calling thread, one at a time.
 */

/** Where images lie. Once, before the first load; the string must stay. */
void fm_drivers_init(const char *folder);

/**
 * Loads NAME.so and calls its DriverEntry. altitude NULL: what NAME.inf says, or one of the host's choice.
 * Returns an NTSTATUS; text says what failed and what to do.
 */
int32_t fm_drivers_load(const char *name, const char *altitude, char *text, size_t capacity);

/** As `fltmc unload`: a driver may refuse, unless mandatory. */
int32_t fm_drivers_unload(const char *name, int mandatory, char *text, size_t capacity);

/** Unloads all, last loaded first; they cannot refuse. Returns how many had to stay. */
unsigned fm_drivers_unload_all(void);

unsigned fm_drivers_count(void);

#endif
