/* SPDX-License-Identifier: Apache-2.0 */
/* Armed receives, the queue of messages, and the matching of both. Everything here runs under the connection's lock. */
#include "internal.h"

/* Lists ------------------------------------------------------------------------------------------------------------- */

void fm_send_append(fm_send_list *list, fm_send *send) {
    send->next = NULL;
    send->previous = list->last;
    *(list->last != NULL ? &list->last->next : &list->first) = send;
    list->last = send;
    send->listed = true;
}

void fm_send_prepend(fm_send_list *list, fm_send *send) {
    send->previous = NULL;
    send->next = list->first;
    *(list->first != NULL ? &list->first->previous : &list->last) = send;
    list->first = send;
    send->listed = true;
}

void fm_send_remove(fm_send_list *list, fm_send *send) {
    *(send->previous != NULL ? &send->previous->next : &list->first) = send->next;
    *(send->next != NULL ? &send->next->previous : &list->last) = send->previous;
    send->next = send->previous = NULL;
    send->listed = false;
}

static void receive_append(fm_receive_list *list, fm_receive *receive) {
    receive->next = NULL;
    receive->previous = list->last;
    *(list->last != NULL ? &list->last->next : &list->first) = receive;
    list->last = receive;
}

void fm_receive_remove(fm_receive_list *list, fm_receive *receive) {
    *(receive->previous != NULL ? &receive->previous->next : &list->first) = receive->next;
    *(receive->next != NULL ? &receive->next->previous : &list->last) = receive->previous;
    receive->next = receive->previous = NULL;
}

/* Matching ---------------------------------------------------------------------------------------------------------- */

/*
 * The oldest receive that may take the message. One that is too small ends with STATUS_BUFFER_TOO_SMALL, but only if it is larger than
 * those that already did for this message: the client learns that it must arm larger ones without losing all it has armed (OPEN-05).
 */
static fm_receive *pick(fm_connection *connection, fm_send *send) {
    const uint32_t needed = FM_HEADER_LENGTH + send->length;
    fm_receive *receive = connection->receives.first;

    while (receive != NULL) {
        fm_receive *next = receive->next;
        if (receive->capacity >= needed) {
            if (receive->capacity > send->too_small) {
                return receive;
            }
        } else if (receive->capacity > send->too_small) {
            send->too_small = receive->capacity;
            connection->counters.receives_too_small++;
            fm_receive_remove(&connection->receives, receive);
            connection->ops->drop(connection->transport, receive, STATUS_BUFFER_TOO_SMALL);
        }
        receive = next;
    }
    return NULL;
}

static bool match_one(fm_connection *connection, fm_send *send) {
    fm_receive *receive = pick(connection, send);

    if (receive == NULL) {
        return false;
    }
    if (!send->reply_wanted) {
        send->slot.message_id = connection->ops->no_reply_id(connection->transport);
    } else if (connection->ops->open_reply(connection->transport, &send->slot, send->reply_capacity) !=
               STATUS_SUCCESS) {
        return false; /* as if no receive were pending; each close_reply leads back here */
    }
    fm_receive_remove(&connection->receives, receive);
    fm_send_remove(&connection->queue, send);
    connection->queued--;
    fm_send_append(&connection->active, send);
    send->receive = receive;
    send->phase = FM_PHASE_MATCHED;
    return true;
}

static void match_known(fm_connection *connection, const fm_send *self) {
    fm_send *head;

    while (!connection->disconnected && (head = connection->queue.first) != NULL && match_one(connection, head)) {
        if (head != self) {
            connection->ops->wake(connection->transport, head);
        }
    }
}

/*
 * Matches until nothing more matches, then makes sure that the head of the queue sleeps, or will sleep, on the doorbell. self is the
 * caller's own message, which needs no wake. Every thread calls this after it changed something and before it sleeps or leaves.
 */
void fm_settle(fm_connection *connection, const fm_send *self) {
    fm_send *head;

    if (connection->queue.first == NULL) {
        return;
    }
    match_known(connection, self); /* often enough; then the client's words need not be looked at */
    if (connection->queue.first != NULL) {
        connection->ops->collect(connection->transport);
        match_known(connection, self);
    }
    head = connection->queue.first;
    if (head != NULL && head != self && !head->leading) {
        head->leading = true;
        connection->ops->wake(connection->transport, head);
    }
}

/* What a transport calls -------------------------------------------------------------------------------------------- */

void fm_receive_arrived(fm_connection *connection, fm_receive *receive) {
    if (connection->disconnected) {
        receive->next = receive->previous = NULL;
        connection->ops->drop(connection->transport, receive, STATUS_PORT_DISCONNECTED);
        return;
    }
    receive_append(&connection->receives, receive);
}

void fm_receive_submit(fm_connection *connection, fm_receive *receive) {
    fm_mutex_lock(&connection->lock);
    fm_receive_arrived(connection, receive);
    fm_settle(connection, NULL);
    fm_mutex_unlock(&connection->lock);
}

uint32_t fm_receive_cancel(fm_connection *connection, bool (*match)(const fm_receive *receive, const void *argument),
                           const void *argument, bool all) {
    uint32_t count = 0;
    fm_receive *receive, *next;

    fm_mutex_lock(&connection->lock);
    connection->ops->collect(connection->transport);
    for (receive = connection->receives.first; receive != NULL && (all || count == 0); receive = next) {
        next = receive->next;
        if (match(receive, argument)) {
            fm_receive_remove(&connection->receives, receive);
            connection->ops->drop(connection->transport, receive, STATUS_CANCELLED);
            connection->counters.receives_cancelled++;
            count++;
        }
    }
    fm_settle(connection, NULL);
    fm_mutex_unlock(&connection->lock);
    return count;
}
