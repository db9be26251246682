/* SPDX-License-Identifier: Apache-2.0 */
#include "internal.h"

#include <string.h>

/*
 * The life of a receive: armed (FilterGetMessage has put it into the submission ring), ended (its completion was taken
 * out of the completion ring), free. Everything a caller may look at is written before the event, the packet or `done`
 * that tells of it, because from there on the caller may use the memory again.
 */

enum { DRAIN_BATCH = 32, RING_MASK = FPW_RECEIVES - 1 };

static uint32_t cookie_of(const struct fl_connection *connection, const struct fl_receive *receive) {
    return (uint32_t)(receive - connection->receives) | (uint32_t)receive->uses << 16;
}

static void receive_free_locked(struct fl_connection *connection, struct fl_receive *receive) {
    receive->state = FL_RECEIVE_FREE;
    receive->uses++;
    connection->free_receives[connection->free_count++] = (uint16_t)(receive - connection->receives);
}

static void receive_free(struct fl_connection *connection, struct fl_receive *receive) {
    pthread_mutex_lock(&connection->lock);
    receive_free_locked(connection, receive);
    pthread_mutex_unlock(&connection->lock);
}

static struct fl_receive *receive_new_locked(struct fl_connection *connection) {
    if (connection->free_count != 0)
        return &connection->receives[connection->free_receives[--connection->free_count]];
    if (connection->high_mark < FPW_RECEIVES)
        return &connection->receives[connection->high_mark++];
    return NULL;
}

static void overlapped_set(LPOVERLAPPED overlapped, NTSTATUS status, uint32_t information) {
    __atomic_store_n(&overlapped->InternalHigh, information, __ATOMIC_RELAXED);
    __atomic_store_n(&overlapped->Internal, (ULONG_PTR)(uint32_t)status, __ATOMIC_RELEASE);
}

static HANDLE event_handle(const OVERLAPPED *overlapped) {
    return (HANDLE)((ULONG_PTR)overlapped->hEvent & ~(ULONG_PTR)1);
}

/* --- arming ------------------------------------------------------------------------------------------------------- */

/*
 * After sub.tail. The bell is for a leader that has set the mark that is taken here, but does not sleep yet: without it
 * that leader would sleep unmarked. All are woken, because one may be on its way out of the futex.
 */
static void bell_host(struct fpw_region *region) {
    if (atomic_load(&region->sub.sleepers) != 0 && atomic_exchange(&region->sub.sleepers, 0) != 0) {
        atomic_fetch_add(&region->sub.bell, 1);
        fpw_futex_wake(&region->sub.bell, INT32_MAX);
    }
}

/* The manager no longer collects from this entry on: nobody will complete it. */
static bool never_collected(struct fl_connection *connection, uint32_t entry) {
    struct fpw_region *region = connection->region;
    uint32_t state = atomic_load(&region->sub_close.state);
    if (state == FPW_SUB_OPEN)
        return false;
    while (state != FPW_SUB_CLOSED && !atomic_load(&connection->ended)) {
        fpw_pause();
        state = atomic_load_explicit(&region->sub_close.state, memory_order_acquire);
    }
    if (state != FPW_SUB_CLOSED)
        return false; /* ended: the receive was or is being ended with all the others */
    uint32_t end = atomic_load_explicit(&region->sub_close.end, memory_order_relaxed);
    return (int32_t)(entry - end) >= 0;
}

struct arming {
    void *buffer;
    uint32_t capacity;
    LPOVERLAPPED overlapped; /* NULL for a synchronous receive */
    struct fl_event *event;
    void *bounce;
};

