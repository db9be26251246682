/* SPDX-License-Identifier: Apache-2.0 */
#include "internal.h"

#include <string.h>

/*
 * Two threads of this process must not fill one cell: a late answer to an old message could meet the timely one to the
 * next message in that cell. So a thread claims the cell first. Claims are private to the process; a claim is held for
 * one copy of at most FPW_INLINE_REPLY bytes. 0 free, 1 claimed, 2 claimed and somebody sleeps.
 */
static void claim(_Atomic uint32_t *word) {
    uint32_t free = 0;
    if (atomic_compare_exchange_strong_explicit(word, &free, 1, memory_order_acquire, memory_order_relaxed))
        return;
    while (atomic_exchange_explicit(word, 2, memory_order_acquire) != 0)
        fpw_futex_wait(word, 2);
}

static void unclaim(_Atomic uint32_t *word) {
    if (atomic_exchange_explicit(word, 0, memory_order_release) == 2)
        fpw_futex_wake(word, 1);
}

/* In the claim. STATUS_RETRY: too long for a cell, it goes over a lane. */
static NTSTATUS fill_cell(struct fpw_cell *cell, uint64_t generation, const FILTER_REPLY_HEADER *header,
                          uint32_t length, bool *sleeping) {
    uint64_t waiting = fpw_cell_word(generation, FPW_CELL_WAITING, 0);
    if (atomic_load_explicit(&cell->word, memory_order_acquire) != waiting)
        return STATUS_FLT_NO_WAITER_FOR_REPLY;
    NTSTATUS status = STATUS_SUCCESS;
    uint32_t published = length;
    if (length > atomic_load_explicit(&cell->capacity, memory_order_relaxed)) {
        status = STATUS_BUFFER_OVERFLOW; /* the message counts as answered all the same (OPEN-06) */
        published = FPW_LENGTH_TOO_LONG;
    } else if (length > FPW_INLINE_REPLY) {
        return STATUS_RETRY;
    } else {
        cell->status = header->Status;
        memcpy(cell->data, header + 1, length);
    }
    if (!atomic_compare_exchange_strong(&cell->word, &waiting, fpw_cell_word(generation, FPW_CELL_REPLIED, published)))
        return STATUS_FLT_NO_WAITER_FOR_REPLY;
    *sleeping = atomic_load(&cell->sleeping) != 0;
    return status;
}

static NTSTATUS reply(struct fl_connection *connection, const FILTER_REPLY_HEADER *header, uint32_t size) {
    if (header == NULL || size < sizeof *header)
        return STATUS_INVALID_PARAMETER;
    if (fl_connection_is_over(connection))
        return STATUS_PORT_DISCONNECTED;
    uint64_t id = header->MessageId;
    uint32_t number = fpw_id_cell(id);
    if (number >= FPW_CELLS || fpw_id_generation(id) > FPW_GENERATION_MASK)
        return STATUS_FLT_NO_WAITER_FOR_REPLY;
    struct fpw_cell *cell = &connection->region->cells[number];
    uint32_t length = size - (uint32_t)sizeof *header;
    bool sleeping = false;
    claim(&connection->claims[number]);
    NTSTATUS status = fill_cell(cell, fpw_id_generation(id), header, length, &sleeping);
    unclaim(&connection->claims[number]);
    if (sleeping)
        fpw_futex_wake(fpw_cell_futex(cell), INT32_MAX);
    if (status == STATUS_RETRY) {
        struct fl_lane_call call = {.kind = FPW_LANE_REPLY,
                                    .message_id = id,
                                    .status = header->Status,
                                    .input = header + 1,
                                    .input_length = length};
        status = fl_lane_call(connection, &call);
    }
    if (status == STATUS_FLT_NO_WAITER_FOR_REPLY && fl_connection_is_over(connection))
        status = STATUS_PORT_DISCONNECTED;
    return status;
}

HRESULT WINAPI FilterReplyMessage(HANDLE hPort, FILTER_REPLY_HEADER *lpReplyBuffer, DWORD dwReplyBufferSize) {
    static const char call[] = "FilterReplyMessage";
    struct fl_connection *connection = fl_connection_enter(hPort);
    if (connection == NULL)
        return fl_fail_status(call, STATUS_INVALID_HANDLE);
    if (connection->synchronous)
        pthread_mutex_lock(&connection->synchronous_lock);
    NTSTATUS status = reply(connection, lpReplyBuffer, dwReplyBufferSize);
    if (connection->synchronous)
        pthread_mutex_unlock(&connection->synchronous_lock);
    fl_connection_leave(hPort);
    return fl_fail_status(call, status);
}
