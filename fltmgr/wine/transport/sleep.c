/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How a sender sleeps: on an event in its own fm_send. Receives and replies come through the core's lock, whose holder wakes whom
 * they concern, so all kinds of sleep are the same.
 *
 * The event is made once, at the first sleep. A waker whose sleeper has gone on meanwhile may set it late; that is a spurious
 * return of the next sleep, which the core allows.
 */
#include "client.h"

enum { WOKEN = 1, SLEEPING = 2, ANSWERED = 4, EVENT_MADE = 8 };

struct sleeper {
    KEVENT event;
    uint64_t word; /* atomic */
};
C_ASSERT(sizeof(struct sleeper) <= sizeof(((fm_send *)0)->transport));

static struct sleeper *sleeper_of(fm_send *send) {
    return (struct sleeper *)(void *)send->transport;
}

uint64_t fmw_prepare_sleep(void *transport) {
    UNREFERENCED_PARAMETER(transport);
    return 0;
}

static void wake_with(fm_send *send, uint64_t bits) {
    struct sleeper *sleeper = sleeper_of(send);
    const uint64_t before = __atomic_fetch_or(&sleeper->word, bits | WOKEN, __ATOMIC_SEQ_CST);
    if ((before & (SLEEPING | WOKEN)) == SLEEPING) {
        (void)KeSetEvent(&sleeper->event, IO_NO_INCREMENT, FALSE);
    }
}

void fmw_wake(void *transport, fm_send *send) {
    UNREFERENCED_PARAMETER(transport);
    wake_with(send, 0);
}

void fmw_answered(fm_send *send) {
    wake_with(send, ANSWERED);
}

void fmw_unanswered(fm_send *send) {
    (void)__atomic_fetch_and(&sleeper_of(send)->word, ~(uint64_t)ANSWERED, __ATOMIC_SEQ_CST);
}

fm_sleep_result fmw_sleep(void *transport, fm_send *send, fm_sleep_kind kind, uint64_t seen,
                          const fm_deadline *deadline) {
    struct sleeper *sleeper = sleeper_of(send);
    uint64_t word;
    bool in_time = true;
    UNREFERENCED_PARAMETER(transport);
    UNREFERENCED_PARAMETER(seen);
    if ((__atomic_load_n(&sleeper->word, __ATOMIC_RELAXED) & EVENT_MADE) == 0) {
        KeInitializeEvent(&sleeper->event, SynchronizationEvent, FALSE);
    }
    word = __atomic_fetch_or(&sleeper->word, SLEEPING | EVENT_MADE, __ATOMIC_SEQ_CST);
    if ((word & WOKEN) == 0) {
        in_time = fmw_event_wait(&sleeper->event, deadline);
    }
    word = __atomic_fetch_and(&sleeper->word, ~(uint64_t)(SLEEPING | WOKEN), __ATOMIC_SEQ_CST);
    if (kind == FM_SLEEP_REPLY && (word & ANSWERED) != 0) {
        return FM_SLEEP_ANSWERED;
    }
    return in_time || (word & WOKEN) != 0 ? FM_SLEEP_WOKEN : FM_SLEEP_TIMED_OUT;
}