static NTSTATUS arm(struct fl_connection *connection, const struct arming *arming, struct fl_receive **armed) {
    struct fpw_region *region = connection->region;
    const void *target = arming->bounce != NULL ? arming->bounce : arming->buffer;
    struct fpw_submission submission = {.length = arming->capacity};
    pthread_mutex_lock(&connection->lock);
    struct fl_receive *receive = NULL;
    NTSTATUS status = STATUS_SUCCESS;
    if (atomic_load_explicit(&connection->ended, memory_order_relaxed))
        status = STATUS_PORT_DISCONNECTED;
    else if (!fl_arena_find(connection, target, arming->capacity, &submission.arena, &submission.offset))
        status = STATUS_RETRY;
    else if ((receive = receive_new_locked(connection)) == NULL)
        status = STATUS_INSUFFICIENT_RESOURCES;
    if (status != STATUS_SUCCESS) {
        pthread_mutex_unlock(&connection->lock);
        return status;
    }
    receive->state = FL_RECEIVE_ARMED;
    receive->synchronous = arming->overlapped == NULL;
    receive->packet_wanted = arming->overlapped != NULL && ((ULONG_PTR)arming->overlapped->hEvent & 1) == 0;
    receive->overlapped = arming->overlapped;
    receive->buffer = arming->buffer;
    receive->bounce = arming->bounce;
    receive->capacity = arming->capacity;
    receive->event = arming->event;
    atomic_store_explicit(&receive->done, 0, memory_order_relaxed);
    submission.cookie = cookie_of(connection, receive);
    uint32_t entry = connection->sub_tail++;
    region->submissions[entry & RING_MASK] = submission;
    atomic_store(&region->sub.tail, connection->sub_tail);
    pthread_mutex_unlock(&connection->lock);
    *armed = receive;

    bell_host(region);
    if (!never_collected(connection, entry))
        return STATUS_SUCCESS;
    pthread_mutex_lock(&connection->lock);
    bool ours = receive->state == FL_RECEIVE_ARMED && cookie_of(connection, receive) == submission.cookie;
    if (ours)
        receive_free_locked(connection, receive);
    pthread_mutex_unlock(&connection->lock);
    return ours ? STATUS_PORT_DISCONNECTED : STATUS_SUCCESS;
}

static NTSTATUS arm_anywhere(struct fl_connection *connection, struct arming *arming, struct fl_receive **armed) {
    NTSTATUS status = arm(connection, arming, armed);
    if (status != STATUS_RETRY)
        return status;
    status = fl_bounce_take(connection, arming->capacity, &arming->bounce);
    if (status == STATUS_SUCCESS) {
        status = arm(connection, arming, armed);
        if (status != STATUS_SUCCESS)
            fl_bounce_give(connection, arming->bounce);
    }
    return status;
}

/* --- ending ------------------------------------------------------------------------------------------------------- */

struct drain {
    struct fl_port *port; /* whose thread drains; NULL: somebody else */
    OVERLAPPED_ENTRY *entries;
    unsigned room;
    unsigned written;
};

/* `receive` is ended, and only this thread touches it. */
static void finish(struct fl_connection *connection, struct fl_receive *receive, struct drain *drain) {
    if (receive->bounce != NULL) {
        if (NT_SUCCESS(receive->status))
            memcpy(receive->buffer, receive->bounce, receive->information);
        fl_bounce_give(connection, receive->bounce);
    }
    if (!atomic_load_explicit(&connection->signaled, memory_order_relaxed))
        atomic_store(&connection->signaled, true);
    if (receive->synchronous) {
        atomic_store_explicit(&receive->done, 1, memory_order_release);
        fl_ring(&connection->region->comp.bell, &connection->region->comp.sleepers);
        return;
    }
    struct fl_event *event = receive->event;
    struct fl_port *port = atomic_load_explicit(&connection->port, memory_order_acquire);
    bool packet_wanted = port != NULL && receive->packet_wanted;
    OVERLAPPED_ENTRY entry = {.lpCompletionKey = connection->key,
                              .lpOverlapped = receive->overlapped,
                              .Internal = (ULONG_PTR)(uint32_t)receive->status,
                              .dwNumberOfBytesTransferred = receive->information};
    NTSTATUS status = receive->status;
    uint32_t information = receive->information;
    bool queue = packet_wanted && (drain->port != port || drain->written == drain->room);
    if (queue) {
        receive->packet = (struct fl_packet){.connection = connection, .entry = entry};
        fl_object_reference(&connection->object);
    } else {
        receive_free(connection, receive);
    }
    overlapped_set(entry.lpOverlapped, status, information);
    if (queue)
        fl_port_queue(port, &receive->packet);
    else if (packet_wanted)
        drain->entries[drain->written++] = entry;
    if (event != NULL) {
        fl_event_set(event);
        fl_event_end(event, connection);
    }
    fl_ring(&connection->region->comp.bell, &connection->region->comp.sleepers); /* for watchers */
}

void fl_receive_packet_taken(struct fl_connection *connection, struct fl_packet *packet) {
    receive_free(connection, CONTAINING_RECORD(packet, struct fl_receive, packet));
    fl_object_release(&connection->object);
}

void fl_receive_watch(struct fl_connection *connection, bool begin) {
    pthread_mutex_lock(&connection->lock);
    connection->watchers += begin ? 1u : -1u;
    pthread_mutex_unlock(&connection->lock);
}

