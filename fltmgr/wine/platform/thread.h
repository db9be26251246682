/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FLTMGR_WINE_PLATFORM_THREAD_H
#define FLTMGR_WINE_PLATFORM_THREAD_H

#include "core_platform.h"

/*
 * The threads of fltmgr.sys that run driver code, and for whom each works at the moment.
 *
 * Windows runs a callback in its requestor's own thread; here a worker stands in for it. So that a driver sees the client
 * when it asks for the current process (rules CONN-09, USER-07), the worker takes on the client's thread object where Wine
 * keeps the current one. Where that place cannot be found, drivers see the host's process instead; nothing else changes.
 */
struct fmw_thread;

/** Once, on a thread of the system. */
void fmw_threads_start(void);

/** Makes the calling thread known. NULL: there are too many. */
struct fmw_thread *fmw_thread_begin(void);
void fmw_thread_end(struct fmw_thread *thread);

/** Around one piece of work. Alerts for what came before end with it. */
void fmw_thread_begin_job(struct fmw_thread *thread);
void fmw_thread_end_job(struct fmw_thread *thread);

/** For whom the calling thread works from now on; NULL: for nobody. The caller keeps requestor valid. */
void fmw_impersonate(const fm_requestor *requestor);

/** The calling thread's own, NULL on threads that are not ours. */
struct fmw_thread *fmw_thread_current(void);

/** Alerts what the thread is doing now (SEND-21). The caller makes sure that it is still doing it. */
void fmw_thread_alert(struct fmw_thread *thread);

#endif
