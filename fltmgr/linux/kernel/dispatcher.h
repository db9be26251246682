/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FLTMGR_LINUX_KERNEL_DISPATCHER_H
#define FLTMGR_LINUX_KERNEL_DISPATCHER_H

#include <fltKernel.h>

/* DISPATCHER_HEADER.Type, with Windows' numbers. */
enum {
    FM_OBJECT_NOTIFICATION_EVENT = 0,
    FM_OBJECT_SYNCHRONIZATION_EVENT = 1,
    FM_OBJECT_PROCESS = 3,
    FM_OBJECT_SEMAPHORE = 5,
    FM_OBJECT_THREAD = 6,
    FM_OBJECT_SECTION = 64, /* nothing to wait for; here so that every object tells its type in the same way */
};

/** An object that can be waited for; a process or thread stays signalled once it is. */
void fm_dispatcher_init(DISPATCHER_HEADER *header, UCHAR type, LONG state);

/** Sets the state and wakes whom it satisfies. Returns the state before. Thread-safe. */
LONG fm_dispatcher_signal(DISPATCHER_HEADER *header, LONG state);

#endif
