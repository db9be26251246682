/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FLTMGR_LINUX_HOST_CORE_HOST_H
#define FLTMGR_LINUX_HOST_CORE_HOST_H

#include "../../core/fltmgr_core.h"

/** What the core asks of the host: drivers.c. */
extern const fm_host_ops fm_linux_host_ops;

#endif
