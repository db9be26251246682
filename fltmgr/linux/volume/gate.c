/* SPDX-License-Identifier: Apache-2.0 */
#include "gate.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/fanotify.h>
#include <unistd.h>

#include "../host/clients.h"
#include "../host/log.h"
#include "../host/thread.h"

enum { batch_events = 16, most_reports = 1024, most_expired = 16 };

static void count(_Atomic uint64_t *counter) {
    atomic_fetch_add_explicit(counter, 1, memory_order_relaxed);
}

static void respond(struct fm_gate *gate, int descriptor, enum fm_verdict verdict) {
    struct fanotify_response response = {.fd = descriptor,
                                         .response = verdict == FM_VERDICT_ALLOW ? FAN_ALLOW : FAN_DENY};
    if (write(gate->group, &response, sizeof(response)) != (ssize_t)sizeof(response)) {
        count(&gate->counters.answer_failures);
    }
}

static void unlink_event(struct fm_gate *gate, struct fm_gated_event *event) {
    *(event->previous != NULL ? &event->previous->next : &gate->oldest) = event->next;
    *(event->next != NULL ? &event->next->previous : &gate->newest) = event->previous;
}

/* Takes the event off the list. With the lock held; deliver() follows without it. */
static void settle(struct fm_gated_event *event, _Atomic uint64_t *counter) {
    event->answered = true;
    event->responding = true;
    unlink_event(event->gate, event);
    count(counter);
    atomic_fetch_sub_explicit(&event->gate->counters.in_flight, 1, memory_order_relaxed);
}

static void end_job(struct fm_gate *gate) {
    pthread_mutex_lock(&gate->lock);
    if (--gate->jobs == 0) {
        pthread_cond_broadcast(&gate->drained);
    }
    pthread_mutex_unlock(&gate->lock);
}

static void free_event(struct fm_gated_event *event) {
    struct fm_gate *gate = event->gate;
    (void)close(event->descriptor);
    free(event);
    end_job(gate);
}

/* Tells the kernel. True when the worker has gone meanwhile and left the event to us. */
static bool respond_settled(struct fm_gated_event *event, enum fm_verdict verdict) {
    struct fm_gate *gate = event->gate;
    respond(gate, event->descriptor, verdict);
    pthread_mutex_lock(&gate->lock);
    event->responding = false;
    bool last = event->finished;
    pthread_mutex_unlock(&gate->lock);
    return last;
}

static void deliver(struct fm_gated_event *event, enum fm_verdict verdict) {
    if (respond_settled(event, verdict)) {
        free_event(event);
    }
}

/* On the event's own worker, which frees it later. */
static bool answer(struct fm_gated_event *event, enum fm_verdict verdict, _Atomic uint64_t *counter) {
    struct fm_gate *gate = event->gate;
    pthread_mutex_lock(&gate->lock);
    bool first = !event->answered;
    if (first) {
        settle(event, counter);
    }
    pthread_mutex_unlock(&gate->lock);
    if (first) {
        (void)respond_settled(event, verdict);
    }
    return first;
}

static void run_event(struct fm_job *job) {
    struct fm_gated_event *event = (struct fm_gated_event *)job;
    struct fm_gate *gate = event->gate;
    pthread_mutex_lock(&gate->lock);
    event->worker = fm_host_thread_current();
    bool answered = event->answered;
    pthread_mutex_unlock(&gate->lock);
    if (!answered) {
        gate->decide(event);
        (void)answer(event, gate->on_deadline,
                     &gate->counters.late); /* it has answered; this is for the day it does not */
    }
    pthread_mutex_lock(&gate->lock);
    event->worker = NULL; /* no alert after this */
    event->finished = true;
    bool last = !event->responding;
    pthread_mutex_unlock(&gate->lock);
    if (last) {
        free_event(event);
    }
}

bool fm_gate_answer(struct fm_gated_event *event, enum fm_verdict verdict) {
    struct fm_gate_counters *counters = &event->gate->counters;
    return answer(event, verdict, verdict == FM_VERDICT_ALLOW ? &counters->allowed : &counters->denied);
}

