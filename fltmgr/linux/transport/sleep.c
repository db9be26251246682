/* SPDX-License-Identifier: Apache-2.0 */
#include "internal.h"

#include <string.h>

/*
 * Where a sender sleeps, and how it is woken when it is not the client that wakes it.
 *
 *   QUEUED  on its own private word
 *   LEADER  on the shared doorbell and its private word at once (futex_waitv)
 *   REPLY   on the shared cell only, because that is the hot path and a second word costs; woken by hand only when the
 *           connection ends or its thread is told to end. A wake could fall between its last look and its
 *           sleep, and the client may write the word that would show it, so the waker repeats until the sleeper has
 * acknowledged.
 *
 * A kernel without futex_waitv: LEADER sleeps as REPLY does.
 */
enum { AWAKE, ASLEEP_ON_SHARED };

struct sleeper {
    _Atomic uint32_t woken; /* futex */
    _Atomic uint32_t where; /* futex of a waker that wants the acknowledgement */
    _Atomic(_Atomic uint32_t *) shared;
};
_Static_assert(sizeof(struct sleeper) <= sizeof((fm_send *)0)->transport, "a sleeper fits a send");

static struct sleeper *sleeper_of(fm_send *send) {
    return (struct sleeper *)(void *)send->transport;
}

struct limit {
    bool none;
    bool real_time;
    struct timespec at;
};

static struct limit limit_of(const fm_deadline *deadline) {
    const int64_t unix_epoch = INT64_C(116444736000000000);
    int64_t units = deadline->kind == FM_REALTIME ? deadline->value - unix_epoch : deadline->value;
    if (units < 0)
        units = 0;
    return (struct limit){deadline->kind == FM_FOREVER,
                          deadline->kind == FM_REALTIME,
                          {units / 10000000, (long)(units % 10000000) * 100}};
}

static int wait_on(_Atomic uint32_t *word, uint32_t seen, const struct limit *limit) {
    return limit->none ? fpw_futex_wait(word, seen) : fpw_futex_wait_until(word, seen, &limit->at, limit->real_time);
}

/* ENOSYS: not in this kernel, or forbidden. */
static int wait_on_both(_Atomic uint32_t *first, uint32_t first_seen, _Atomic uint32_t *second, uint32_t second_seen,
                        const struct limit *limit) {
    struct futex_waitv words[2] = {{.val = first_seen, .uaddr = (uintptr_t)first, .flags = FUTEX_32},
                                   {.val = second_seen, .uaddr = (uintptr_t)second, .flags = FUTEX_32}};
    long result = syscall(SYS_futex_waitv, words, 2, 0, limit->none ? NULL : &limit->at,
                          limit->real_time ? CLOCK_REALTIME : CLOCK_MONOTONIC);
    if (result >= 0 || errno == EAGAIN || errno == EINTR)
        return 0;
    return errno == EPERM ? ENOSYS : errno;
}

static bool take_wake(struct sleeper *sleeper) {
    return atomic_load(&sleeper->woken) != 0 && atomic_exchange(&sleeper->woken, 0) != 0;
}

/* One sleep on a shared word alone. Returns wait_on's result, or 0 without sleeping when a wake is there. */
static int sleep_on_shared(struct sleeper *sleeper, _Atomic uint32_t *word, uint32_t seen, const struct limit *limit) {
    atomic_store(&sleeper->shared, word);
    atomic_store(&sleeper->where, ASLEEP_ON_SHARED);
    int result = atomic_load(&sleeper->woken) != 0 ? 0 : wait_on(word, seen, limit);
    atomic_store(&sleeper->where, AWAKE);
    if (atomic_load(&sleeper->woken) != 0)
        fpw_futex_wake(&sleeper->where, INT32_MAX);
    return result;
}

void fmt_wake(void *transport, fm_send *send) {
    (void)transport;
    struct sleeper *sleeper = sleeper_of(send);
    atomic_store(&sleeper->woken, 1);
    fpw_futex_wake(&sleeper->woken, 1);
    while (atomic_load(&sleeper->where) == ASLEEP_ON_SHARED) {
        fpw_futex_wake(atomic_load(&sleeper->shared), INT32_MAX);
        struct timespec again = fpw_timespec(fpw_monotonic_ns() + 1000000);
        fpw_futex_wait_until(&sleeper->where, ASLEEP_ON_SHARED, &again, false);
    }
}

uint64_t fmt_prepare_sleep(void *transport) {
    struct fmt_session *session = transport;
    uint32_t bell = atomic_load(&session->region->sub.bell);
    return (uint64_t)atomic_load(&session->region->sub.tail) << 32 | bell;
}

