/* SPDX-License-Identifier: Apache-2.0 */
#include "internal.h"

#include <stdlib.h>

/*
 * A completion port has no ring of its own: its threads take receives straight out of the completion rings of its
 * connections. Its queue holds what was posted, and what somebody else (a waiter for an event, the watcher) took out of
 * a ring for it.
 *
 * Threads inside read the places without a lock. A connection that leaves is put aside ("retired") and let go when no
 * thread is inside any more.
 */
enum { PORT_CONNECTIONS = FL_WAIT_MOST - 1 };

struct fl_port {
    struct fl_object object;
    _Atomic bool closed;
    _Atomic uint32_t bell;
    _Atomic uint32_t sleepers;
    _Atomic uint32_t inside;
    _Atomic uint32_t retired_count;
    _Atomic uint32_t queued;
    _Atomic uint32_t used; /* places from here on were never taken */
    _Atomic(struct fl_connection *) places[PORT_CONNECTIONS];
    pthread_mutex_t lock; /* of everything below, and of changes to places */
    struct fl_connection *retired[PORT_CONNECTIONS];
    struct fl_packet *first;
    struct fl_packet **last;
};

static void port_reap(struct fl_port *port) {
    struct fl_connection *leaving[PORT_CONNECTIONS];
    uint32_t count = 0;
    pthread_mutex_lock(&port->lock);
    if (atomic_load(&port->inside) == 0) {
        count = atomic_load_explicit(&port->retired_count, memory_order_relaxed);
        for (uint32_t i = 0; i < count; i++)
            leaving[i] = port->retired[i];
        atomic_store(&port->retired_count, 0);
    }
    pthread_mutex_unlock(&port->lock);
    for (uint32_t i = 0; i < count; i++)
        fl_object_release(&leaving[i]->object);
}

static void port_enter(struct fl_port *port) {
    atomic_fetch_add(&port->inside, 1);
}

static void port_leave(struct fl_port *port) {
    if (atomic_fetch_sub(&port->inside, 1) == 1 && atomic_load(&port->retired_count) != 0)
        port_reap(port);
}

/* Everybody inside looks again. */
static void port_kick(struct fl_port *port) {
    port_enter(port);
    fl_ring(&port->bell, &port->sleepers);
    uint32_t used = atomic_load(&port->used);
    for (uint32_t i = 0; i < used; i++) {
        struct fl_connection *connection = atomic_load(&port->places[i]);
        if (connection != NULL)
            fl_ring(&connection->region->comp.bell, &connection->region->comp.sleepers);
    }
    port_leave(port);
}

static struct fl_packet *port_unqueue(struct fl_port *port) {
    if (atomic_load(&port->queued) == 0)
        return NULL;
    pthread_mutex_lock(&port->lock);
    struct fl_packet *packet = port->first;
    if (packet != NULL) {
        port->first = packet->next;
        if (port->first == NULL)
            port->last = &port->first;
        atomic_fetch_sub(&port->queued, 1);
    }
    pthread_mutex_unlock(&port->lock);
    return packet;
}

static void packet_take(struct fl_packet *packet) {
    if (packet->connection == NULL)
        free(packet);
    else
        fl_receive_packet_taken(packet->connection, packet);
}

static void port_drop_queue(struct fl_port *port) {
    struct fl_packet *packet;
    while ((packet = port_unqueue(port)) != NULL)
        packet_take(packet);
}

void fl_port_queue(struct fl_port *port, struct fl_packet *packet) {
    packet->next = NULL;
    pthread_mutex_lock(&port->lock);
    *port->last = packet;
    port->last = &packet->next;
    atomic_fetch_add(&port->queued, 1);
    pthread_mutex_unlock(&port->lock);
    port_kick(port);
    if (atomic_load(&port->closed))
        port_drop_queue(port);
}

void fl_port_remove(struct fl_port *port, struct fl_connection *connection) {
    bool found = false;
    pthread_mutex_lock(&port->lock);
    for (uint32_t i = 0; i < PORT_CONNECTIONS && !found; i++) {
        /* a place is taken again only once its last connection has been let go, so `retired` has room */
        uint32_t retired = atomic_load(&port->retired_count);
        if (atomic_load(&port->places[i]) == connection) {
            atomic_store(&port->places[i], NULL);
            port->retired[retired] = connection;
            atomic_store(&port->retired_count, retired + 1);
            found = true;
        }
    }
    pthread_mutex_unlock(&port->lock);
    if (found) {
        fl_ring(&connection->region->comp.bell, &connection->region->comp.sleepers);
        port_kick(port);
    }
}

static void port_close(struct fl_object *object) {
    struct fl_port *port = (struct fl_port *)object;
    atomic_store(&port->closed, true);
    port_kick(port);
    for (uint32_t i = 0; i < PORT_CONNECTIONS; i++) {
        struct fl_connection *connection = atomic_load(&port->places[i]);
        if (connection != NULL)
            fl_port_remove(port, connection);
    }
    port_drop_queue(port);
}

