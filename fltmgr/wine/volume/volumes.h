/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FLTMGR_WINE_VOLUME_VOLUMES_H
#define FLTMGR_WINE_VOLUME_VOLUMES_H

#include "kernel/ntoskrnl.h"

/*
 * The volumes there are, by id: Direct1, Direct2, … Drivers see \Device\ID. Text is UTF-8. Thread-safe; a volume that is in use
 * is removed after its last user.
 */

enum { FMW_VOLUME_ID_LENGTH = 24 };

struct fmw_volume_counters {
    ULONG64 opens;
    ULONG64 succeeded;
    ULONG64 refused;
};

void fmw_volumes_start(void);

/** Runs driver code. *text: what failed. */
NTSTATUS fmw_volumes_add(const char *directory, char id[FMW_VOLUME_ID_LENGTH], const char **text);

/** Runs driver code; waits for opens under way. */
NTSTATUS fmw_volumes_remove(const char *id);

/**
 * Opens a file in the name of a process: access is letters of r w c x. False when there was nothing to open on, with the
 * reason in *status and *text; true and the outcome in *status otherwise. Runs driver code.
 */
bool fmw_volumes_open(const char *id, const char *path, const char *access, ULONG process_id, NTSTATUS *status,
                      const char **text);

/** Of all volumes, removed ones included. */
void fmw_volumes_counters(struct fmw_volume_counters *counters);

#endif
