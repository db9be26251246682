/* SPDX-License-Identifier: Apache-2.0 */
#include "internal.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { RING_MASK = FPW_RECEIVES - 1 };

bool fmt_shared_init(struct fmt_session *session, int *descriptor) {
    session->memory = fmt_memory_create(session->uid, "filterport-connection", sizeof(struct fpw_region), descriptor);
    session->receives = calloc(FPW_RECEIVES, sizeof *session->receives);
    session->cells = calloc(FPW_CELLS, sizeof *session->cells);
    session->free_cells = calloc(FPW_CELLS, sizeof *session->free_cells);
    if (session->memory == NULL || session->receives == NULL || session->cells == NULL || session->free_cells == NULL)
        return false;
    session->region = session->memory->base;
    session->region->header =
        (struct fpw_header){FPW_MAGIC, FPW_VERSION, FPW_RECEIVES, FPW_CELLS, sizeof(struct fpw_region)};
    fpw_spin_init(&session->reply_spin, FPW_SPIN_DEFAULT_NS);
    fpw_spin_init(&session->bell_spin, FPW_SPIN_DEFAULT_NS);
    return true;
}

void fmt_shared_fini(struct fmt_session *session) {
    for (uint32_t i = 0; i < FPW_ARENAS; i++) {
        if (session->arenas[i] != NULL)
            fmt_memory_release(session->arenas[i]);
    }
    for (uint32_t i = 0; session->cells != NULL && i < session->cells_made; i++)
        free(session->cells[i].large);
    free(session->receives);
    free(session->cells);
    free(session->free_cells);
    if (session->memory != NULL)
        fmt_memory_release(session->memory);
}

/* In the core's lock. */
static void broken(struct fmt_session *session, const char *what) {
    if (session->broken)
        return;
    session->broken = true;
    atomic_fetch_add(&fmt_counters.protocol_errors, 1);
    fm_log(
        "client pid %d: %s in its submission ring: disconnected; its shared memory was overwritten or its libfltlib.so "
        "is not ours",
        (int)session->pid, what);
    fm_connection_break_locked(session->connection);
}

static void copy_submission(struct fpw_submission *to, const struct fpw_submission *from) {
    to->cookie = *(const volatile uint32_t *)&from->cookie;
    to->arena = *(const volatile uint32_t *)&from->arena;
    to->offset = *(const volatile uint64_t *)&from->offset;
    to->length = *(const volatile uint32_t *)&from->length;
}

static const char *take_submission(struct fmt_session *session, const struct fpw_submission *entry) {
    uint32_t number = entry->cookie & 0xFFFF;
    if (number >= FPW_RECEIVES)
        return "a receive number out of range";
    struct fmt_receive *receive = &session->receives[number];
    if (atomic_load_explicit(&receive->armed, memory_order_acquire))
        return "a receive that is armed already";
    if (entry->arena >= FPW_ARENAS || session->arenas[entry->arena] == NULL)
        return "an unknown arena";
    struct fmt_memory *arena = session->arenas[entry->arena];
    if (entry->length < FM_HEADER_LENGTH || entry->length > arena->length ||
        entry->offset > arena->length - entry->length)
        return "a buffer that is not inside its arena";
    fmt_memory_reference(arena);
    receive->cookie = entry->cookie;
    receive->arena = arena;
    receive->offset = entry->offset;
    atomic_store_explicit(&receive->armed, true, memory_order_relaxed);
    atomic_fetch_add_explicit(&session->receives_inside, 1, memory_order_relaxed);
    memset(&receive->core, 0, sizeof receive->core);
    receive->core.capacity = entry->length;
    fpw_prefetch_for_write((const uint8_t *)arena->base + entry->offset);
    fm_receive_arrived(session->connection, &receive->core);
    return NULL;
}

static void collect(void *transport) {
    struct fmt_session *session = transport;
    uint32_t tail = atomic_load_explicit(&session->region->sub.tail, memory_order_acquire);
    if (tail == session->sub_head || session->sub_closed)
        return;
    if (tail - session->sub_head > FPW_RECEIVES) {
        broken(session, "more entries than it has room for");
        return;
    }
    while (session->sub_head != tail && !session->broken) {
        struct fpw_submission entry;
        copy_submission(&entry, &session->region->submissions[session->sub_head & RING_MASK]);
        session->sub_head++;
        const char *wrong = take_submission(session, &entry);
        if (wrong != NULL)
            broken(session, wrong);
    }
}

/*
 * The receive's number may be armed again the moment its completion is published, so everything private about it is
 * done before.
 */
static void complete(struct fmt_session *session, struct fmt_receive *receive, fm_status status, uint32_t information,
                     uint32_t cell) {
    struct fpw_region *region = session->region;
    uint32_t cookie = receive->cookie;
    fmt_memory_release(receive->arena);
    receive->arena = NULL;
    atomic_store_explicit(&receive->armed, false, memory_order_release);
    uint32_t index = atomic_fetch_add_explicit(&session->comp_tail, 1, memory_order_relaxed);
    struct fpw_completion *completion = &region->completions[index & RING_MASK];
    completion->cookie = cookie;
    completion->status = status;
    completion->information = information;
    completion->cell = cell;
    atomic_store(&completion->turn, index + 1);
    if (atomic_load(&region->comp.sleepers) != 0) {
        atomic_fetch_add(&region->comp.bell, 1);
        fpw_futex_wake(&region->comp.bell, 1);
    }
    if (atomic_fetch_sub(&session->receives_inside, 1) == 1 && atomic_load(&session->awaits_receives))
        fpw_futex_wake(&session->receives_inside, INT32_MAX);
}

