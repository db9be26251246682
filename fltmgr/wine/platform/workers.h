/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FLTMGR_WINE_PLATFORM_WORKERS_H
#define FLTMGR_WINE_PLATFORM_WORKERS_H

#include "core_platform.h"

/*
 * The threads that run driver code in place of clients. Wine has one thread that dispatches the requests of all clients of all
 * drivers, so none of them may wait there.
 *
 * A job may block as long as its driver likes. Each pool grows while all its threads are busy, up to its limit; what finds
 * no thread waits in line. There are three, so that nobody waits in line for who waits for him: an open blocks until a client
 * answers, that client needs threads for its own calls, and closing a connection is what ends a call that hangs.
 */
enum fmw_pool { FMW_CALLS, FMW_OPENS, FMW_CLOSES };

/** Caller's storage, alive until run() is entered; run() may free it. */
struct fmw_job {
    struct fmw_job *next;
    void (*run)(struct fmw_job *job);
};

/** False: not one thread could be made. */
bool fmw_workers_start(void);

/** Never blocks and never fails. Jobs of one pool start in the order of submission. */
void fmw_workers_submit(struct fmw_job *job, enum fmw_pool pool);

struct fmw_worker_counters {
    ULONG threads;
    ULONG running;
    ULONG64 jobs;
    ULONG64 refused_threads;
};

/** Sums over all pools. */
void fmw_workers_counters(struct fmw_worker_counters *counters);

/** A system thread. False when there is none to be had. */
bool fmw_thread_start(PKSTART_ROUTINE routine, PVOID context);

#endif