static void port_destroy(struct fl_object *object) {
    struct fl_port *port = (struct fl_port *)object;
    port_drop_queue(port);
    pthread_mutex_destroy(&port->lock);
    free(port);
}

static NTSTATUS port_add(struct fl_port *port, struct fl_connection *connection, ULONG_PTR key) {
    NTSTATUS status = STATUS_INSUFFICIENT_RESOURCES;
    pthread_mutex_lock(&connection->lock);
    pthread_mutex_lock(&port->lock);
    if (atomic_load(&connection->port) != NULL) {
        status = STATUS_INVALID_PARAMETER;
    } else if (atomic_load(&connection->ended)) {
        status = STATUS_PORT_DISCONNECTED;
    } else {
        uint32_t occupied = atomic_load(&port->retired_count);
        uint32_t place = PORT_CONNECTIONS;
        for (uint32_t i = 0; i < PORT_CONNECTIONS; i++) {
            if (atomic_load(&port->places[i]) != NULL)
                occupied++;
            else if (place == PORT_CONNECTIONS)
                place = i;
        }
        if (occupied < PORT_CONNECTIONS) {
            fl_object_reference(&connection->object);
            fl_object_reference(&port->object);
            connection->key = key;
            atomic_store(&connection->port, port);
            atomic_store(&port->places[place], connection);
            if (place >= atomic_load(&port->used))
                atomic_store(&port->used, place + 1);
            status = STATUS_SUCCESS;
        }
    }
    pthread_mutex_unlock(&port->lock);
    pthread_mutex_unlock(&connection->lock);
    if (status == STATUS_SUCCESS)
        port_kick(port);
    return status;
}

