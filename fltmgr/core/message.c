/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The life of a message
 * =====================
 *
 * FltSendMessage is synchronous, and ports are not buffered (OBJ-06): a message is nothing but a thread that waits. So its state, a
 * fm_send, lives on that thread's stack, and sending allocates nothing.
 *
 *                        receive armed and                            reply published before
 *                        reply window free                            the window closed
 *      ┌────────┐  match  ┌─────────┐  fill ok   ┌───────────┐  close_reply = REPLIED   ┌─────────┐
 *  ──▶ │ queued │ ──────▶ │ matched │ ─────────▶ │ delivered │ ───────────────────────▶ │ replied │
 *      └────────┘         └─────────┘            └───────────┘                          └─────────┘
 *        │   ▲  fill: receive cancelled meanwhile  │     │ close_reply = GONE and time over ┌───────────┐
 *        │   └──────────────┘                      │     └───────────────────────────────▶ │ timed out │ reply: no waiter
 *        │ time over, disconnect, alert            │ one-way: done                         └───────────┘
 *        ▼                                         ▼     close_reply = GONE and disconnect,  ┌───────────┐
 *      timed out or abandoned, no trace        delivered                    or alert ──────▶ │ abandoned │
 *                                                                                            └───────────┘
 *
 * Two lists under the connection's lock: queue (queued, oldest first) and active (matched, delivered). Whoever takes the lock may move
 * the head of the queue to active (fm_settle); from then on only the sender itself acts on its message. It copies the payload into the
 * client's buffer in its own thread, outside the lock, so a large message delays nobody else and no dispatcher thread stands between.
 *
 * Commit points. Match decides delivery against time-out: a sender that finds itself matched when its time is over still fills, and only
 * then gives up. close_reply decides reply against time-out, alert and disconnect: it ends the window exactly once, and a reply
 * published before that wins over all three. An open window is closed on every way out, so no reply ever reaches another message.
 *
 * Who wakes whom. The head of the queue is the leader: it sleeps on the doorbell that the client rings when it arms a receive, so one
 * re-arm wakes one thread and not all. The others sleep on nothing but wake(). The rule that loses no wake-up: every thread that holds the
 * lock collects the client's submissions and matches to a fixpoint before it sleeps or leaves, and if a message is then left whose
 * sender is not on the doorbell yet, it is told to go there (leading). The leader reads the doorbell before its last collect
 * (prepare_sleep), so a receive armed in between changes the value it sleeps on. Two threads on the doorbell (after a refill has pushed
 * the former head back) do no harm: whichever wakes serves the whole queue.
 *
 * A full table of reply windows counts as "no receive pending". The sender whose close_reply frees one settles before it leaves, so
 * the head is served without a receive having been armed.
 *
 * Disconnect marks the connection under the lock, ends the armed receives and wakes every message in both lists; each sender sees the
 * mark under the lock and leaves by itself. The connection outlives them, because each counts as attached; its memory outlives even a
 * sender that has only read the driver's port variable (internal.h, struct fm_connection).
 *
 * Rejected: a dispatcher thread per connection (two more context switches per message); a heap object per message with a reference
 * count (allocation on the hot path, and the sender's buffers would have to be copied to outlive it); one condition variable per
 * connection (a re-arm would wake all senders); filling under the lock (a page fault of the client's memory would stall the connection).
 */
#include "internal.h"

/* Limits ------------------------------------------------------------------------------------------------------------ */

typedef struct limit {
    fm_deadline deadline;
    bool immediate; /* zero, or an absolute time already past (OPEN-02, SEND-07) */
} limit;

static limit limit_of(const LARGE_INTEGER *timeout) {
    limit result = {{FM_FOREVER, 0}, false};

    if (timeout == NULL) {
        return result;
    }
    if (timeout->QuadPart < 0) {
        int64_t now = fm_clock_monotonic();
        result.deadline.kind = FM_MONOTONIC;
        result.deadline.value = timeout->QuadPart < now - INT64_MAX ? INT64_MAX : now - timeout->QuadPart;
    } else {
        result.deadline.kind = FM_REALTIME;
        result.deadline.value = timeout->QuadPart;
        result.immediate = timeout->QuadPart == 0 || timeout->QuadPart <= fm_clock_system();
    }
    return result;
}

/* One message -------------------------------------------------------------------------------------------------------- */

typedef struct call {
    fm_connection *connection;
    fm_send send;
    limit limit;
    fm_thread *thread; /* NULL: cannot be alerted */
    bool entered;
    PVOID reply;
    ULONG *reply_length;
} call;

static bool alerted(const call *c) {
    return c->thread != NULL && fm_thread_alerted(c->thread);
}

/* To be known to fm_alert_thread before the first sleep; a message that never sleeps needs no more than a look at the flag. */
static void enter_thread(call *c) {
    if (!c->entered && c->thread != NULL) {
        fm_thread_enter(c->thread, c->connection, &c->send);
        c->entered = true;
    }
}

/* Lock held, message queued. STATUS_SUCCESS: matched. Otherwise it has left the queue without a trace (SEND-09). */
static NTSTATUS wait_for_receive(call *c) {
    fm_connection *connection = c->connection;
    fm_send *send = &c->send;
    bool over = c->limit.immediate;
    NTSTATUS status;

    fm_settle(connection, send);
    for (;;) {
        if (send->phase == FM_PHASE_MATCHED) {
            return STATUS_SUCCESS;
        }
        if (connection->disconnected) {
            status = STATUS_PORT_DISCONNECTED;
            connection->counters.disconnected++;
            break;
        }
        if (alerted(c)) {
            status = STATUS_THREAD_IS_TERMINATING;
            connection->counters.terminated++;
            break;
        }
        if (over) {
            status = STATUS_TIMEOUT;
            connection->counters.timed_out_queued++;
            break;
        }
        if (c->thread != NULL && !c->entered) {
            enter_thread(c);
            continue;
        }
        fm_sleep_kind kind = FM_SLEEP_QUEUED;
        uint64_t seen = 0;
        if (connection->queue.first == send) {
            kind = FM_SLEEP_LEADER;
            send->leading = true;
            seen = connection->ops->prepare_sleep(connection->transport);
            fm_settle(connection, send);
            if (send->phase == FM_PHASE_MATCHED) {
                return STATUS_SUCCESS;
            }
        }
        fm_mutex_unlock(&connection->lock);
        over =
            connection->ops->sleep(connection->transport, send, kind, seen, &c->limit.deadline) == FM_SLEEP_TIMED_OUT;
        fm_mutex_lock(&connection->lock);
        fm_settle(connection, send);
    }
    fm_send_remove(&connection->queue, send);
    connection->queued--;
    fm_settle(connection, NULL);
    return status;
}

/* Lock held, matched; gives it up while copying. True: delivered. False: back at the head of the queue. Lock held again unless the
 * message now waits for a reply. */
static bool deliver(call *c) {
    fm_connection *connection = c->connection;
    fm_send *send = &c->send;
    const fm_message_view view = {send->reply_wanted ? send->reply_capacity + FM_HEADER_LENGTH : 0,
                                  send->slot.message_id, send->payload, send->length};
    fm_fill_result result;

    fm_mutex_unlock(&connection->lock);
    result = connection->ops->fill(connection->transport, send->receive, &view);
    if (result == FM_FILL_OK && send->reply_wanted) {
        return true;
    }
    fm_mutex_lock(&connection->lock);
    fm_send_remove(&connection->active, send);
    if (result == FM_FILL_OK) {
        connection->counters.one_way++;
        return true;
    }
    if (result == FM_FILL_TOO_SMALL) {
        if (send->receive->capacity > send->too_small) {
            send->too_small = send->receive->capacity;
        }
        connection->counters.receives_too_small++;
        connection->ops->drop(connection->transport, send->receive, STATUS_BUFFER_TOO_SMALL);
    }
    if (send->reply_wanted) {
        uint32_t length = 0;
        fm_status status = 0;
        (void)connection->ops->close_reply(connection->transport, &send->slot, NULL, 0, &length, &status);
    }
    connection->counters.refilled++;
    send->receive = NULL;
    send->leading = false;
    send->phase = FM_PHASE_QUEUED;
    fm_send_prepend(&connection->queue, send);
    connection->queued++;
    return false;
}

/* Not locked, delivered. Returns locked, with the result and the window closed. */
static NTSTATUS wait_for_reply(call *c) {
    fm_connection *connection = c->connection;
    fm_send *send = &c->send;
    fm_sleep_result result = FM_SLEEP_TIMED_OUT;
    uint32_t length = 0;
    fm_status reply_status = 0;
    NTSTATUS status;

    if (!c->limit.immediate) {
        enter_thread(c);
        do {
            if (alerted(c) || fm_connection_is_disconnected(connection)) {
                result = FM_SLEEP_WOKEN;
                break;
            }
            result = connection->ops->sleep(connection->transport, send, FM_SLEEP_REPLY, 0, &c->limit.deadline);
        } while (result == FM_SLEEP_WOKEN);
    }

    fm_mutex_lock(&connection->lock);
    if (connection->ops->close_reply(connection->transport, &send->slot, c->reply, send->reply_capacity, &length,
                                     &reply_status) == FM_REPLIED) {
        if (length > send->reply_capacity) {
            status = STATUS_BUFFER_OVERFLOW;
            connection->counters.reply_too_long++;
        } else {
            *c->reply_length = length;
            status = reply_status;
            connection->counters.replied++;
        }
    } else if (connection->disconnected) {
        status = STATUS_PORT_DISCONNECTED;
        connection->counters.disconnected++;
    } else if (alerted(c)) {
        status = STATUS_THREAD_IS_TERMINATING;
        connection->counters.terminated++;
    } else if (result == FM_SLEEP_ANSWERED) {
        fm_disconnect_locked(connection); /* it announced a reply and took it back: not a client to go on with */
        status = STATUS_PORT_DISCONNECTED;
        connection->counters.disconnected++;
    } else {
        status = STATUS_TIMEOUT;
        connection->counters.timed_out_delivered++;
    }
    fm_send_remove(&connection->active, send);
    return status;
}

static NTSTATUS send_locked(call *c) {
    fm_connection *connection = c->connection;
    NTSTATUS status;

    fm_send_append(&connection->queue, &c->send);
    connection->counters.sent++;
    if (++connection->queued > connection->counters.queue_high) {
        connection->counters.queue_high = connection->queued;
    }
    do {
        status = wait_for_receive(c);
        if (status != STATUS_SUCCESS) {
            return status;
        }
    } while (!deliver(c));
    return c->send.reply_wanted ? wait_for_reply(c) : STATUS_SUCCESS;
}

NTSTATUS FLTAPI FltSendMessage(PFLT_FILTER Filter, PFLT_PORT *ClientPort, PVOID SenderBuffer, ULONG SenderBufferLength,
                               PVOID ReplyBuffer, PULONG ReplyLength, PLARGE_INTEGER Timeout) {
    PFLT_PORT port;
    fm_connection *connection;
    NTSTATUS status;
    ULONG capacity = 0;
    bool last;

    if (Filter == NULL || ClientPort == NULL || SenderBuffer == NULL || (ReplyBuffer != NULL && ReplyLength == NULL) ||
        SenderBufferLength > MAXULONG - FM_HEADER_LENGTH) {
        return STATUS_INVALID_PARAMETER;
    }
    if (ReplyBuffer != NULL) {
        if (*ReplyLength > MAXULONG - FM_HEADER_LENGTH) {
            return STATUS_INVALID_PARAMETER;
        }
        capacity = *ReplyLength;
        *ReplyLength = 0; /* bytes copied on return: none unless a reply comes (SEND-16) */
    }
    port = __atomic_load_n(ClientPort, __ATOMIC_ACQUIRE);
    if (port == NULL) {
        return STATUS_PORT_DISCONNECTED;
    }
    if (port->kind != FM_KIND_CLIENT_PORT) {
        return STATUS_INVALID_PARAMETER;
    }

    connection = CONTAINING_RECORD(port, fm_connection, port);
    call c = {.connection = connection,
              .send = {.payload = SenderBuffer,
                       .length = SenderBufferLength,
                       .reply_capacity = capacity,
                       .reply_wanted = ReplyBuffer != NULL},
              .limit = limit_of(Timeout),
              .thread = fm_current_thread(),
              .reply = ReplyBuffer,
              .reply_length = ReplyLength};

    fm_mutex_lock(&connection->lock);
    if (__atomic_load_n(ClientPort, __ATOMIC_ACQUIRE) != port || connection->filter != Filter ||
        !connection->client_open || connection->disconnected) {
        fm_mutex_unlock(&connection->lock);
        return STATUS_PORT_DISCONNECTED;
    }
    connection->attached++;
    status = send_locked(&c);
    fm_settle(connection, NULL); /* a window may have become free */
    if (c.entered) {
        fm_thread_leave(c.thread, &c.send); /* before the connection may go: an alerter uses its transport */
    }
    last = --connection->attached == 0;
    fm_mutex_unlock(&connection->lock);

    if (last) {
        fm_connection_detach(connection);
    }
    return status;
}
