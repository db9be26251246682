/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FLTMGR_LINUX_HOST_PARK_H
#define FLTMGR_LINUX_HOST_PARK_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <time.h>

/**
 * A place for one thread to sleep. A wake is sticky: one that comes before the wait is not lost, several before one
 * wait count as one. Private to the process. The storage may go as soon as the sleeper has returned: after its store
 * the waker uses the address only, and every sleeper here bears a wake meant for an earlier owner of the address.
 */
struct fm_park {
    _Atomic uint32_t state;
};

enum fm_park_clock { FM_PARK_MONOTONIC, FM_PARK_REALTIME };

static inline void fm_park_init(struct fm_park *park) {
    atomic_init(&park->state, 0);
}

/** Sleeps until woken, without limit. */
void fm_park_wait(struct fm_park *park);

/** Sleeps until woken or until the absolute time. False when the time came first. */
bool fm_park_wait_until(struct fm_park *park, enum fm_park_clock clock, const struct timespec *limit);

/** Any thread. */
void fm_park_wake(struct fm_park *park);

#endif
