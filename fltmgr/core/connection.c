/* SPDX-License-Identifier: Apache-2.0 */
/* Memory and references of connections. Who may still be inside, and when it goes: internal.h, struct fm_connection. */
#include "internal.h"

fm_connection *fm_connection_allocate(void) {
    fm_connection *connection;

    fm_mutex_lock(&fm.lock);
    connection = fm.free_connections;
    if (connection != NULL) {
        fm.free_connections = connection->next_free;
    }
    fm_mutex_unlock(&fm.lock);
    if (connection != NULL) {
        return connection;
    }

    connection = fm_allocate(sizeof(*connection));
    if (connection != NULL) {
        connection->port.kind = FM_KIND_CLIENT_PORT;
        fm_mutex_init(&connection->lock);
        fm_mutex_lock(&fm.lock);
        InsertTailList(&fm.connections, &connection->all_link);
        fm_mutex_unlock(&fm.lock);
    }
    return connection;
}

void fm_connection_unused(fm_connection *connection) {
    fm_mutex_lock(&fm.lock);
    fm_mutex_lock(&connection->lock);
    fm_add_counters(&fm.counters, &connection->counters);
    __builtin_memset(&connection->counters, 0, sizeof(connection->counters));
    fm_mutex_unlock(&connection->lock);
    connection->next_free = fm.free_connections;
    fm.free_connections = connection;
    fm_mutex_unlock(&fm.lock);
}

void fm_connection_reference(fm_connection *connection) {
    fm_count_up(&connection->references);
}

void fm_connection_release(fm_connection *connection) {
    const fm_transport_ops *ops;
    void *transport;

    if (!fm_count_down(&connection->references)) {
        return;
    }
    fm_mutex_lock(&connection->lock);
    ops = connection->ops;
    transport = connection->transport;
    connection->ops = NULL;
    connection->transport = NULL;
    fm_mutex_unlock(&connection->lock);
    fm_connection_unused(connection);
    ops->released(transport);
}

/*
 * The kernel side is done with the connection: client port closed, DisconnectNotify over, no sender and no MessageNotify inside. From here on
 * it holds neither its port nor its filter, whatever the user does with the handle.
 */
void fm_connection_detach(fm_connection *connection) {
    fm_server_port *server;
    PFLT_FILTER filter;

    fm_mutex_lock(&fm.lock);
    (void)RemoveEntryList(&connection->filter_link);
    fm_mutex_lock(&connection->lock);
    server = connection->server;
    filter = connection->filter;
    connection->server = NULL;
    connection->filter = NULL;
    fm_mutex_unlock(&connection->lock);
    fm_mutex_unlock(&fm.lock);

    fm_port_release(server);
    fm_rundown_release(&filter->object.rundown);
    fm_connection_release(connection);
}

void fm_connection_lock(fm_connection *connection) {
    fm_mutex_lock(&connection->lock);
}

void fm_connection_unlock(fm_connection *connection) {
    fm_mutex_unlock(&connection->lock);
}

bool fm_connection_is_disconnected(const fm_connection *connection) {
    return __atomic_load_n(&connection->disconnected, __ATOMIC_ACQUIRE);
}

void *fm_connection_transport(const fm_connection *connection) {
    return connection->transport;
}
