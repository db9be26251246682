/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FLTMGR_LINUX_HOST_THREAD_H
#define FLTMGR_LINUX_HOST_THREAD_H

#include <stdbool.h>
#include <stdint.h>

#include "../../core/platform.h"

/*
 * The host's own threads: for whom each works at the moment, and how it is told to give up.
 *
 * A thread object is never freed, only used again for a later thread, so a pointer to one is always safe to alert with;
 * the job number tells whether the alert still means the job it was meant for.
 */
struct fm_host_thread;

/** Makes the calling thread known; name is at most 15 bytes. Never NULL: aborts without memory. */
struct fm_host_thread *fm_host_thread_begin(const char *name);
void fm_host_thread_end(struct fm_host_thread *thread);

/** The calling thread's, NULL on threads that did not begin as such. */
struct fm_host_thread *fm_host_thread_current(void);

/** Around each job: no alert and no requestor of the job before is left. */
void fm_host_thread_begin_job(struct fm_host_thread *thread);
void fm_host_thread_end_job(struct fm_host_thread *thread);

/**
 * Sets for whom the calling thread works, NULL for the system itself. The requestor must stay valid until it is replaced
 * or the job ends.
 */
void fm_impersonate(const fm_requestor *requestor);

/**
 * Tells the thread to give up what it waits for in FltSendMessage (STATUS_THREAD_IS_TERMINATING). The caller makes sure
 * that the thread is inside the job it means, for instance by a lock that the thread must take to leave it. Never blocks:
 * another thread carries it out, and drops it if the job has ended meanwhile.
 */
void fm_host_thread_alert(struct fm_host_thread *thread);

/** Starts and stops the thread that carries out alerts. */
bool fm_alerts_start(void);
void fm_alerts_stop(void);

#endif
