/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Alerting a thread that sleeps inside FltSendMessage.
 *
 * A fm_send lives on its sender's stack, and an alert comes from a thread that holds no lock of that connection. So the sender
 * publishes itself in its fm_thread before it first sleeps, and takes itself back before it returns. The alerter exchanges the pointer
 * for a mark; while the mark stands, the sender waits for the alerter before it lets its stack frame go. Both sides write, then read
 * (alerted / send), each with full order: at least one of them sees the other.
 */
#include "internal.h"

#define FM_BUSY ((fm_send *)1)

void fm_thread_init(fm_thread *thread) {
    fm_mutex_init(&thread->lock);
    thread->send = NULL;
    thread->connection = NULL;
    thread->alerted = 0;
}

void fm_thread_fini(fm_thread *thread) {
    fm_mutex_fini(&thread->lock);
}

bool fm_thread_alerted(const fm_thread *thread) {
    return __atomic_load_n(&thread->alerted, __ATOMIC_SEQ_CST) != 0;
}

void fm_thread_reset(fm_thread *thread) {
    __atomic_store_n(&thread->alerted, 0, __ATOMIC_SEQ_CST);
}

void fm_alert_thread(fm_thread *thread) {
    fm_send *send;

    fm_mutex_lock(&thread->lock);
    __atomic_store_n(&thread->alerted, 1, __ATOMIC_SEQ_CST);
    send = __atomic_exchange_n(&thread->send, FM_BUSY, __ATOMIC_SEQ_CST);
    if (send != NULL) {
        fm_connection *connection = thread->connection;
        connection->ops->wake(connection->transport, send);
    }
    __atomic_store_n(&thread->send, NULL, __ATOMIC_SEQ_CST);
    fm_mutex_unlock(&thread->lock);
}

void fm_thread_enter(fm_thread *thread, fm_connection *connection, fm_send *send) {
    fm_send *expected = NULL;

    thread->connection = connection;
    if (!__atomic_compare_exchange_n(&thread->send, &expected, send, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST)) {
        /* An alert is under way and saw no message: it has set alerted, which our caller looks at next. */
        fm_mutex_lock(&thread->lock);
        fm_mutex_unlock(&thread->lock);
    }
}

void fm_thread_leave(fm_thread *thread, fm_send *send) {
    fm_send *expected = send;

    if (!__atomic_compare_exchange_n(&thread->send, &expected, NULL, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST) &&
        expected == FM_BUSY) {
        fm_mutex_lock(&thread->lock);
        fm_mutex_unlock(&thread->lock);
    }
}
