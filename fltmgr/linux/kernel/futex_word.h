/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FLTMGR_LINUX_KERNEL_FUTEX_WORD_H
#define FLTMGR_LINUX_KERNEL_FUTEX_WORD_H

#include <limits.h>
#include <linux/futex.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

/** Sleeps while *word is seen; may return for no reason. */
static inline void fm_word_wait(const void *word, uint32_t seen) {
    (void)syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, seen, NULL, NULL, 0);
}

static inline void fm_word_wake_one(const void *word) {
    (void)syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
}

static inline void fm_word_wake_all(const void *word) {
    (void)syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, INT_MAX, NULL, NULL, 0);
}

/** A mutex in one 32-bit word: 0 free, 1 held, 2 held and somebody sleeps. */
static inline void fm_word_lock(uint32_t *word) {
    uint32_t state = 0;
    if (__atomic_compare_exchange_n(word, &state, 1, 0, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED)) {
        return;
    }
    while (__atomic_exchange_n(word, 2, __ATOMIC_ACQUIRE) != 0) {
        fm_word_wait(word, 2);
    }
}

static inline int fm_word_try_lock(uint32_t *word) {
    uint32_t state = 0;
    return __atomic_compare_exchange_n(word, &state, 1, 0, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED);
}

static inline void fm_word_unlock(uint32_t *word) {
    if (__atomic_exchange_n(word, 0, __ATOMIC_RELEASE) == 2) {
        fm_word_wake_one(word);
    }
}

#endif
