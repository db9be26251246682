/* SPDX-License-Identifier: Apache-2.0 */
#include "internal.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>

struct fl_connection *fl_connection_enter(HANDLE handle) {
    return (struct fl_connection *)fl_handle_enter(handle, FL_CONNECTION);
}

void fl_connection_leave(HANDLE handle) {
    fl_handle_leave(handle);
}

bool fl_connection_is_over(struct fl_connection *connection) {
    return atomic_load_explicit(&connection->ended, memory_order_acquire) ||
           atomic_load_explicit(&connection->region->sub_close.state, memory_order_acquire) != FPW_SUB_OPEN;
}

void fl_connection_end(struct fl_connection *connection) {
    pthread_mutex_lock(&connection->lock);
    atomic_store(&connection->ended, true);
    pthread_mutex_unlock(&connection->lock);
    fl_receive_drain(connection, NULL, NULL, 0);
    fl_receive_end_all(connection, STATUS_PORT_DISCONNECTED);
    fl_ring(&connection->region->comp.bell, &connection->region->comp.sleepers);
    pthread_mutex_lock(&connection->lane_lock);
    pthread_cond_broadcast(&connection->lane_free);
    pthread_mutex_unlock(&connection->lane_lock);
}

static void connection_shut(struct fl_connection *connection) {
    fl_watcher_remove(connection);
    fl_connection_end(connection);
    fl_lane_shut(connection);
    pthread_mutex_lock(&connection->control_lock);
    int descriptor = atomic_exchange(&connection->control, -1);
    pthread_mutex_unlock(&connection->control_lock);
    if (descriptor >= 0) {
        shutdown(descriptor, SHUT_RDWR); /* a child that forked just now may hold it too */
        close(descriptor);
    }
    struct fl_port *port = atomic_load(&connection->port);
    if (port != NULL)
        fl_port_remove(port, connection);
    fl_arena_forget(connection);
}

static void connection_close(struct fl_object *object) {
    struct fl_connection *connection = (struct fl_connection *)object;
    struct fpw_control_request request = {.kind = FPW_CLOSE};
    struct fpw_control_answer answer;
    fl_control_call(connection, &request, &answer, NULL);
    connection_shut(connection);
}

static void connection_destroy(struct fl_object *object) {
    struct fl_connection *connection = (struct fl_connection *)object;
    struct fl_port *port = atomic_load(&connection->port);
    fl_arena_unmap(connection);
    if (connection->region != NULL)
        munmap(connection->region, sizeof *connection->region);
    pthread_cond_destroy(&connection->lane_free);
    pthread_mutex_destroy(&connection->lane_lock);
    pthread_mutex_destroy(&connection->lock);
    pthread_mutex_destroy(&connection->synchronous_lock);
    pthread_mutex_destroy(&connection->control_lock);
    free(connection->receives);
    free(connection->free_receives);
    free(connection);
    if (port != NULL)
        fl_object_release((struct fl_object *)port);
}

static struct fl_connection *connection_create(void) {
    struct fl_connection *connection = calloc(1, sizeof *connection);
    if (connection == NULL)
        return NULL;
    fl_object_init(&connection->object, FL_CONNECTION, connection_close, connection_destroy);
    pthread_mutex_init(&connection->control_lock, NULL);
    pthread_mutex_init(&connection->synchronous_lock, NULL);
    pthread_mutex_init(&connection->lock, NULL);
    pthread_mutex_init(&connection->lane_lock, NULL);
    pthread_cond_init(&connection->lane_free, NULL);
    atomic_store(&connection->control, -1);
    for (int i = 0; i < FPW_LANES; i++)
        atomic_store_explicit(&connection->lanes[i], -1, memory_order_relaxed);
    fpw_spin_init(&connection->spin, FPW_SPIN_DEFAULT_NS);
    connection->free_receives = calloc(FPW_RECEIVES, sizeof *connection->free_receives);
    connection->receives = calloc(FPW_RECEIVES, sizeof *connection->receives);
    if (connection->free_receives == NULL || connection->receives == NULL) {
        fl_object_release(&connection->object);
        return NULL;
    }
    return connection;
}

