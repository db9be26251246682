/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FLTMGR_WINE_VOLUME_DIRECT_VOLUME_H
#define FLTMGR_WINE_VOLUME_DIRECT_VOLUME_H

#include "fltmgr_core.h"

/*
 * A directory whose files are opened only by fmw_direct_volume_open(): the same callbacks, no kernel support. Nobody else's opens
 * are seen. Paths are UTF-8, with slashes of either kind.
 */
struct fmw_direct_volume;

/** What to open. */
struct fmw_direct_open {
    const char *path; /* relative to the directory, or absolute inside it */
    bool read;
    bool write;
    bool create; /* if it is not there */
    bool execute;
};

/** Runs driver code (InstanceSetup). directory: a path such as C:\data. */
NTSTATUS fmw_direct_volume_create(const char *id, const char *directory, struct fmw_direct_volume **volume,
                                  const char **text);

/** No open may be running. Runs driver code. */
void fmw_direct_volume_destroy(struct fmw_direct_volume *volume);

/**
 * Runs IRP_MJ_CREATE through the filters and opens the file below them; when that succeeded, closes it again with
 * IRP_MJ_CLEANUP and IRP_MJ_CLOSE. Blocks as long as the filters do. Returns the create's status.
 */
NTSTATUS fmw_direct_volume_open(struct fmw_direct_volume *volume, const struct fmw_direct_open *open,
                                const fm_requestor *requestor);

#endif
