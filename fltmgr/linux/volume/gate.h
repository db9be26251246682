/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FLTMGR_LINUX_VOLUME_GATE_H
#define FLTMGR_LINUX_VOLUME_GATE_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "../host/options.h"
#include "../host/workers.h"
#include "ancestry.h"

/*
 * A gate: one fanotify permission group over one directory, and the events read from it and not yet answered.
 *
 * Life of an event: read by the reader → answered there (the host's own opens, opens outside the directory, overload),
 * or waiting. A waiting event is a job for a worker and stands in the gate's list, oldest first. Whoever answers first,
 * the worker with the filters' verdict or the reader at the deadline, takes it off the list under the gate's lock and
 * tells the kernel without it: the kernel wakes every opener that waits at this group for each single answer, so with
 * thousands of them an answer takes milliseconds. Each event is answered exactly once. Its descriptor stays open until both the
 * worker and the answer are done, because the kernel knows the event by that number.
 *
 * The gate's lock is held for a few instructions, never around anything that may wait.
 */

struct fm_gate;
struct fm_host_thread;

struct fm_gated_event {
    struct fm_job job;
    struct fm_gate *gate;
    struct fm_gated_event *next; /* gate->lock, while waiting */
    struct fm_gated_event *previous;
    struct fm_host_thread *worker; /* gate->lock: who runs it */
    uint64_t deadline;             /* CLOCK_MONOTONIC, nanoseconds */
    uint64_t mask;                 /* FAN_OPEN_PERM … */
    int descriptor;                /* the file, opened by the kernel for us */
    pid_t pid;                     /* of the opener; 0 when its pid name space is foreign */
    bool answered;                 /* gate->lock, as the rest: somebody has, or is about to */
    bool responding;               /* who answers is telling the kernel: the descriptor must stay */
    bool finished;                 /* the worker is done; whoever comes last frees */
};

/* Something that has happened: no one waits, nothing is answered. */
struct fm_report {
    struct fm_job job;
    struct fm_gate *gate;
    uint64_t mask; /* FAN_CLOSE_WRITE, FAN_CLOSE_NOWRITE, FAN_MODIFY; several when the kernel merged them */
    int descriptor;
    pid_t pid;
};

/* read = own + outside + overload + undeliverable + allowed + denied + late + released + in flight */
struct fm_gate_counters {
    _Atomic uint64_t read;
    _Atomic uint64_t own;           /* the host's own opens: allowed by the reader */
    _Atomic uint64_t outside;       /* on the file system but not below the directory: allowed */
    _Atomic uint64_t overload;      /* answered by --on-overload */
    _Atomic uint64_t allowed;       /* by the filters */
    _Atomic uint64_t denied;        /* by the filters */
    _Atomic uint64_t late;          /* answered by --on-deadline */
    _Atomic uint64_t released;      /* allowed because the gate was closed */
    _Atomic uint64_t undeliverable; /* no memory for the event: answered by --on-overload */
    _Atomic uint64_t in_flight;
    _Atomic uint64_t in_flight_high_mark;
    _Atomic uint64_t queue_overflows; /* reported by the kernel; the queue is unlimited, so 0 */
    _Atomic uint64_t read_failures;   /* no descriptor for the event: the kernel has denied that open */
    _Atomic uint64_t answer_failures; /* the kernel did not take an answer: the opener was killed meanwhile */
    _Atomic uint64_t reports;         /* closes and changes handed to the filters */
    _Atomic uint64_t reports_lost;    /* too many under way, or the kernel's queue overflowed */
    _Atomic uint64_t reports_in_flight;
};

/* What a gate sees. Opens and executions it always gates. */
struct fm_gate_scope {
    bool reads;          /* gates each read */
    bool closes;         /* reports closes */
    bool changes;        /* reports writes */
    bool directory_only; /* marks the directory, not its file system: gates the files right in it */
};

struct fm_gate {
    struct fm_gate *next; /* the reader's list */
    int group;            /* of permission events */
    int reports; /* of notification events, or -1: a group of its own, so that neither fills the other's queue */
    struct fm_ancestry ancestry;
    bool directory_only;
    pid_t own_pid;
    uint64_t deadline_ns;
    enum fm_verdict on_deadline;
    enum fm_verdict on_overload;
    /** Runs the filters for the event and answers with fm_gate_answer; on a worker. */
    void (*decide)(struct fm_gated_event *event);
    /** Tells the filters; on a worker. */
    void (*report)(struct fm_report *report);
    void *context;
    pthread_mutex_t lock;
    pthread_cond_t drained;
    struct fm_gated_event *oldest;
    struct fm_gated_event *newest;
    unsigned jobs; /* events that workers have or will get */
    bool closing;
    struct fm_gate_counters counters;
};

/**
 * Opens the group and marks the file system that the directory lies on. 0, or -1 with errno and what failed in *call.
 * From then on opens wait for whoever reads the group: give it to fm_gate_reader_add at once.
 */
int fm_gate_open(struct fm_gate *gate, const char *directory, const struct fm_gate_scope *scope,
                 const struct fm_options *options, const char **call);

/** Lifts the mark, allows what waits, alerts and waits for the workers. The reader still reads and allows. */
void fm_gate_release(struct fm_gate *gate);

/** After fm_gate_release and fm_gate_reader_remove. */
void fm_gate_close(struct fm_gate *gate);

/** Answers the event if nobody has. False when the deadline or the closing of the gate came first. */
bool fm_gate_answer(struct fm_gated_event *event, enum fm_verdict verdict);

/** Allows an event that turned out to lie outside the directory. */
void fm_gate_answer_outside(struct fm_gated_event *event);

/** Answers by --on-overload an event for which there was no memory. */
void fm_gate_answer_undeliverable(struct fm_gated_event *event);

/* For the reader. */

/** Reads and handles what is there, at most a batch. True if it was a whole one, so that there may be more. */
bool fm_gate_read(struct fm_gate *gate, uint64_t now, uint32_t most_in_flight);

/** The same for reports. */
bool fm_gate_read_reports(struct fm_gate *gate);

/** Answers what is over its deadline, some at a time; returns the next deadline, UINT64_MAX when nothing waits. */
uint64_t fm_gate_expire(struct fm_gate *gate, uint64_t now);

#endif