void fm_gate_answer_outside(struct fm_gated_event *event) {
    (void)answer(event, FM_VERDICT_ALLOW, &event->gate->counters.outside);
}

void fm_gate_answer_undeliverable(struct fm_gated_event *event) {
    struct fm_gate *gate = event->gate;
    (void)answer(event, gate->on_overload, &gate->counters.undeliverable);
}

static void answer_now(struct fm_gate *gate, int descriptor, enum fm_verdict verdict, _Atomic uint64_t *counter) {
    respond(gate, descriptor, verdict);
    (void)close(descriptor);
    count(counter);
}

static void accept_event(struct fm_gate *gate, const struct fanotify_event_metadata *metadata, uint64_t now,
                         uint32_t most_in_flight) {
    if ((metadata->mask & FAN_Q_OVERFLOW) != 0 || metadata->fd < 0) {
        count(&gate->counters.queue_overflows);
        return;
    }
    struct fm_gate_counters *counters = &gate->counters;
    count(&counters->read);
    if (metadata->pid == gate->own_pid) {
        answer_now(gate, metadata->fd, FM_VERDICT_ALLOW, &counters->own);
        return;
    }
    enum fm_ancestry_answer where = fm_ancestry_ask(&gate->ancestry, metadata->fd);
    if (where == FM_ANCESTRY_OUTSIDE) {
        answer_now(gate, metadata->fd, FM_VERDICT_ALLOW, &counters->outside);
        return;
    }
    if (atomic_load_explicit(&counters->in_flight, memory_order_relaxed) >= most_in_flight) {
        answer_now(gate, metadata->fd, gate->on_overload, &counters->overload);
        return;
    }
    struct fm_gated_event *event = malloc(sizeof(*event));
    if (event == NULL) {
        answer_now(gate, metadata->fd, gate->on_overload, &counters->undeliverable);
        return;
    }
    *event = (struct fm_gated_event){
        .job = {.run = run_event},
        .gate = gate,
        .deadline = now + gate->deadline_ns,
        .mask = metadata->mask,
        .descriptor = metadata->fd,
        .pid = metadata->pid,
    };
    uint64_t in_flight = atomic_fetch_add_explicit(&counters->in_flight, 1, memory_order_relaxed) + 1;
    if (in_flight > atomic_load_explicit(&counters->in_flight_high_mark, memory_order_relaxed)) {
        atomic_store_explicit(&counters->in_flight_high_mark, in_flight, memory_order_relaxed);
    }
    pthread_mutex_lock(&gate->lock);
    event->previous = gate->newest;
    *(gate->newest != NULL ? &gate->newest->next : &gate->oldest) = event;
    gate->newest = event;
    gate->jobs++;
    bool closing = gate->closing;
    if (closing) {
        settle(event, &counters->released);
    }
    pthread_mutex_unlock(&gate->lock);
    if (closing) {
        deliver(event, FM_VERDICT_ALLOW);
    }
    fm_workers_submit(&event->job, fm_clients_contain(event->pid) ? FM_JOB_CLIENT : FM_JOB_GATED);
}

bool fm_gate_read(struct fm_gate *gate, uint64_t now, uint32_t most_in_flight) {
    _Alignas(struct fanotify_event_metadata) char buffer[batch_events * sizeof(struct fanotify_event_metadata)];
    ssize_t length = read(gate->group, buffer, sizeof(buffer));
    if (length <= 0) {
        if (length < 0 && errno != EAGAIN && errno != EINTR) {
            count(&gate->counters.read_failures);
        }
        return false;
    }
    const struct fanotify_event_metadata *metadata = (const struct fanotify_event_metadata *)buffer;
    const bool full = (size_t)length > sizeof(buffer) - sizeof(*metadata);
    while (FAN_EVENT_OK(metadata, length)) {
        accept_event(gate, metadata, now, most_in_flight);
        metadata = FAN_EVENT_NEXT(metadata, length);
    }
    return full;
}

