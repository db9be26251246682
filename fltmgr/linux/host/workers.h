/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FLTMGR_LINUX_HOST_WORKERS_H
#define FLTMGR_LINUX_HOST_WORKERS_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Workers: the host's threads that run driver code.
 *
 * A job may block for as long as its driver likes, so the pool grows while all its workers are busy. It always keeps
 * one worker idle: the worker that takes the last idle place starts the next thread before it runs its job, so that
 * submitting never creates a thread and never waits.
 *
 * Two classes keep a decider from waiting for itself. A gated open blocks its worker until the decider answers; the
 * decider needs workers for its own calls and for files it opens itself. Gated opens of strangers may fill only
 * most_gated workers; what clients of a port do has the reserve above that.
 */

enum fm_job_class {
    FM_JOB_GATED,  /* an open by a process that has no connection to a port */
    FM_JOB_CLIENT, /* whatever a client of a port asks for, its gated opens included; commands */
};

struct fm_requestor;

/** Caller's storage, alive until run() is entered; run() may free it. */
struct fm_job {
    struct fm_job *next;
    void (*run)(struct fm_job *job);
};

struct fm_worker_counters {
    uint32_t threads;
    uint32_t threads_high_mark;
    uint32_t idle;
    uint32_t running_gated;
    uint32_t queued;
    uint32_t queued_high_mark;
    uint64_t jobs;
    uint64_t refused_threads; /* thread creations that failed; tried again with the next job */
};

/** Starts the pool. At most most_gated threads for gated opens, and most_gated / 4, at least 16, for clients beside. */
bool fm_workers_start(uint32_t most_gated);

/**
 * Hands over a job. Thread-safe, never blocks beyond a short lock, never fails: what finds no worker waits in line.
 * Jobs of one class start in the order of submission. After fm_workers_stop has begun a job still runs.
 */
void fm_workers_submit(struct fm_job *job, enum fm_job_class job_class);

/** Waits until every job has run and ends the threads. False when jobs still run after limit_ms; threads stay then. */
bool fm_workers_stop(uint32_t limit_ms);

void fm_workers_counters(struct fm_worker_counters *counters);

#endif