static NTSTATUS port_create(HANDLE *handle) {
    struct fl_port *port = calloc(1, sizeof *port);
    if (port == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    fl_object_init(&port->object, FL_PORT, port_close, port_destroy);
    pthread_mutex_init(&port->lock, NULL);
    port->last = &port->first;
    NTSTATUS status = fl_handle_create(&port->object, handle);
    if (status != STATUS_SUCCESS)
        fl_object_release(&port->object);
    return status;
}

HANDLE WINAPI CreateIoCompletionPort(HANDLE FileHandle, HANDLE ExistingCompletionPort, ULONG_PTR CompletionKey,
                                     DWORD NumberOfConcurrentThreads) {
    static const char call[] = "CreateIoCompletionPort";
    (void)NumberOfConcurrentThreads;
    if (atomic_load_explicit(&fl_forked, memory_order_relaxed)) {
        fl_fail_win32(call, ERROR_INVALID_HANDLE);
        return NULL;
    }
    HANDLE handle = ExistingCompletionPort;
    NTSTATUS status = STATUS_SUCCESS;
    if (handle == NULL)
        status = port_create(&handle);
    else if (FileHandle == INVALID_HANDLE_VALUE)
        status = STATUS_INVALID_PARAMETER;
    if (status == STATUS_SUCCESS && FileHandle != INVALID_HANDLE_VALUE) {
        struct fl_port *port = (struct fl_port *)fl_handle_enter(handle, FL_PORT);
        struct fl_connection *connection = fl_connection_enter(FileHandle);
        if (port == NULL || connection == NULL)
            status = STATUS_INVALID_HANDLE;
        else
            status = connection->synchronous ? STATUS_INVALID_PARAMETER : port_add(port, connection, CompletionKey);
        if (connection != NULL)
            fl_connection_leave(FileHandle);
        if (port != NULL)
            fl_handle_leave(handle);
        if (status != STATUS_SUCCESS && ExistingCompletionPort == NULL)
            CloseHandle(handle);
    }
    if (status != STATUS_SUCCESS) {
        fl_fail_win32(call, fl_win32_from_status(status));
        return NULL;
    }
    return handle;
}

struct port_wait {
    struct fl_port *port;
    struct fl_wait *wait;
    OVERLAPPED_ENTRY *entries;
    unsigned room;
    unsigned count;
    bool closed;
};

static void port_gather(void *opaque, struct fl_wait *wait) {
    struct port_wait *context = opaque;
    struct fl_port *port = context->port;
    struct fl_connection *only = NULL;
    uint32_t used = atomic_load_explicit(&port->used, memory_order_acquire);
    for (uint32_t i = 0; i < used; i++) {
        struct fl_connection *connection = atomic_load(&port->places[i]);
        if (connection != NULL) {
            only = connection;
            fl_receive_wait_add(wait, connection);
        }
    }
    /* One connection's bell is enough: who changes anything about the port rings it as well. */
    if (wait->count != 1)
        fl_wait_add(wait, &port->bell, &port->sleepers);
    wait->spin = wait->count == 1 && only != NULL ? &only->spin : NULL;
}

static bool port_done(void *opaque) {
    struct port_wait *context = opaque;
    struct fl_port *port = context->port;
    struct fl_packet *packet;
    while (context->count < context->room && (packet = port_unqueue(port)) != NULL) {
        context->entries[context->count++] = packet->entry;
        packet_take(packet);
    }
    uint32_t used = atomic_load_explicit(&port->used, memory_order_acquire);
    for (uint32_t i = 0; i < used && context->count < context->room; i++) {
        struct fl_connection *connection = atomic_load(&port->places[i]);
        if (connection != NULL && fl_receive_ready(connection))
            context->count +=
                fl_receive_drain(connection, port, context->entries + context->count, context->room - context->count);
    }
    if (context->count != 0)
        return true;
    context->closed = atomic_load_explicit(&port->closed, memory_order_acquire);
    return context->closed;
}

/* Last error set when 0. */
static unsigned port_take(const char *call, HANDLE handle, OVERLAPPED_ENTRY *entries, unsigned room,
                          DWORD milliseconds) {
    struct fl_port *port = (struct fl_port *)fl_handle_enter(handle, FL_PORT);
    if (port == NULL) {
        fl_fail_win32(call, ERROR_INVALID_HANDLE);
        return 0;
    }
    struct fl_wait wait;
    struct port_wait context = {.port = port, .entries = entries, .room = room};
    port_enter(port);
    bool in_time = true;
    if (!port_done(&context)) {
        if (milliseconds == 0)
            in_time = false;
        else
            in_time = fl_wait_until(&wait, port_gather, port_done, &context, fl_deadline(milliseconds));
    }
    port_leave(port);
    fl_handle_leave(handle);
    if (context.count == 0)
        fl_fail_win32(call, in_time ? ERROR_ABANDONED_WAIT_0 : WAIT_TIMEOUT);
    return context.count;
}

BOOL WINAPI GetQueuedCompletionStatusEx(HANDLE CompletionPort, LPOVERLAPPED_ENTRY lpCompletionPortEntries,
                                        ULONG ulCount, ULONG *ulNumEntriesRemoved, DWORD dwMilliseconds,
                                        BOOL fAlertable) {
    static const char call[] = "GetQueuedCompletionStatusEx";
    if (lpCompletionPortEntries == NULL || ulCount == 0 || ulNumEntriesRemoved == NULL || fAlertable)
        return fl_fail_win32(call, ERROR_INVALID_PARAMETER);
    *ulNumEntriesRemoved = port_take(call, CompletionPort, lpCompletionPortEntries, ulCount, dwMilliseconds);
    return *ulNumEntriesRemoved != 0;
}

BOOL WINAPI GetQueuedCompletionStatus(HANDLE CompletionPort, LPDWORD lpNumberOfBytesTransferred,
                                      ULONG_PTR *lpCompletionKey, LPOVERLAPPED *lpOverlapped, DWORD dwMilliseconds) {
    static const char call[] = "GetQueuedCompletionStatus";
    if (lpNumberOfBytesTransferred == NULL || lpCompletionKey == NULL || lpOverlapped == NULL)
        return fl_fail_win32(call, ERROR_INVALID_PARAMETER);
    OVERLAPPED_ENTRY entry;
    if (port_take(call, CompletionPort, &entry, 1, dwMilliseconds) == 0) {
        *lpOverlapped = NULL;
        return FALSE;
    }
    *lpNumberOfBytesTransferred = entry.dwNumberOfBytesTransferred;
    *lpCompletionKey = entry.lpCompletionKey;
    *lpOverlapped = entry.lpOverlapped;
    if (!NT_SUCCESS((NTSTATUS)entry.Internal))
        return fl_fail_win32(call, fl_win32_from_status((NTSTATUS)entry.Internal));
    return TRUE;
}

BOOL WINAPI PostQueuedCompletionStatus(HANDLE CompletionPort, DWORD dwNumberOfBytesTransferred,
                                       ULONG_PTR dwCompletionKey, LPOVERLAPPED lpOverlapped) {
    static const char call[] = "PostQueuedCompletionStatus";
    struct fl_port *port = (struct fl_port *)fl_handle_enter(CompletionPort, FL_PORT);
    if (port == NULL)
        return fl_fail_win32(call, ERROR_INVALID_HANDLE);
    struct fl_packet *packet = malloc(sizeof *packet);
    if (packet != NULL) {
        *packet = (struct fl_packet){.entry = {.lpCompletionKey = dwCompletionKey,
                                               .lpOverlapped = lpOverlapped,
                                               .dwNumberOfBytesTransferred = dwNumberOfBytesTransferred}};
        fl_port_queue(port, packet);
    }
    fl_handle_leave(CompletionPort);
    return packet != NULL ? TRUE : fl_fail_win32(call, ERROR_NOT_ENOUGH_MEMORY);
}