void fmt_await_receives(struct fmt_session *session) {
    uint32_t inside;
    atomic_store(&session->awaits_receives, true);
    while ((inside = atomic_load(&session->receives_inside)) != 0)
        fpw_futex_wait(&session->receives_inside, inside);
}

static fm_fill_result fill(void *transport, fm_receive *core, const fm_message_view *message) {
    struct fmt_session *session = transport;
    struct fmt_receive *receive = (struct fmt_receive *)core;
    uint8_t *target = (uint8_t *)receive->arena->base + receive->offset;
    struct {
        uint32_t reply_length;
        uint32_t zero;
        uint64_t message_id;
    } header = {message->reply_length, 0, message->message_id};
    _Static_assert(sizeof header == FM_HEADER_LENGTH, "header");
    memcpy(target, &header, sizeof header);
    if (message->length != 0)
        memcpy(target + sizeof header, message->payload, message->length);
    complete(session, receive, FMT_SUCCESS, FM_HEADER_LENGTH + message->length, fpw_id_cell(message->message_id));
    return FM_FILL_OK;
}

static void drop(void *transport, fm_receive *receive, fm_status status) {
    complete(transport, (struct fmt_receive *)receive, status, 0, FPW_NO_CELL);
}

/*
 * The last collect happens here, so that sub.end tells the client which of its entries nobody will ever complete. A
 * ring that broke the protocol is left as it stands.
 */
static void disconnected(void *transport) {
    struct fmt_session *session = transport;
    struct fpw_region *region = session->region;
    atomic_store(&region->sub_close.state, FPW_SUB_CLOSING);
    (void)atomic_load(&region->sub.tail); /* seq_cst: what collect() reads is not older */
    collect(session);
    session->sub_closed = true;
    atomic_store_explicit(&region->sub_close.end, session->sub_head, memory_order_relaxed);
    atomic_store(&region->sub_close.state, FPW_SUB_CLOSED);
    atomic_fetch_add(&region->comp.bell, 1);
    fpw_futex_wake(&region->comp.bell, INT32_MAX);
}

static void released(void *transport) {
    fmt_session_release(transport);
}

const fm_transport_ops fmt_operations = {
    .collect = collect,
    .fill = fill,
    .open_reply = fmt_open_reply,
    .no_reply_id = fmt_no_reply_id,
    .close_reply = fmt_close_reply,
    .prepare_sleep = fmt_prepare_sleep,
    .sleep = fmt_sleep,
    .wake = fmt_wake,
    .drop = drop,
    .disconnected = disconnected,
    .released = released,
};

/* --- requests of a connected client, in the server thread --------------------------------------------------------- */

void fmt_arena_request(struct fmt_session *session, uint64_t bytes) {
    int descriptor = -1;
    struct fmt_memory *arena = fmt_memory_create(session->uid, "filterport-arena", bytes, &descriptor);
    uint32_t number = FPW_ARENAS;
    if (arena != NULL) {
        fm_connection_lock(session->connection);
        for (number = 0; number < FPW_ARENAS && session->arenas[number] != NULL; number++)
            ;
        if (number < FPW_ARENAS)
            session->arenas[number] = arena;
        fm_connection_unlock(session->connection);
    }
    if (number < FPW_ARENAS) {
        fmt_answer(session->watch.descriptor, FMT_SUCCESS, number, arena->length, descriptor);
    } else {
        if (arena != NULL)
            fmt_memory_release(arena);
        fmt_answer(session->watch.descriptor, FMT_INSUFFICIENT_RESOURCES, 0, 0, -1);
    }
    if (descriptor >= 0)
        close(descriptor);
}

void fmt_arena_free(struct fmt_session *session, uint32_t number) {
    struct fmt_memory *arena = NULL;
    if (number < FPW_ARENAS) {
        fm_connection_lock(session->connection);
        arena = session->arenas[number];
        session->arenas[number] = NULL;
        fm_connection_unlock(session->connection);
    }
    if (arena != NULL)
        fmt_memory_release(arena); /* receives that are armed in it keep it mapped until they end */
    fmt_answer(session->watch.descriptor, arena != NULL ? FMT_SUCCESS : FMT_INVALID_PARAMETER, 0, 0, -1);
}

static bool is_cookie(const fm_receive *receive, const void *cookie) {
    uint32_t wanted = *(const uint32_t *)cookie;
    return wanted == FPW_ALL || ((const struct fmt_receive *)receive)->cookie == wanted;
}

void fmt_cancel(struct fmt_session *session, uint32_t cookie) {
    uint32_t count = fm_receive_cancel(session->connection, is_cookie, &cookie, cookie == FPW_ALL);
    fmt_answer(session->watch.descriptor, FMT_SUCCESS, 0, count, -1);
}