static fm_sleep_result sleep_queued(struct sleeper *sleeper, const struct limit *limit) {
    for (;;) {
        if (take_wake(sleeper))
            return FM_SLEEP_WOKEN;
        if (wait_on(&sleeper->woken, 0, limit) == ETIMEDOUT)
            return take_wake(sleeper) ? FM_SLEEP_WOKEN : FM_SLEEP_TIMED_OUT;
    }
}

static fm_sleep_result sleep_leader(struct fmt_session *session, struct sleeper *sleeper, uint64_t prepared,
                                    const struct limit *limit) {
    static _Atomic bool without_waitv;
    _Atomic uint32_t *bell = &session->region->sub.bell;
    _Atomic uint32_t *tail = &session->region->sub.tail;
    uint32_t seen = (uint32_t)prepared;
    uint32_t collected = (uint32_t)(prepared >> 32);
    if (take_wake(sleeper))
        return FM_SLEEP_WOKEN;
    if (FPW_SPIN_UNTIL(&session->bell_spin, atomic_load_explicit(tail, memory_order_acquire) != collected ||
                                                atomic_load_explicit(&sleeper->woken, memory_order_relaxed) != 0)) {
        take_wake(sleeper);
        return FM_SLEEP_WOKEN;
    }
    atomic_store(&session->region->sub.sleepers, 1);
    if (atomic_load(tail) != collected) {
        take_wake(sleeper);
        return FM_SLEEP_WOKEN;
    }
    int result = ENOSYS;
    if (!atomic_load_explicit(&without_waitv, memory_order_relaxed))
        result = wait_on_both(bell, seen, &sleeper->woken, 0, limit);
    if (result == ENOSYS) {
        atomic_store_explicit(&without_waitv, true, memory_order_relaxed);
        result = sleep_on_shared(sleeper, bell, seen, limit);
    }
    if (take_wake(sleeper))
        return FM_SLEEP_WOKEN;
    return result == ETIMEDOUT ? FM_SLEEP_TIMED_OUT : FM_SLEEP_WOKEN;
}

/* No more senders spin than leave a core for the client; the others would only take it from them. */
static bool spin_begin(struct fmt_session *session) {
    static _Atomic uint32_t most;
    uint32_t limit = atomic_load_explicit(&most, memory_order_relaxed);
    if (limit == 0) {
        long cores = sysconf(_SC_NPROCESSORS_ONLN);
        limit = cores > 2 ? (uint32_t)cores - 1 : 1;
        atomic_store_explicit(&most, limit, memory_order_relaxed);
    }
    if (atomic_fetch_add_explicit(&session->spinners, 1, memory_order_relaxed) < limit)
        return true;
    atomic_fetch_sub_explicit(&session->spinners, 1, memory_order_relaxed);
    return false;
}

static fm_sleep_result sleep_reply(struct fmt_session *session, fm_send *send, const struct limit *limit) {
    struct sleeper *sleeper = sleeper_of(send);
    struct fpw_cell *cell = &session->region->cells[send->slot.data[0]];
    uint64_t waiting = fpw_cell_word(send->slot.data[1], FPW_CELL_WAITING, 0);
    if (spin_begin(session)) {
        FPW_SPIN_UNTIL(&session->reply_spin, atomic_load_explicit(&cell->word, memory_order_acquire) != waiting ||
                                                 atomic_load_explicit(&sleeper->woken, memory_order_relaxed) != 0);
        atomic_fetch_sub_explicit(&session->spinners, 1, memory_order_relaxed);
    }
    for (;;) {
        if (atomic_load(&cell->word) != waiting)
            return FM_SLEEP_ANSWERED;
        if (take_wake(sleeper))
            return FM_SLEEP_WOKEN;
        atomic_store(&cell->sleeping, 1);
        if (atomic_load(&cell->word) != waiting)
            return FM_SLEEP_ANSWERED;
        if (sleep_on_shared(sleeper, fpw_cell_futex(cell), (uint32_t)waiting, limit) == ETIMEDOUT) {
            if (atomic_load(&cell->word) != waiting)
                return FM_SLEEP_ANSWERED;
            return take_wake(sleeper) ? FM_SLEEP_WOKEN : FM_SLEEP_TIMED_OUT;
        }
    }
}

fm_sleep_result fmt_sleep(void *transport, fm_send *send, fm_sleep_kind kind, uint64_t seen,
                          const fm_deadline *deadline) {
    struct fmt_session *session = transport;
    struct limit limit = limit_of(deadline);
    switch (kind) {
    case FM_SLEEP_QUEUED:
        return sleep_queued(sleeper_of(send), &limit);
    case FM_SLEEP_LEADER:
        return sleep_leader(session, sleeper_of(send), seen, &limit);
    default:
        return sleep_reply(session, send, &limit);
    }
}
