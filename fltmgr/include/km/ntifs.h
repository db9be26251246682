/* SPDX-License-Identifier: Apache-2.0 */
/**
 * The part of the kernel's interface that a minifilter needs, for builds without the WDK: own declarations, Windows'
 * names, layouts and values. What Microsoft documents for a function holds here unless its comment says otherwise.
 *
 * Differences on Linux, all in one place:
 * - Drivers run in user mode. The IRQL is always PASSIVE_LEVEL; PAGED_CODE() checks nothing.
 * - __try / __except compile, but faults are not caught: the guarded block simply runs. Buffers handed to a driver are
 *   therefore always copies in the host's own memory. __leave is not offered.
 * - A pool tag is kept for diagnostics only; a pool type makes no difference.
 */
#ifndef FILTERPORT_NTIFS_H
#define FILTERPORT_NTIFS_H

#include <stdarg.h>

#include "ntdef.h"
#include "ntstatus.h"

#include "ntifs/dispatcher.h"
#include "ntifs/exceptions.h"
#include "ntifs/file.h"
#include "ntifs/interlocked.h"
#include "ntifs/irql.h"
#include "ntifs/list.h"
#include "ntifs/lock.h"
#include "ntifs/memory.h"
#include "ntifs/process.h"
#include "ntifs/registry.h"
#include "ntifs/section.h"
#include "ntifs/security.h"
#include "ntifs/string.h"
#include "ntifs/time.h"

#endif
