/* SPDX-License-Identifier: Apache-2.0 */
#include "internal.h"

fm_manager fm;

NTSTATUS fm_core_init(const fm_host_ops *ops) {
    fm_mutex_init(&fm.lock);
    fm_mutex_init(&fm.contexts);
    InitializeListHead(&fm.filters);
    InitializeListHead(&fm.volumes);
    InitializeListHead(&fm.ports);
    InitializeListHead(&fm.connections);
    fm.host = ops;
    fm.connect_access = FLT_PORT_ALL_ACCESS;
    fm.initialised = true;
    return STATUS_SUCCESS;
}

void fm_core_fini(void) {
    while (!IsListEmpty(&fm.connections)) {
        fm_connection *connection = CONTAINING_RECORD(RemoveHeadList(&fm.connections), fm_connection, all_link);
        fm_mutex_fini(&connection->lock);
        fm_release(connection);
    }
    fm_mutex_fini(&fm.contexts);
    fm_mutex_fini(&fm.lock);
    __builtin_memset(&fm, 0, sizeof(fm));
}

void fm_core_set_connect_access(ACCESS_MASK access) {
    __atomic_store_n(&fm.connect_access, access, __ATOMIC_RELAXED);
}

void fm_add_counters(fm_counters *sum, const fm_counters *part) {
    sum->sent += part->sent;
    sum->one_way += part->one_way;
    sum->replied += part->replied;
    sum->reply_too_long += part->reply_too_long;
    sum->timed_out_queued += part->timed_out_queued;
    sum->timed_out_delivered += part->timed_out_delivered;
    sum->disconnected += part->disconnected;
    sum->terminated += part->terminated;
    sum->receives_too_small += part->receives_too_small;
    sum->receives_cancelled += part->receives_cancelled;
    sum->refilled += part->refilled;
    sum->user_messages += part->user_messages;
    if (part->queue_high > sum->queue_high) {
        sum->queue_high = part->queue_high;
    }
}

void fm_core_counters(fm_counters *counters) {
    fm_mutex_lock(&fm.lock);
    *counters = fm.counters;
    for (PLIST_ENTRY entry = fm.connections.Flink; entry != &fm.connections; entry = entry->Flink) {
        fm_connection *connection = CONTAINING_RECORD(entry, fm_connection, all_link);
        fm_mutex_lock(&connection->lock);
        fm_add_counters(counters, &connection->counters);
        fm_mutex_unlock(&connection->lock);
    }
    fm_mutex_unlock(&fm.lock);
    counters->operations = __atomic_load_n(&fm.operations, __ATOMIC_RELAXED);
}
