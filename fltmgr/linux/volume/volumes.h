/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FLTMGR_LINUX_VOLUME_VOLUMES_H
#define FLTMGR_LINUX_VOLUME_VOLUMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../host/host_services.h"
#include "../host/options.h"
#include "gate.h"

/*
 * The volumes there are, by id: Fanotify1, Direct2, … Drivers see \Device\ID. Thread-safe; a volume that is in use is
 * removed after its last user. Results are NTSTATUS values; text says what failed and what to do.
 */

enum { FM_VOLUME_ID_LENGTH = 32 };

/** options must stay. */
void fm_volumes_init(const struct fm_options *options);

/** kind: "fanotify" or "direct". scope counts for fanotify only. Runs driver code. */
int32_t fm_volumes_add(const char *kind, const char *directory, const struct fm_gate_scope *scope,
                       char id[FM_VOLUME_ID_LENGTH], char *text, size_t capacity);

/** Runs driver code; waits for opens under way. */
int32_t fm_volumes_remove(const char *id, char *text, size_t capacity);
void fm_volumes_remove_all(void);
/** Only the fanotify volumes: whoever waits in an open is let go. */
void fm_volumes_remove_gates(void);

/**
 * Opens a file of a direct volume: access is letters of r w c x. Returns false when there was nothing to open on, with the
 * reason in *status and text; true and the outcome in *status otherwise.
 */
bool fm_volumes_open(const char *id, const char *path, const char *access, const fm_requestor *requestor,
                     int32_t *status, char *text, size_t capacity);

/** Sums over all volumes, removed ones included. */
void fm_volumes_counters(struct fm_counter_sink *sink);

#endif