static bool is_there(const struct fpw_region *region, uint32_t index) {
    return atomic_load_explicit(&region->completions[index & RING_MASK].turn, memory_order_acquire) == index + 1;
}

bool fl_receive_ready(struct fl_connection *connection) {
    return is_there(connection->region, atomic_load_explicit(&connection->comp_head, memory_order_relaxed));
}

void fl_receive_wait_add(struct fl_wait *wait, struct fl_connection *connection) {
    struct fpw_region *region = connection->region;
    uint32_t head = atomic_load_explicit(&connection->comp_head, memory_order_relaxed);
    fl_wait_add(wait, &region->comp.bell, &region->comp.sleepers);
    fl_wait_also(wait, &region->completions[head & RING_MASK].turn, head + 1);
}

/* The simple case at once, in the lock that is held anyway: a packet for the thread that drains, no bounce, no event.
 */
static bool finish_locked(struct fl_connection *connection, struct fl_receive *receive, struct drain *drain) {
    if (receive->bounce != NULL || receive->synchronous || receive->event != NULL || !receive->packet_wanted ||
        drain->port == NULL || atomic_load_explicit(&connection->port, memory_order_relaxed) != drain->port ||
        drain->written == drain->room)
        return false;
    drain->entries[drain->written++] = (OVERLAPPED_ENTRY){.lpCompletionKey = connection->key,
                                                          .lpOverlapped = receive->overlapped,
                                                          .Internal = (ULONG_PTR)(uint32_t)receive->status,
                                                          .dwNumberOfBytesTransferred = receive->information};
    overlapped_set(receive->overlapped, receive->status, receive->information);
    if (!atomic_load_explicit(&connection->signaled, memory_order_relaxed))
        atomic_store(&connection->signaled, true);
    receive_free_locked(connection, receive);
    return true;
}

unsigned fl_receive_drain(struct fl_connection *connection, struct fl_port *port, OVERLAPPED_ENTRY *entries,
                          unsigned room) {
    struct fpw_region *region = connection->region;
    struct drain drain = {port, entries, room, 0};
    struct fl_receive *ended[DRAIN_BATCH];
    while (fl_receive_ready(connection) && (port == NULL || drain.written < room)) {
        unsigned count = 0;
        pthread_mutex_lock(&connection->lock);
        uint32_t head = atomic_load_explicit(&connection->comp_head, memory_order_relaxed);
        while (is_there(region, head) && count < DRAIN_BATCH && (port == NULL || drain.written + count < room)) {
            const struct fpw_completion *completion = &region->completions[head++ & RING_MASK];
            struct fl_receive *receive = &connection->receives[completion->cookie & RING_MASK];
            __builtin_prefetch(receive->bounce != NULL ? receive->bounce : receive->buffer);
            if (completion->cell < FPW_CELLS)
                fpw_prefetch_for_write(&region->cells[completion->cell]);
            if (receive->state != FL_RECEIVE_ARMED || cookie_of(connection, receive) != completion->cookie)
                continue;
            receive->state = FL_RECEIVE_ENDED;
            receive->status = completion->status;
            receive->information =
                completion->information < receive->capacity ? completion->information : receive->capacity;
            if (!finish_locked(connection, receive, &drain))
                ended[count++] = receive;
        }
        atomic_store_explicit(&connection->comp_head, head, memory_order_relaxed);
        bool watched = connection->watchers != 0;
        pthread_mutex_unlock(&connection->lock);
        if (watched)
            fl_ring(&region->comp.bell, &region->comp.sleepers);
        for (unsigned i = 0; i < count; i++)
            finish(connection, ended[i], &drain);
    }
    return drain.written;
}

void fl_receive_end_all(struct fl_connection *connection, NTSTATUS status) {
    struct drain drain = {NULL, NULL, 0, 0};
    for (unsigned i = 0; i < FPW_RECEIVES; i++) {
        struct fl_receive *receive = &connection->receives[i];
        pthread_mutex_lock(&connection->lock);
        bool used = i < connection->high_mark;
        bool armed = used && receive->state == FL_RECEIVE_ARMED;
        if (armed) {
            receive->state = FL_RECEIVE_ENDED;
            receive->status = status;
            receive->information = 0;
        }
        pthread_mutex_unlock(&connection->lock);
        if (!used)
            break;
        if (armed)
            finish(connection, receive, &drain);
    }
}

