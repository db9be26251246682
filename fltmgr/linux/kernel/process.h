/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FLTMGR_LINUX_KERNEL_PROCESS_H
#define FLTMGR_LINUX_KERNEL_PROCESS_H

#include <stdint.h>

/*
 * Process and thread objects: what a driver sees as PEPROCESS and PETHREAD. While anybody holds a reference there is one
 * process object for one process, so a driver may compare pointers; a reused pid gives another object.
 */

/** Returns a reference, NULL without memory. Thread-safe. */
void *fm_process_acquire(uint64_t pid, uint64_t key);

/** A thread object of another process's thread, with a reference. It holds one on its process. */
void *fm_thread_object_create(void *process, uint64_t tid);

/** One reference less, of a process, thread, section or event object. */
void fm_object_dereference(void *object);

/** A kernel handle of an object, which takes over the caller's reference; NULL without memory. ZwClose gives it back. */
void *fm_handle_open(void *object);

/** System threads that drivers have started and that still run. */
unsigned fm_system_threads(void);

/** Same, of those whose start routine lies in [start, end). */
unsigned fm_system_threads_of(uintptr_t start, uintptr_t end);

#endif
