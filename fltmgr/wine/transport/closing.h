/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FLTMGR_WINE_TRANSPORT_CLOSING_H
#define FLTMGR_WINE_TRANSPORT_CLOSING_H

#include "platform/core_platform.h"

/*
 * The closes that are under way. On Windows CloseHandle returns after DisconnectNotify has, so who closes and then connects finds
 * the place in the port free (OPEN-10). Wine's CloseHandle waits for nothing: what it leaves behind is waited for by the
 * next connect of the same process.
 */
struct fmw_closing {
    LIST_ENTRY link;
    uint64_t process_id;
    uint64_t number; /* in the order of the closes */
};

/** Once, before the devices are there. */
void fmw_closing_start(void);

/** A process closes a connection. Never blocks; the caller's storage, until fmw_closing_end. */
void fmw_closing_begin(struct fmw_closing *closing, uint64_t process_id);

/** DisconnectNotify has returned. */
void fmw_closing_end(struct fmw_closing *closing);

/** The number of the last close so far. */
uint64_t fmw_closing_last(void);

/**
 * Waits until the closes of this process up to that number have ended, three seconds at the most: a driver's DisconnectNotify
 * may take as long as it likes, and then the port's limit decides.
 */
void fmw_closing_wait(uint64_t process_id, uint64_t last);

#endif