/* --- the calls ---------------------------------------------------------------------------------------------------- */

struct synchronous_wait {
    struct fl_connection *connection;
    struct fl_receive *receive;
};

static void synchronous_gather(void *opaque, struct fl_wait *wait) {
    struct synchronous_wait *context = opaque;
    fl_receive_wait_add(wait, context->connection);
}

static bool synchronous_done(void *opaque) {
    struct synchronous_wait *context = opaque;
    fl_receive_drain(context->connection, NULL, NULL, 0);
    return atomic_load_explicit(&context->receive->done, memory_order_acquire) != 0;
}

static NTSTATUS get_synchronous(struct fl_connection *connection, void *buffer, uint32_t capacity,
                                uint32_t *information) {
    struct arming arming = {.buffer = buffer, .capacity = capacity};
    struct fl_receive *receive;
    NTSTATUS status = arm_anywhere(connection, &arming, &receive);
    if (status != STATUS_SUCCESS)
        return status;
    struct synchronous_wait context = {connection, receive};
    if (!synchronous_done(&context)) {
        struct fl_blocked blocked = {.connection = connection, .cookie = cookie_of(connection, receive), .lane = -1};
        struct fl_wait wait = {.spin = &connection->spin};
        fl_blocked_enter(&blocked);
        fl_wait_until(&wait, synchronous_gather, synchronous_done, &context, FL_FOREVER);
        fl_blocked_leave(&blocked);
    }
    status = receive->status;
    *information = receive->information;
    receive_free(connection, receive);
    return status;
}

static NTSTATUS get_overlapped(struct fl_connection *connection, void *buffer, uint32_t capacity,
                               LPOVERLAPPED overlapped) {
    struct arming arming = {.buffer = buffer, .capacity = capacity, .overlapped = overlapped};
    HANDLE handle = event_handle(overlapped);
    if (handle != NULL) {
        arming.event = (struct fl_event *)fl_handle_enter(handle, FL_EVENT);
        if (arming.event == NULL)
            return STATUS_INVALID_HANDLE;
        fl_event_reset(arming.event);
    }
    NTSTATUS status = STATUS_SUCCESS;
    if (arming.event != NULL)
        status = fl_event_begin(arming.event, connection);
    if (status == STATUS_SUCCESS) {
        overlapped_set(overlapped, STATUS_PENDING, 0);
        struct fl_receive *receive;
        status = arm_anywhere(connection, &arming, &receive);
        if (status != STATUS_SUCCESS) {
            overlapped_set(overlapped, status, 0);
            if (arming.event != NULL)
                fl_event_end(arming.event, connection);
        }
    }
    if (arming.event != NULL)
        fl_handle_leave(handle);
    return status == STATUS_SUCCESS ? STATUS_PENDING : status;
}

/* A FLT_PORT_FLAG_SYNC_HANDLE connection: one call at a time; with an OVERLAPPED it blocks all the same. */
static NTSTATUS get_serialised(struct fl_connection *connection, void *buffer, uint32_t capacity,
                               LPOVERLAPPED overlapped) {
    uint32_t information = 0;
    HANDLE handle = overlapped != NULL ? event_handle(overlapped) : NULL;
    struct fl_event *event = NULL;
    if (handle != NULL) {
        event = (struct fl_event *)fl_handle_enter(handle, FL_EVENT);
        if (event == NULL)
            return STATUS_INVALID_HANDLE;
        fl_event_reset(event);
    }
    pthread_mutex_lock(&connection->synchronous_lock);
    NTSTATUS status = fl_connection_is_over(connection) ? STATUS_PORT_DISCONNECTED
                                                        : get_synchronous(connection, buffer, capacity, &information);
    pthread_mutex_unlock(&connection->synchronous_lock);
    if (overlapped != NULL)
        overlapped_set(overlapped, status, information);
    if (event != NULL) {
        fl_event_set(event);
        fl_handle_leave(handle);
    }
    return status;
}