static void run_report(struct fm_job *job) {
    struct fm_report *report = (struct fm_report *)job;
    struct fm_gate *gate = report->gate;
    gate->report(report);
    (void)close(report->descriptor);
    free(report);
    atomic_fetch_sub_explicit(&gate->counters.reports_in_flight, 1, memory_order_relaxed);
    end_job(gate);
}

/* Takes the descriptor over if it returns true. */
static bool accept_report(struct fm_gate *gate, const struct fanotify_event_metadata *metadata) {
    struct fm_gate_counters *counters = &gate->counters;
    if (metadata->pid == gate->own_pid || fm_ancestry_ask(&gate->ancestry, metadata->fd) == FM_ANCESTRY_OUTSIDE) {
        return false;
    }
    struct fm_report *report = NULL;
    if (atomic_load_explicit(&counters->reports_in_flight, memory_order_relaxed) < most_reports) {
        report = malloc(sizeof(*report));
    }
    if (report == NULL) {
        count(&counters->reports_lost);
        return false;
    }
    *report = (struct fm_report){.job = {.run = run_report},
                                 .gate = gate,
                                 .mask = metadata->mask,
                                 .descriptor = metadata->fd,
                                 .pid = metadata->pid};
    pthread_mutex_lock(&gate->lock);
    bool closing = gate->closing;
    gate->jobs += closing ? 0 : 1;
    pthread_mutex_unlock(&gate->lock);
    if (closing) {
        free(report);
        return false;
    }
    count(&counters->reports);
    count(&counters->reports_in_flight);
    fm_workers_submit(&report->job, FM_JOB_GATED);
    return true;
}

bool fm_gate_read_reports(struct fm_gate *gate) {
    _Alignas(struct fanotify_event_metadata) char buffer[batch_events * sizeof(struct fanotify_event_metadata)];
    ssize_t length = read(gate->reports, buffer, sizeof(buffer));
    if (length <= 0) {
        return false;
    }
    const struct fanotify_event_metadata *metadata = (const struct fanotify_event_metadata *)buffer;
    while (FAN_EVENT_OK(metadata, length)) {
        if ((metadata->mask & FAN_Q_OVERFLOW) != 0 || metadata->fd < 0) {
            count(&gate->counters.reports_lost);
        } else if (!accept_report(gate, metadata)) {
            (void)close(metadata->fd);
        }
        metadata = FAN_EVENT_NEXT(metadata, length);
    }
    return true;
}

/* Settles the oldest event if its deadline is not after the limit, and alerts its worker. NULL: there is none. */
static struct fm_gated_event *settle_oldest(struct fm_gate *gate, uint64_t limit, _Atomic uint64_t *counter) {
    pthread_mutex_lock(&gate->lock);
    struct fm_gated_event *event = gate->oldest;
    if (event != NULL && event->deadline > limit) {
        event = NULL;
    }
    if (event != NULL) {
        settle(event, counter);
        if (event->worker != NULL) {
            fm_host_thread_alert(event->worker);
        }
    }
    pthread_mutex_unlock(&gate->lock);
    return event;
}

uint64_t fm_gate_expire(struct fm_gate *gate, uint64_t now) {
    for (int i = 0; i < most_expired; i++) {
        struct fm_gated_event *event = settle_oldest(gate, now, &gate->counters.late);
        if (event == NULL) {
            break;
        }
        deliver(event, gate->on_deadline);
    }
    pthread_mutex_lock(&gate->lock);
    uint64_t next = gate->oldest != NULL ? gate->oldest->deadline : UINT64_MAX;
    pthread_mutex_unlock(&gate->lock);
    return next;
}

static int mark(const struct fm_gate *gate, int group, uint64_t mask) {
    if (gate->directory_only) {
        return fanotify_mark(group, FAN_MARK_ADD | FAN_MARK_ONLYDIR, mask | FAN_EVENT_ON_CHILD, gate->ancestry.mount,
                             NULL);
    }
    return fanotify_mark(group, FAN_MARK_ADD | FAN_MARK_FILESYSTEM, mask, gate->ancestry.mount, NULL);
}

