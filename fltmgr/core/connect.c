/* SPDX-License-Identifier: Apache-2.0 */
/* FilterConnectCommunicationPort, kernel side. */
#include "internal.h"

static NTSTATUS check_request(const fm_connect_request *request) {
    if ((request->context == NULL) != (request->context_length == 0)) {
        return STATUS_INVALID_PARAMETER; /* CONN-03 */
    }
    if (request->context_length >= FLT_PORT_CONTEXT_MAX) {
        return STATUS_INTEGER_OVERFLOW; /* OPEN-14 */
    }
    if ((request->options & ~FLT_PORT_FLAG_SYNC_HANDLE) != 0) {
        return STATUS_INVALID_PARAMETER; /* OPEN-15 */
    }
    return fm_port_name_check(&request->name);
}

/* Name, access, count (CONN-06). On success one place of the port is taken and port and filter are referenced. */
static NTSTATUS admit(const fm_connect_request *request, fm_server_port **result) {
    fm_server_port *port;
    NTSTATUS status = STATUS_SUCCESS;

    fm_mutex_lock(&fm.lock);
    port = fm_port_find(&request->name);
    if (port == NULL) {
        status = STATUS_OBJECT_NAME_NOT_FOUND;
    } else if (!fm_access_check(port->security.descriptor, request->requestor,
                                __atomic_load_n(&fm.connect_access, __ATOMIC_RELAXED))) {
        status = STATUS_ACCESS_DENIED;
    } else if (port->count >= port->limit) {
        status = STATUS_CONNECTION_COUNT_LIMIT;
    } else if (__atomic_load_n(&port->filter->deleting, __ATOMIC_RELAXED) ||
               !fm_rundown_acquire(&port->filter->object.rundown)) {
        status = STATUS_FLT_DELETING_OBJECT;
    } else {
        port->count++;
        fm_count_up(&port->references);
    }
    if (!NT_SUCCESS(status)) {
        fm.counters.connects_refused++;
    }
    fm_mutex_unlock(&fm.lock);
    *result = port;
    return status;
}

static void give_place_back(fm_server_port *port) {
    fm_mutex_lock(&fm.lock);
    port->count--;
    fm.counters.connects_refused++;
    fm_mutex_unlock(&fm.lock);
}

static void start(fm_connection *connection, const fm_connect_request *request, fm_server_port *port) {
    fm_mutex_lock(&fm.lock);
    fm_mutex_lock(&connection->lock); /* a driver's thread may still look at this connection's former life */
    connection->attached = 3;         /* client port, DisconnectNotify owed, the connecting thread itself */
    connection->messages = 0;
    connection->rundown = NULL;
    connection->server = port;
    connection->filter = port->filter;
    connection->transport = request->transport;
    connection->ops = request->ops;
    connection->cookie = NULL;
    __atomic_store_n(&connection->disconnected, false, __ATOMIC_RELAXED);
    connection->client_open = true;
    connection->accepted = connection->notified = connection->forced = false;
    connection->queued = 0;
    __atomic_store_n(&connection->references, 2, __ATOMIC_RELAXED); /* user handle, attached */
    InsertTailList(&port->filter->connections, &connection->filter_link);
    fm_mutex_unlock(&connection->lock);
    fm_mutex_unlock(&fm.lock);
}

/* The connecting thread's own hold on port and filter. */
static void leave(fm_connection *connection) {
    bool last;

    fm_mutex_lock(&connection->lock);
    last = --connection->attached == 0;
    fm_mutex_unlock(&connection->lock);
    if (last) {
        fm_connection_detach(connection);
    }
}

/* After a refusal: no DisconnectNotify, and the place is free at once (CONN-13). */
static void undo(fm_connection *connection, fm_server_port *port) {
    give_place_back(port);
    fm_mutex_lock(&connection->lock);
    fm_disconnect_locked(connection);
    if (connection->client_open) {
        connection->client_open = false;
        connection->attached--;
    }
    connection->attached--; /* no DisconnectNotify is owed; never the last, our own hold remains */
    fm_mutex_unlock(&connection->lock);
    leave(connection);
    fm_connection_release(connection);
}

NTSTATUS fm_port_connect(const fm_connect_request *request, fm_connection **result, bool *released) {
    fm_server_port *port;
    fm_connection *connection;
    PVOID cookie = NULL;
    NTSTATUS status;

    *result = NULL;
    *released = false;
    status = check_request(request);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    status = admit(request, &port);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    connection = fm_connection_allocate();
    if (connection == NULL) {
        PFLT_FILTER filter = port->filter;
        give_place_back(port);
        fm_port_release(port);
        fm_rundown_release(&filter->object.rundown);
        return STATUS_INSUFFICIENT_RESOURCES;
    }

    *released = true;
    *result = connection;
    start(connection, request, port);

    /* The driver's copy is the host's copy: private, valid while this call runs (CONN-10). */
    status = port->connect(&connection->port, port->cookie, (PVOID)(ULONG_PTR)request->context, request->context_length,
                           &cookie);
    if (!NT_SUCCESS(status)) {
        *result = NULL;
        undo(connection, port);
        return status;
    }

    fm_mutex_lock(&connection->lock);
    connection->cookie = cookie;
    connection->accepted = true;
    fm_mutex_unlock(&connection->lock);
    if (__atomic_load_n(&port->filter->deleting, __ATOMIC_SEQ_CST)) {
        *result = NULL;
        fm_connection_force_end(connection);
        leave(connection);
        fm_connection_release(connection);
        return STATUS_FLT_DELETING_OBJECT;
    }
    leave(connection);
    fm_mutex_lock(&fm.lock);
    fm.counters.connects++;
    fm_mutex_unlock(&fm.lock);
    return STATUS_SUCCESS;
}
