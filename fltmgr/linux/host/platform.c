/* SPDX-License-Identifier: Apache-2.0 */
/* core/platform.h on Linux: locks, waiters, clocks, memory. Who is calling is in thread.c and requestor.c. */
#include "../../core/platform.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "park.h"

static const int64_t unix_epoch = INT64_C(116444736000000000);

_Static_assert(sizeof(pthread_mutex_t) <= sizeof(fm_mutex), "a mutex fits the core's storage");
_Static_assert(sizeof(struct fm_park) <= sizeof(fm_waiter), "a park fits the core's storage");

static pthread_mutex_t *mutex_of(fm_mutex *mutex) {
    return (pthread_mutex_t *)(void *)mutex->storage;
}

static struct fm_park *park_of(fm_waiter *waiter) {
    return (struct fm_park *)(void *)waiter->storage;
}

void fm_mutex_init(fm_mutex *mutex) {
    if (pthread_mutex_init(mutex_of(mutex), NULL) != 0) {
        abort();
    }
}

void fm_mutex_fini(fm_mutex *mutex) {
    (void)pthread_mutex_destroy(mutex_of(mutex));
}

void fm_mutex_lock(fm_mutex *mutex) {
    (void)pthread_mutex_lock(mutex_of(mutex));
}

void fm_mutex_unlock(fm_mutex *mutex) {
    (void)pthread_mutex_unlock(mutex_of(mutex));
}

static int64_t read_clock(clockid_t id) {
    struct timespec now;
    (void)clock_gettime(id, &now);
    return now.tv_sec * INT64_C(10000000) + now.tv_nsec / 100;
}

int64_t fm_clock_monotonic(void) {
    return read_clock(CLOCK_MONOTONIC);
}

int64_t fm_clock_system(void) {
    return read_clock(CLOCK_REALTIME) + unix_epoch;
}

void fm_waiter_init(fm_waiter *waiter) {
    fm_park_init(park_of(waiter));
}

void fm_waiter_fini(fm_waiter *waiter) {
    (void)waiter;
}

fm_wait_result fm_waiter_wait(fm_waiter *waiter, const fm_deadline *deadline) {
    struct fm_park *park = park_of(waiter);
    if (deadline->kind == FM_FOREVER) {
        fm_park_wait(park);
        return FM_WOKEN;
    }
    int64_t units = deadline->value;
    enum fm_park_clock clock = FM_PARK_MONOTONIC;
    if (deadline->kind == FM_REALTIME) {
        clock = FM_PARK_REALTIME;
        units = units < unix_epoch ? 0 : units - unix_epoch;
    }
    units = units < 0 ? 0 : units;
    struct timespec limit = {.tv_sec = units / 10000000, .tv_nsec = (long)(units % 10000000) * 100};
    return fm_park_wait_until(park, clock, &limit) ? FM_WOKEN : FM_TIMED_OUT;
}

void fm_waiter_wake(fm_waiter *waiter) {
    fm_park_wake(park_of(waiter));
}

void *fm_allocate(size_t size) {
    return calloc(1, size);
}

void fm_release(void *memory) {
    free(memory);
}
