/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The end of a connection.
 *
 *   disconnect   a mark under the lock, from either end; wakes everybody and blocks nobody
 *   end          disconnect, wait for running MessageNotify calls, DisconnectNotify once, place in the port free (DISC-02, DISC-10, DISC-11);
 *                done by the user's close or by FltUnregisterFilter, whoever claims it first
 *   force end    end, and close the driver's end if the driver did not (DISC-13)
 */
#include "internal.h"

void fm_disconnect_locked(fm_connection *connection) {
    fm_receive *receive;

    if (connection->disconnected) {
        return;
    }
    __atomic_store_n(&connection->disconnected, true, __ATOMIC_SEQ_CST);
    connection->ops->disconnected(connection->transport);
    connection->ops->collect(connection->transport);
    while ((receive = connection->receives.first) != NULL) {
        fm_receive_remove(&connection->receives, receive);
        connection->ops->drop(connection->transport, receive, STATUS_PORT_DISCONNECTED);
    }
    for (fm_send *send = connection->queue.first; send != NULL; send = send->next) {
        connection->ops->wake(connection->transport, send);
    }
    for (fm_send *send = connection->active.first; send != NULL; send = send->next) {
        connection->ops->wake(connection->transport, send);
    }
}

void fm_connection_break_locked(fm_connection *connection) {
    fm_disconnect_locked(connection);
}

void fm_connection_break(fm_connection *connection) {
    fm_mutex_lock(&connection->lock);
    fm_disconnect_locked(connection);
    fm_mutex_unlock(&connection->lock);
}

/* Lock held on entry and return; given up while waiting. */
static void wait_for_messages(fm_connection *connection) {
    const fm_deadline forever = {FM_FOREVER, 0};
    fm_waiter waiter;

    if (connection->messages == 0) {
        return;
    }
    fm_waiter_init(&waiter);
    connection->rundown = &waiter;
    fm_mutex_unlock(&connection->lock);
    (void)fm_waiter_wait(&waiter, &forever);
    fm_mutex_lock(&connection->lock);
    connection->rundown = NULL;
    fm_waiter_fini(&waiter);
}

void fm_connection_end(fm_connection *connection) {
    fm_server_port *server;
    PVOID cookie;
    bool last;

    fm_mutex_lock(&connection->lock);
    fm_disconnect_locked(connection);
    if (!connection->accepted || connection->notified) {
        fm_mutex_unlock(&connection->lock);
        return;
    }
    connection->notified = true;
    wait_for_messages(connection);
    server = connection->server;
    cookie = connection->cookie;
    fm_mutex_unlock(&connection->lock);

    server->disconnect(cookie);

    fm_mutex_lock(&fm.lock);
    server->count--;
    fm_mutex_unlock(&fm.lock);

    fm_mutex_lock(&connection->lock);
    last = --connection->attached == 0;
    fm_mutex_unlock(&connection->lock);
    if (last) {
        fm_connection_detach(connection);
    }
}

void fm_connection_close_user(fm_connection *connection) {
    fm_connection_end(connection);
    fm_connection_release(connection);
}

/* Lock held. True: the caller must detach once it has unlocked. */
static bool close_client_locked(fm_connection *connection) {
    if (!connection->client_open) {
        return false;
    }
    connection->client_open = false;
    fm_disconnect_locked(connection);
    return --connection->attached == 0;
}

void fm_connection_force_end(fm_connection *connection) {
    bool last;

    fm_connection_end(connection);
    fm_mutex_lock(&connection->lock);
    last = close_client_locked(connection);
    fm_mutex_unlock(&connection->lock);
    if (last) {
        fm_connection_detach(connection);
    }
}

void fm_connections_end_all(PFLT_FILTER filter) {
    for (;;) {
        fm_connection *found = NULL;

        fm_mutex_lock(&fm.lock);
        for (PLIST_ENTRY entry = filter->connections.Flink; entry != &filter->connections && found == NULL;
             entry = entry->Flink) {
            fm_connection *connection = CONTAINING_RECORD(entry, fm_connection, filter_link);
            fm_mutex_lock(&connection->lock);
            /* One not accepted yet is ended by the thread that connects: it looks at filter->deleting afterwards. */
            if (!connection->forced && connection->accepted) {
                connection->forced = true;
                fm_connection_reference(connection);
                found = connection;
            }
            fm_mutex_unlock(&connection->lock);
        }
        fm_mutex_unlock(&fm.lock);
        if (found == NULL) {
            return;
        }
        fm_connection_force_end(found);
        fm_connection_release(found);
    }
}

VOID FLTAPI FltCloseClientPort(PFLT_FILTER Filter, PFLT_PORT *ClientPort) {
    PFLT_PORT port = __atomic_load_n(ClientPort, __ATOMIC_ACQUIRE);
    fm_connection *connection;
    bool last = false;

    if (port == NULL || port->kind != FM_KIND_CLIENT_PORT) {
        return; /* DISC-07 */
    }
    connection = CONTAINING_RECORD(port, fm_connection, port);
    fm_mutex_lock(&connection->lock);
    if (__atomic_load_n(ClientPort, __ATOMIC_ACQUIRE) == port) {
        __atomic_store_n(ClientPort, NULL, __ATOMIC_RELEASE);
        if (connection->filter == Filter) {
            last = close_client_locked(connection);
        }
    }
    fm_mutex_unlock(&connection->lock);
    if (last) {
        fm_connection_detach(connection);
    }
}
