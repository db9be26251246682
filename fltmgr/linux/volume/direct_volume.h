/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FLTMGR_LINUX_VOLUME_DIRECT_VOLUME_H
#define FLTMGR_LINUX_VOLUME_DIRECT_VOLUME_H

#include "../../core/fltmgr_core.h"
#include "../host/host_services.h"

/*
 * A directory whose files are opened only by fm_direct_volume_open(): the same callbacks, no kernel support, no privilege.
 * Nobody else's opens are seen.
 */
struct fm_direct_volume;

/** What to open and for whom. */
struct fm_direct_open {
    const char *path; /* relative to the directory, or absolute inside it */
    bool read;
    bool write;
    bool create; /* if it is not there */
    bool execute;
};

NTSTATUS fm_direct_volume_create(const char *directory, PCUNICODE_STRING name, struct fm_direct_volume **volume,
                                 char *text, size_t capacity);

/** No open may be running. Runs driver code. */
void fm_direct_volume_destroy(struct fm_direct_volume *volume);

/**
 * Runs IRP_MJ_CREATE through the filters and opens the file below them; when that succeeded, closes it again with
 * IRP_MJ_CLEANUP and IRP_MJ_CLOSE. Blocks as long as the filters do. Returns the create's status.
 */
NTSTATUS fm_direct_volume_open(struct fm_direct_volume *volume, const struct fm_direct_open *open,
                               const fm_requestor *requestor);

void fm_direct_volume_counters(const struct fm_direct_volume *volume, struct fm_counter_sink *sink);

#endif
