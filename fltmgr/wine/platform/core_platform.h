/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FLTMGR_WINE_PLATFORM_CORE_PLATFORM_H
#define FLTMGR_WINE_PLATFORM_CORE_PLATFORM_H

#include "kernel/ntoskrnl.h"

#include "fltmgr_core.h"

/** Once, before the core starts. False: this is not the kernel we know. */
bool fmw_platform_start(void);

/** False when the deadline is over first. */
bool fmw_event_wait(PKEVENT event, const fm_deadline *deadline);

#endif
