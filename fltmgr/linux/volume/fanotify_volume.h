/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FLTMGR_LINUX_VOLUME_FANOTIFY_VOLUME_H
#define FLTMGR_LINUX_VOLUME_FANOTIFY_VOLUME_H

#include "../../core/fltmgr_core.h"
#include "../host/host_services.h"
#include "../host/options.h"

struct fm_gate_scope;

/*
 * A directory whose opens the kernel holds until the filters have decided. gate.h has the rules of the game; here an
 * event becomes IRP_MJ_CREATE (a read: IRP_MJ_READ) and its status a verdict. A reported close becomes IRP_MJ_CLEANUP, a
 * reported write IRP_MJ_WRITE of no length; their status changes nothing.
 */
struct fm_fanotify_volume;

/** text says what failed and what to do. On success opens below the directory wait for the filters. Runs driver code. */
NTSTATUS fm_fanotify_volume_create(const char *directory, PCUNICODE_STRING name, const struct fm_gate_scope *scope,
                                   const struct fm_options *options, struct fm_fanotify_volume **volume, char *text,
                                   size_t capacity);

/** Lets everything go that waits, then tears down and gives the final counters. Runs driver code. */
void fm_fanotify_volume_destroy(struct fm_fanotify_volume *volume, struct fm_counter_sink *sink);

void fm_fanotify_volume_counters(const struct fm_fanotify_volume *volume, struct fm_counter_sink *sink);

#endif