HRESULT WINAPI FilterGetMessage(HANDLE hPort, FILTER_MESSAGE_HEADER *lpMessageBuffer, DWORD dwMessageBufferSize,
                                LPOVERLAPPED lpOverlapped) {
    static const char call[] = "FilterGetMessage";
    struct fl_connection *connection = fl_connection_enter(hPort);
    if (connection == NULL)
        return fl_fail_status(call, STATUS_INVALID_HANDLE);
    NTSTATUS status;
    uint32_t information;
    if (lpMessageBuffer == NULL || dwMessageBufferSize < sizeof(FILTER_MESSAGE_HEADER)) {
        status = STATUS_INVALID_PARAMETER;
    } else if (fl_connection_is_over(connection)) {
        status = STATUS_PORT_DISCONNECTED;
    } else {
        if (atomic_load_explicit(&connection->signaled, memory_order_relaxed))
            atomic_store(&connection->signaled, false);
        if (connection->synchronous)
            status = get_serialised(connection, lpMessageBuffer, dwMessageBufferSize, lpOverlapped);
        else if (lpOverlapped != NULL)
            status = get_overlapped(connection, lpMessageBuffer, dwMessageBufferSize, lpOverlapped);
        else
            status = get_synchronous(connection, lpMessageBuffer, dwMessageBufferSize, &information);
    }
    fl_connection_leave(hPort);
    if (status == STATUS_PENDING)
        return HRESULT_FROM_WIN32(ERROR_IO_PENDING);
    return fl_fail_status(call, status);
}

struct result_wait {
    struct fl_connection *connection;
    LPOVERLAPPED overlapped;
};

static void result_gather(void *opaque, struct fl_wait *wait) {
    struct result_wait *context = opaque;
    fl_receive_wait_add(wait, context->connection);
}

static bool result_done(void *opaque) {
    struct result_wait *context = opaque;
    fl_receive_drain(context->connection, NULL, NULL, 0);
    return __atomic_load_n(&context->overlapped->Internal, __ATOMIC_ACQUIRE) != STATUS_PENDING;
}

BOOL WINAPI GetOverlappedResult(HANDLE hFile, LPOVERLAPPED lpOverlapped, LPDWORD lpNumberOfBytesTransferred,
                                BOOL bWait) {
    static const char call[] = "GetOverlappedResult";
    if (lpOverlapped == NULL || lpNumberOfBytesTransferred == NULL)
        return fl_fail_win32(call, ERROR_INVALID_PARAMETER);
    struct fl_connection *connection = fl_connection_enter(hFile);
    if (connection == NULL && __atomic_load_n(&lpOverlapped->Internal, __ATOMIC_ACQUIRE) == STATUS_PENDING)
        return fl_fail_win32(call, ERROR_INVALID_HANDLE);
    if (connection != NULL) {
        struct result_wait context = {connection, lpOverlapped};
        struct fl_wait wait = {.spin = &connection->spin};
        bool done = result_done(&context);
        if (!done && bWait) {
            fl_receive_watch(connection, true);
            done = fl_wait_until(&wait, result_gather, result_done, &context, FL_FOREVER);
            fl_receive_watch(connection, false);
        }
        fl_connection_leave(hFile);
        if (!done)
            return fl_fail_win32(call, ERROR_IO_INCOMPLETE);
    }
    NTSTATUS status = (NTSTATUS)__atomic_load_n(&lpOverlapped->Internal, __ATOMIC_ACQUIRE);
    *lpNumberOfBytesTransferred = (DWORD)__atomic_load_n(&lpOverlapped->InternalHigh, __ATOMIC_RELAXED);
    return NT_SUCCESS(status) ? TRUE : fl_fail_win32(call, fl_win32_from_status(status));
}

BOOL WINAPI CancelIoEx(HANDLE hFile, LPOVERLAPPED lpOverlapped) {
    static const char call[] = "CancelIoEx";
    struct fl_connection *connection = fl_connection_enter(hFile);
    if (connection == NULL)
        return fl_fail_win32(call, ERROR_INVALID_HANDLE);
    struct fpw_control_request request = {.kind = FPW_CANCEL, .number = FPW_ALL};
    bool pending = false;
    pthread_mutex_lock(&connection->lock);
    for (unsigned i = 0; i < connection->high_mark && !pending; i++) {
        struct fl_receive *receive = &connection->receives[i];
        pending = receive->state == FL_RECEIVE_ARMED && (lpOverlapped == NULL || receive->overlapped == lpOverlapped);
        if (pending && lpOverlapped != NULL)
            request.number = cookie_of(connection, receive);
    }
    pthread_mutex_unlock(&connection->lock);
    struct fpw_control_answer answer = {.value = 0};
    if (pending)
        fl_control_call(connection, &request, &answer, NULL);
    fl_connection_leave(hFile);
    return answer.value != 0 ? TRUE : fl_fail_win32(call, ERROR_NOT_FOUND);
}
