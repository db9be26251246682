/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FLTMGR_LINUX_HOST_COUNTERS_H
#define FLTMGR_LINUX_HOST_COUNTERS_H

#include "host_services.h"

/** All counters of the host: core, server, volumes, workers, pool. Thread-safe. */
void fm_counters_collect(struct fm_counter_sink *sink);

#endif
