/* SPDX-License-Identifier: Apache-2.0 */
#include "gate_reader.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "../host/log.h"
#include "../host/supervisor.h"

enum { most_gates = 64, batches_per_round = 16 };

static struct {
    pthread_t thread;
    pthread_mutex_t lock; /* the list; held for a few instructions */
    pthread_cond_t turned;
    struct fm_gate *gates;
    uint64_t turn; /* counts the rounds: a gate taken off the list is unknown after the next one */
    bool stopping;
    int bell;
    struct fm_heartbeat *heartbeat;
    uint32_t period_ms;
    uint32_t most_in_flight;
} reader = {.lock = PTHREAD_MUTEX_INITIALIZER, .turned = PTHREAD_COND_INITIALIZER, .bell = -1};

static uint64_t monotonic_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static void ring(void) {
    uint64_t one = 1;
    ssize_t written = write(reader.bell, &one, sizeof(one));
    (void)written;
}

/* Begins a round: what was seen in the one before is not used any more. */
static nfds_t begin_round(struct fm_gate **gates, struct pollfd *polls, bool *stopping) {
    nfds_t count = 0;
    pthread_mutex_lock(&reader.lock);
    reader.turn++;
    pthread_cond_broadcast(&reader.turned);
    for (struct fm_gate *gate = reader.gates; gate != NULL && count < most_gates; gate = gate->next) {
        gates[count] = gate;
        polls[count] = (struct pollfd){.fd = gate->group, .events = POLLIN};
        count++;
    }
    *stopping = reader.stopping;
    pthread_mutex_unlock(&reader.lock);
    for (nfds_t i = 0; i < count; i++) {
        polls[count + i] = (struct pollfd){.fd = gates[i]->reports, .events = POLLIN};
    }
    polls[2 * count] = (struct pollfd){.fd = reader.bell, .events = POLLIN};
    return count;
}

static int poll_timeout(uint64_t now, uint64_t deadline) {
    uint64_t timeout = reader.period_ms;
    if (deadline != UINT64_MAX) {
        uint64_t left = deadline <= now ? 0 : (deadline - now + 999999) / 1000000;
        timeout = left < timeout ? left : timeout;
    }
    return (int)timeout;
}

/* Best effort: thousands of openers that run at once must neither hold up a deadline nor stop the heart. */
static void take_precedence(void) {
    const struct sched_param lowest_real_time = {.sched_priority = 1};
    if (sched_setscheduler(0, SCHED_RR | SCHED_RESET_ON_FORK, &lowest_real_time) != 0) {
        (void)setpriority(PRIO_PROCESS, (id_t)gettid(), -10);
    }
}

static void *reader_main(void *argument) {
    (void)argument;
    pthread_setname_np(pthread_self(), "fm-reader");
    take_precedence();
    struct fm_gate *gates[most_gates];
    struct pollfd polls[2 * most_gates + 1];
    for (;;) {
        bool stopping;
        nfds_t count = begin_round(gates, polls, &stopping);
        if (stopping && count == 0) {
            return NULL;
        }
        fm_heartbeat_beat(reader.heartbeat);
        uint64_t now = monotonic_ns();
        uint64_t deadline = UINT64_MAX;
        for (nfds_t i = 0; i < count; i++) {
            uint64_t next = fm_gate_expire(gates[i], now);
            deadline = next < deadline ? next : deadline;
        }
        if (poll(polls, 2 * count + 1, poll_timeout(now, deadline)) <= 0) {
            continue;
        }
        now = monotonic_ns();
        for (nfds_t i = 0; i < count; i++) {
            for (int batch = 0; polls[i].revents != 0 && batch < batches_per_round; batch++) {
                if (!fm_gate_read(gates[i], now, reader.most_in_flight)) {
                    break;
                }
                fm_heartbeat_beat(reader.heartbeat);
            }
            if (polls[count + i].revents != 0) {
                (void)fm_gate_read_reports(gates[i]);
            }
        }
        if (polls[2 * count].revents != 0) {
            uint64_t rings;
            ssize_t length = read(reader.bell, &rings, sizeof(rings));
            (void)length;
        }
    }
}

bool fm_gate_reader_start(struct fm_heartbeat *heartbeat, uint32_t period_ms, uint32_t most_in_flight) {
    reader.heartbeat = heartbeat;
    reader.period_ms = period_ms;
    reader.most_in_flight = most_in_flight;
    reader.stopping = false;
    reader.bell = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (reader.bell < 0) {
        fm_log("reader: eventfd failed: %s", fm_errno_text(errno));
        return false;
    }
    int error = pthread_create(&reader.thread, NULL, reader_main, NULL);
    if (error != 0) {
        fm_log("reader: pthread_create failed: %s", fm_errno_text(error));
        (void)close(reader.bell);
        reader.bell = -1;
        return false;
    }
    return true;
}

void fm_gate_reader_stop(void) {
    if (reader.bell < 0) {
        return;
    }
    pthread_mutex_lock(&reader.lock);
    reader.stopping = true;
    pthread_mutex_unlock(&reader.lock);
    ring();
    (void)pthread_join(reader.thread, NULL);
    (void)close(reader.bell);
    reader.bell = -1;
}

void fm_gate_reader_add(struct fm_gate *gate) {
    pthread_mutex_lock(&reader.lock);
    gate->next = reader.gates;
    reader.gates = gate;
    pthread_mutex_unlock(&reader.lock);
    ring();
}

void fm_gate_reader_remove(struct fm_gate *gate) {
    pthread_mutex_lock(&reader.lock);
    for (struct fm_gate **link = &reader.gates; *link != NULL; link = &(*link)->next) {
        if (*link == gate) {
            *link = gate->next;
            break;
        }
    }
    uint64_t turn = reader.turn;
    ring();
    while (reader.turn == turn) {
        pthread_cond_wait(&reader.turned, &reader.lock);
    }
    pthread_mutex_unlock(&reader.lock);
}
