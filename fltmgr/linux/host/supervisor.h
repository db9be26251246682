/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FLTMGR_LINUX_HOST_SUPERVISOR_H
#define FLTMGR_LINUX_HOST_SUPERVISOR_H

#include <stdint.h>

/*
 * The supervisor keeps the promise that a gated open never waits for a dead or stopped Filter Manager.
 *
 * A process blocked in a gated open answers no signal but SIGKILL, and the kernel releases it only when the last
 * descriptor of the fanotify group is gone. So the process that was started opens no such descriptor: it forks the
 * host, which does all the work, and kills it when its heart stops. The fork happens while there is one thread.
 */

/** A page both processes see. The host writes, the supervisor reads. */
struct fm_heartbeat {
    uint64_t beats; /* atomic; 0 until the first beat: a host that has not begun to beat gates nothing */
};

/** One beat. Any thread of the host; the reader of fanotify events calls it. */
static inline void fm_heartbeat_beat(struct fm_heartbeat *heartbeat) {
    (void)__atomic_add_fetch(&heartbeat->beats, 1, __ATOMIC_RELAXED);
}

/** How often the host must beat, in milliseconds, for a supervisor with this limit (0 = none). */
uint32_t fm_heartbeat_period_ms(uint32_t heartbeat_ms);

/**
 * Forks the host and watches over it until it ends. In the supervisor it returns the exit status of the whole:
 * the host's own, 128 + signal when a signal ended it, 70 when the supervisor had to kill it.
 * In the host it returns host(context, heartbeat), and SIGTERM, SIGINT and SIGHUP are blocked in every thread.
 * Call it while the process has one thread.
 */
int fm_supervise(uint32_t heartbeat_ms, int (*host)(void *context, struct fm_heartbeat *heartbeat), void *context);

#endif