static int open_groups(struct fm_gate *gate, const struct fm_gate_scope *scope, const char **call) {
    const unsigned flags = FAN_CLOEXEC | FAN_NONBLOCK;
    const unsigned file_flags = O_RDONLY | O_LARGEFILE | O_CLOEXEC | O_NOATIME;
    const uint64_t permissions = FAN_OPEN_PERM | FAN_OPEN_EXEC_PERM | (scope->reads ? FAN_ACCESS_PERM : 0);
    const uint64_t notifications =
        (scope->closes ? FAN_CLOSE_WRITE | FAN_CLOSE_NOWRITE : 0) | (scope->changes ? FAN_MODIFY : 0);
    *call = "fanotify_init";
    gate->group = fanotify_init(FAN_CLASS_CONTENT | FAN_UNLIMITED_QUEUE | FAN_UNLIMITED_MARKS | flags, file_flags);
    if (gate->group < 0) {
        return -1;
    }
    if (notifications != 0) {
        gate->reports = fanotify_init(FAN_CLASS_NOTIF | flags, file_flags);
        if (gate->reports < 0) {
            return -1;
        }
    }
    *call = "fanotify_mark";
    return (notifications != 0 && mark(gate, gate->reports, notifications) != 0) ||
                   mark(gate, gate->group, permissions) != 0
               ? -1
               : 0;
}

static void close_groups(struct fm_gate *gate) {
    if (gate->group >= 0) {
        (void)close(gate->group); /* what was never read is allowed by the kernel */
    }
    if (gate->reports >= 0) {
        (void)close(gate->reports);
    }
}

int fm_gate_open(struct fm_gate *gate, const char *directory, const struct fm_gate_scope *scope,
                 const struct fm_options *options, const char **call) {
    gate->own_pid = getpid();
    gate->group = -1;
    gate->reports = -1;
    gate->directory_only = scope->directory_only;
    gate->deadline_ns = (uint64_t)options->deadline_ms * 1000000;
    gate->on_deadline = options->on_deadline;
    gate->on_overload = options->on_overload;
    gate->oldest = NULL;
    gate->newest = NULL;
    gate->jobs = 0;
    gate->closing = false;
    *call = "open";
    if (fm_ancestry_init(&gate->ancestry, directory) != 0) {
        return -1;
    }
    if (open_groups(gate, scope, call) != 0) {
        int error = errno;
        close_groups(gate);
        fm_ancestry_fini(&gate->ancestry);
        errno = error;
        return -1;
    }
    pthread_mutex_init(&gate->lock, NULL);
    pthread_cond_init(&gate->drained, NULL);
    return 0;
}

static void lift_marks(int group) {
    (void)fanotify_mark(group, FAN_MARK_FLUSH | FAN_MARK_FILESYSTEM, 0, AT_FDCWD, NULL);
    (void)fanotify_mark(group, FAN_MARK_FLUSH, 0, AT_FDCWD, NULL);
}

void fm_gate_release(struct fm_gate *gate) {
    lift_marks(gate->group);
    if (gate->reports >= 0) {
        lift_marks(gate->reports);
    }
    pthread_mutex_lock(&gate->lock);
    gate->closing = true;
    pthread_mutex_unlock(&gate->lock);
    struct fm_gated_event *event;
    while ((event = settle_oldest(gate, UINT64_MAX, &gate->counters.released)) != NULL) {
        deliver(event, FM_VERDICT_ALLOW);
    }
    pthread_mutex_lock(&gate->lock);
    while (gate->jobs != 0) {
        pthread_cond_wait(&gate->drained, &gate->lock);
    }
    pthread_mutex_unlock(&gate->lock);
}

void fm_gate_close(struct fm_gate *gate) {
    close_groups(gate);
    fm_ancestry_fini(&gate->ancestry);
    pthread_cond_destroy(&gate->drained);
    pthread_mutex_destroy(&gate->lock);
}