static NTSTATUS connection_map(struct fl_connection *connection, int descriptor) {
    struct fpw_region *region = fl_map(descriptor, sizeof *region);
    if (region == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    connection->region = region;
    if (region->header.magic != FPW_MAGIC || region->header.version != FPW_VERSION ||
        region->header.region_length != sizeof *region) {
        fl_error_reason("fltmgrd and libfltlib.so are of different versions", 0);
        return STATUS_REVISION_MISMATCH;
    }
    return STATUS_SUCCESS;
}

static NTSTATUS connect_port(const char *manager, LPCWSTR name, DWORD options, LPCVOID context, WORD context_length,
                             HANDLE *handle) {
    size_t name_length = 0;
    while (name[name_length] != 0) {
        if (++name_length > FPW_LONGEST_NAME / sizeof(WCHAR))
            return STATUS_NAME_TOO_LONG;
    }
    struct fl_connection *connection = connection_create();
    if (connection == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    connection->synchronous = (options & FLT_PORT_FLAG_SYNC_HANDLE) != 0;
    int descriptor = -1;
    int region = -1;
    NTSTATUS status = fl_control_open(manager, &descriptor);
    if (status == STATUS_SUCCESS) {
        atomic_store(&connection->control, descriptor);
        struct fpw_control_request request = {.kind = FPW_CONNECT,
                                              .options = options,
                                              .name_length = (uint16_t)(name_length * sizeof(WCHAR)),
                                              .context_length = context_length};
        struct fpw_control_answer answer;
        status = fl_control_exchange(descriptor, &request, name, context, &answer, &region);
        if (status == STATUS_PORT_DISCONNECTED && region < 0) {
            fl_error_reason("the manager ended the conversation", 0);
            status = STATUS_DEVICE_NOT_READY;
        }
    }
    if (status == STATUS_SUCCESS)
        status = connection_map(connection, region);
    else if (region >= 0)
        close(region);
    bool watched = false;
    if (status == STATUS_SUCCESS) {
        status = fl_watcher_add(connection);
        watched = status == STATUS_SUCCESS;
    }
    if (status == STATUS_SUCCESS)
        status = fl_handle_create(&connection->object, handle);
    if (status != STATUS_SUCCESS) {
        if (watched)
            fl_watcher_remove(connection);
        if (descriptor >= 0)
            close(descriptor);
        fl_object_release(&connection->object);
    }
    return status;
}

HRESULT WINAPI FpConnectCommunicationPortAt(const char *manager, LPCWSTR lpPortName, DWORD dwOptions, LPCVOID lpContext,
                                            WORD wSizeOfContext, HANDLE *hPort) {
    static const char call[] = "FilterConnectCommunicationPort";
    fl_error_object(lpPortName);
    if (hPort == NULL)
        return fl_fail_status(call, STATUS_INVALID_PARAMETER);
    *hPort = INVALID_HANDLE_VALUE;
    if (atomic_load_explicit(&fl_forked, memory_order_relaxed))
        return fl_fail_status(call, STATUS_INVALID_HANDLE);
    if (lpPortName == NULL || (dwOptions & ~FLT_PORT_FLAG_SYNC_HANDLE) != 0 ||
        (lpContext == NULL) != (wSizeOfContext == 0))
        return fl_fail_status(call, STATUS_INVALID_PARAMETER);
    if (wSizeOfContext >= FLT_PORT_CONTEXT_MAX)
        return fl_fail_status(call, STATUS_INTEGER_OVERFLOW);
    return fl_fail_status(call, connect_port(manager, lpPortName, dwOptions, lpContext, wSizeOfContext, hPort));
}

HRESULT WINAPI FilterConnectCommunicationPort(LPCWSTR lpPortName, DWORD dwOptions, LPCVOID lpContext,
                                              WORD wSizeOfContext, LPSECURITY_ATTRIBUTES lpSecurityAttributes,
                                              HANDLE *hPort) {
    (void)lpSecurityAttributes;
    return FpConnectCommunicationPortAt(NULL, lpPortName, dwOptions, lpContext, wSizeOfContext, hPort);
}

HRESULT WINAPI FpSetWaitPolicy(HANDLE hPort, ULONG spinNanoseconds) {
    struct fl_connection *connection = fl_connection_enter(hPort);
    if (connection == NULL)
        return fl_fail_status("FpSetWaitPolicy", STATUS_INVALID_HANDLE);
    struct fpw_control_request request = {.kind = FPW_WAIT, .value = spinNanoseconds};
    struct fpw_control_answer answer = {.status = STATUS_SUCCESS};
    fpw_spin_init(&connection->spin, spinNanoseconds);
    NTSTATUS status = fl_control_call(connection, &request, &answer, NULL);
    fl_connection_leave(hPort);
    return fl_fail_status("FpSetWaitPolicy", status);
}
