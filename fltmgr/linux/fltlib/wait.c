/* SPDX-License-Identifier: Apache-2.0 */
#include "internal.h"

#include <string.h>

uint64_t fl_deadline(DWORD milliseconds) {
    return milliseconds == INFINITE ? FL_FOREVER : fpw_monotonic_ns() + (uint64_t)milliseconds * 1000000u;
}

void fl_wait_add(struct fl_wait *wait, _Atomic uint32_t *bell, _Atomic uint32_t *sleepers) {
    if (wait->count == FL_WAIT_MOST)
        return;
    wait->words[wait->count].bell = bell;
    wait->words[wait->count].sleepers = sleepers;
    wait->words[wait->count].turn = NULL;
    wait->count++;
}

void fl_wait_also(struct fl_wait *wait, _Atomic uint32_t *turn, uint32_t awaited) {
    wait->words[wait->count - 1].turn = turn;
    wait->words[wait->count - 1].awaited = awaited;
}

void fl_ring(_Atomic uint32_t *bell, _Atomic uint32_t *sleepers) {
    atomic_fetch_add(bell, 1);
    if (atomic_load(sleepers) != 0)
        fpw_futex_wake(bell, INT32_MAX);
}

/* Sequentially consistent: the look after the sleepers were counted must not come before them (fl_ring's other half). */
static bool changed(const struct fl_wait *wait) {
    for (unsigned i = 0; i < wait->count; i++) {
        if (wait->words[i].turn != NULL && atomic_load(wait->words[i].turn) == wait->words[i].awaited)
            return true;
        if (atomic_load(wait->words[i].bell) != wait->words[i].seen)
            return true;
    }
    return false;
}

static void sleep_on_many(const struct fl_wait *wait, uint64_t deadline) {
    struct futex_waitv vector[FL_WAIT_MOST];
    memset(vector, 0, sizeof vector[0] * wait->count);
    for (unsigned i = 0; i < wait->count; i++) {
        vector[i].val = wait->words[i].seen;
        vector[i].uaddr = (uintptr_t)wait->words[i].bell;
        vector[i].flags = FUTEX_32;
    }
    struct timespec limit = fpw_timespec(deadline);
    syscall(SYS_futex_waitv, vector, wait->count, 0, deadline == FL_FOREVER ? NULL : &limit, CLOCK_MONOTONIC);
}

static void sleep_on(const struct fl_wait *wait, uint64_t deadline) {
    if (wait->count != 1) {
        sleep_on_many(wait, deadline);
    } else if (deadline == FL_FOREVER) {
        fpw_futex_wait(wait->words[0].bell, wait->words[0].seen);
    } else {
        struct timespec limit = fpw_timespec(deadline);
        fpw_futex_wait_until(wait->words[0].bell, wait->words[0].seen, &limit, false);
    }
}

bool fl_wait_until(struct fl_wait *wait, fl_gather *gather, fl_done *done, void *context, uint64_t deadline) {
    bool spun = false;
    for (;;) {
        /* The bells are read before done() looks, so that what comes after the look changes one of them. */
        wait->count = 0;
        gather(context, wait);
        for (unsigned i = 0; i < wait->count; i++)
            wait->words[i].seen = atomic_load(wait->words[i].bell);
        if (done(context))
            return true;
        if (deadline != FL_FOREVER && fpw_monotonic_ns() >= deadline)
            return false;
        if (!spun && wait->spin != NULL) {
            spun = true;
            if (FPW_SPIN_UNTIL(wait->spin, changed(wait)))
                continue;
        }
        for (unsigned i = 0; i < wait->count; i++)
            atomic_fetch_add(wait->words[i].sleepers, 1);
        if (!changed(wait))
            sleep_on(wait, deadline);
        for (unsigned i = 0; i < wait->count; i++)
            atomic_fetch_sub(wait->words[i].sleepers, 1);
    }
}
