/* SPDX-License-Identifier: Apache-2.0 */
#include "internal.h"

#include <stdlib.h>

/* Nobody works for an event in the background: who waits for it looks into the completion rings of the connections that
   have receives pending with it. */
enum { CONNECTIONS_PER_EVENT = 16 };

struct fl_event {
    struct fl_object object;
    bool manual;
    _Atomic bool signaled;
    _Atomic uint32_t bell;
    _Atomic uint32_t sleepers;
    pthread_mutex_t lock;
    struct {
        struct fl_connection *connection;
        uint32_t pending;
    } sources[CONNECTIONS_PER_EVENT];
};

static void event_destroy(struct fl_object *object) {
    struct fl_event *event = (struct fl_event *)object;
    pthread_mutex_destroy(&event->lock);
    free(event);
}

HANDLE WINAPI CreateEventW(LPSECURITY_ATTRIBUTES lpEventAttributes, BOOL bManualReset, BOOL bInitialState,
                           LPCWSTR lpName) {
    (void)lpEventAttributes;
    if (atomic_load_explicit(&fl_forked, memory_order_relaxed)) {
        fl_fail_win32("CreateEvent", ERROR_INVALID_HANDLE);
        return NULL;
    }
    if (lpName != NULL) {
        fl_fail_win32("CreateEvent", ERROR_NOT_SUPPORTED);
        return NULL;
    }
    struct fl_event *event = calloc(1, sizeof *event);
    if (event == NULL) {
        fl_fail_win32("CreateEvent", ERROR_NOT_ENOUGH_MEMORY);
        return NULL;
    }
    fl_object_init(&event->object, FL_EVENT, NULL, event_destroy);
    pthread_mutex_init(&event->lock, NULL);
    event->manual = bManualReset != FALSE;
    atomic_store_explicit(&event->signaled, bInitialState != FALSE, memory_order_relaxed);
    HANDLE handle;
    NTSTATUS status = fl_handle_create(&event->object, &handle);
    if (status != STATUS_SUCCESS) {
        fl_object_release(&event->object);
        fl_fail_win32("CreateEvent", fl_win32_from_status(status));
        return NULL;
    }
    return handle;
}

struct fl_object *fl_event_object(struct fl_event *event) {
    return &event->object;
}

void fl_event_set(struct fl_event *event) {
    atomic_store(&event->signaled, true);
    fl_ring(&event->bell, &event->sleepers);
}

void fl_event_reset(struct fl_event *event) {
    atomic_store(&event->signaled, false);
}

static BOOL event_call(HANDLE handle, const char *call, void (*action)(struct fl_event *)) {
    struct fl_object *object = fl_handle_enter(handle, FL_EVENT);
    if (object == NULL)
        return fl_fail_win32(call, ERROR_INVALID_HANDLE);
    action((struct fl_event *)object);
    fl_handle_leave(handle);
    return TRUE;
}

BOOL WINAPI SetEvent(HANDLE hEvent) {
    return event_call(hEvent, "SetEvent", fl_event_set);
}

BOOL WINAPI ResetEvent(HANDLE hEvent) {
    return event_call(hEvent, "ResetEvent", fl_event_reset);
}

NTSTATUS fl_event_begin(struct fl_event *event, struct fl_connection *connection) {
    NTSTATUS status = STATUS_INSUFFICIENT_RESOURCES;
    bool fresh = false;
    int place = -1;
    pthread_mutex_lock(&event->lock);
    for (int i = 0; i < CONNECTIONS_PER_EVENT; i++) {
        if (event->sources[i].connection == connection) {
            place = i;
            break;
        }
        if (event->sources[i].connection == NULL && place < 0)
            place = i;
    }
    if (place >= 0) {
        fresh = event->sources[place].connection == NULL;
        if (fresh) {
            fl_object_reference(&connection->object);
            event->sources[place].connection = connection;
        }
        event->sources[place].pending++;
        status = STATUS_SUCCESS;
    }
    pthread_mutex_unlock(&event->lock);
    if (status == STATUS_SUCCESS)
        fl_object_reference(&event->object);
    if (fresh) /* who waits for the event already must watch this connection too */
        fl_ring(&event->bell, &event->sleepers);
    return status;
}

void fl_event_end(struct fl_event *event, struct fl_connection *connection) {
    bool last = false;
    pthread_mutex_lock(&event->lock);
    for (int i = 0; i < CONNECTIONS_PER_EVENT; i++) {
        if (event->sources[i].connection == connection) {
            last = --event->sources[i].pending == 0;
            if (last)
                event->sources[i].connection = NULL;
            break;
        }
    }
    pthread_mutex_unlock(&event->lock);
    if (last)
        fl_object_release(&connection->object);
    fl_object_release(&event->object);
}

struct event_wait {
    struct fl_event *event;
    unsigned count;
    struct fl_connection *connections[CONNECTIONS_PER_EVENT];
};

static void event_wait_forget(struct event_wait *context) {
    for (unsigned i = 0; i < context->count; i++)
        fl_object_release(&context->connections[i]->object);
    context->count = 0;
}

static void event_gather(void *opaque, struct fl_wait *wait) {
    struct event_wait *context = opaque;
    struct fl_event *event = context->event;
    event_wait_forget(context);
    fl_wait_add(wait, &event->bell, &event->sleepers);
    pthread_mutex_lock(&event->lock);
    for (int i = 0; i < CONNECTIONS_PER_EVENT; i++) {
        struct fl_connection *connection = event->sources[i].connection;
        if (connection != NULL) {
            fl_object_reference(&connection->object);
            context->connections[context->count++] = connection;
            fl_receive_wait_add(wait, connection);
        }
    }
    pthread_mutex_unlock(&event->lock);
}

static bool event_done(void *opaque) {
    struct event_wait *context = opaque;
    for (unsigned i = 0; i < context->count; i++)
        fl_receive_drain(context->connections[i], NULL, NULL, 0);
    return context->event->manual ? atomic_load(&context->event->signaled)
                                  : atomic_exchange(&context->event->signaled, false);
}

static void connection_gather(void *opaque, struct fl_wait *wait) {
    struct fl_connection *connection = opaque;
    fl_receive_wait_add(wait, connection);
}

static bool connection_done(void *opaque) {
    struct fl_connection *connection = opaque;
    fl_receive_drain(connection, NULL, NULL, 0);
    return atomic_load(&connection->signaled) || atomic_load(&connection->ended);
}

DWORD WINAPI WaitForSingleObject(HANDLE hHandle, DWORD dwMilliseconds) {
    struct fl_wait wait = {.spin = NULL};
    uint64_t deadline = fl_deadline(dwMilliseconds);
    bool signaled;
    struct fl_object *object = fl_handle_enter(hHandle, FL_EVENT);
    if (object != NULL) {
        struct event_wait context = {.event = (struct fl_event *)object};
        signaled = fl_wait_until(&wait, event_gather, event_done, &context, deadline);
        event_wait_forget(&context);
    } else {
        struct fl_connection *connection = fl_connection_enter(hHandle);
        if (connection == NULL) {
            fl_fail_win32("WaitForSingleObject", ERROR_INVALID_HANDLE);
            return WAIT_FAILED;
        }
        wait.spin = &connection->spin;
        fl_receive_watch(connection, true);
        signaled = fl_wait_until(&wait, connection_gather, connection_done, connection, deadline);
        fl_receive_watch(connection, false);
    }
    fl_handle_leave(hHandle);
    return signaled ? WAIT_OBJECT_0 : WAIT_TIMEOUT;
}
