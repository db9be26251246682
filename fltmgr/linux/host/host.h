/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FLTMGR_LINUX_HOST_HOST_H
#define FLTMGR_LINUX_HOST_HOST_H

#include "options.h"
#include "supervisor.h"

/**
 * Everything that fltmgrd does, in the process that the supervisor watches: starts the parts in order, serves until it is told
 * to stop, stops them in reverse. Returns the exit status. Called once, while there is one thread.
 */
int fm_host_run(const struct fm_options *options, struct fm_heartbeat *heartbeat);

#endif
