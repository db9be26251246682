/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FLTMGR_LINUX_WIRE_SPIN_H
#define FLTMGR_LINUX_WIRE_SPIN_H

#include "futex.h"

/*
 * Spinning before sleeping, where it pays.
 *
 * It pays only when the other side runs on another core and answers within the cap; otherwise it takes the core from
 * the very thread it waits for. So a waiter that misses FPW_SPIN_MISSES times in a row stops spinning, and tries again
 * in short windows of the common clock: both sides try in the same window, because one side alone, waiting for a thread
 * that has to be woken, would find that it does not pay.
 */

enum {
    FPW_SPIN_DEFAULT_NS = 20000,
    FPW_SPIN_LONGEST_NS = 10000000,
    FPW_SPIN_MISSES = 4,
    FPW_SPIN_TRIAL = 5,         /* a trial lasts up to this many times the cap: a thread has to be woken in it */
    FPW_SPIN_WINDOW_SHIFT = 22, /* windows of 4 ms of the coarse clock */
    FPW_SPIN_WINDOW_EVERY = 15  /* one window in 16 */
};

struct fpw_spin {
    _Atomic uint32_t cap_ns;
    _Atomic uint32_t misses; /* in a row */
    _Atomic uint32_t window; /* number of the window in which trying again has begun */
};

/** Again at any time, beside threads that spin. */
static inline void fpw_spin_init(struct fpw_spin *spin, uint64_t wanted_ns) {
    uint32_t cap_ns = wanted_ns < FPW_SPIN_LONGEST_NS ? (uint32_t)wanted_ns : FPW_SPIN_LONGEST_NS;
    atomic_store_explicit(&spin->cap_ns, sysconf(_SC_NPROCESSORS_ONLN) > 1 ? cap_ns : 0, memory_order_relaxed);
    atomic_store_explicit(&spin->misses, 1, memory_order_relaxed);
    atomic_store_explicit(&spin->window, 0, memory_order_relaxed);
}

static inline void fpw_pause(void) {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ __volatile__("isb" ::: "memory");
#endif
}

/** How long to spin now, in nanoseconds; 0: sleep at once. */
static inline uint32_t fpw_spin_budget(struct fpw_spin *spin) {
    uint32_t cap = atomic_load_explicit(&spin->cap_ns, memory_order_relaxed);
    uint32_t misses = atomic_load_explicit(&spin->misses, memory_order_relaxed);
    if (misses == 0 || cap == 0)
        return cap;
    if (misses < FPW_SPIN_MISSES)
        return cap * FPW_SPIN_TRIAL;
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
    uint32_t window = (uint32_t)(((uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec) >> FPW_SPIN_WINDOW_SHIFT);
    if ((window & FPW_SPIN_WINDOW_EVERY) != 0 || window == atomic_load_explicit(&spin->window, memory_order_relaxed))
        return 0;
    atomic_store_explicit(&spin->window, window, memory_order_relaxed);
    atomic_store_explicit(&spin->misses, 1, memory_order_relaxed);
    return cap * FPW_SPIN_TRIAL;
}

static inline void fpw_spin_hit(struct fpw_spin *spin) {
    if (atomic_load_explicit(&spin->misses, memory_order_relaxed) != 0)
        atomic_store_explicit(&spin->misses, 0, memory_order_relaxed);
}

static inline void fpw_spin_miss(struct fpw_spin *spin) {
    atomic_fetch_add_explicit(&spin->misses, 1, memory_order_relaxed);
}

/**
 * Spins until `condition` holds or the budget is used up; yields whether it held. An expression, so that the condition
 * is evaluated in place.
 */
#define FPW_SPIN_UNTIL(spin, condition)                                                                                \
    ({                                                                                                                 \
        bool fpw_held = (condition);                                                                                   \
        uint32_t fpw_budget = fpw_held ? 0 : fpw_spin_budget(spin);                                                    \
        if (fpw_budget != 0) {                                                                                         \
            uint64_t fpw_end = 0; /* most waits that pay are over before the clock is read */                          \
            do {                                                                                                       \
                for (int fpw_i = 0; fpw_i < 32 && !(fpw_held = (condition)); fpw_i++)                                  \
                    fpw_pause();                                                                                       \
                if (!fpw_held && fpw_end == 0)                                                                         \
                    fpw_end = fpw_monotonic_ns() + fpw_budget;                                                         \
            } while (!fpw_held && fpw_monotonic_ns() < fpw_end);                                                       \
            if (fpw_held)                                                                                              \
                fpw_spin_hit(spin);                                                                                    \
            else                                                                                                       \
                fpw_spin_miss(spin);                                                                                   \
        }                                                                                                              \
        fpw_held;                                                                                                      \
    })

#endif
