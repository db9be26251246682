/* SPDX-License-Identifier: Apache-2.0 */
#include "internal.h"

#include <stdlib.h>
#include <string.h>

/*
 * Which cell next: the one free for longest, so that a client's late answer seldom meets the next message in the same
 * cell; but as few different cells as keep FREE_ENOUGH resting, so that a connection touches little memory.
 */
enum { FREE_ENOUGH = 16 };

static bool cell_take(struct fmt_session *session, uint32_t *number) {
    if (session->cells_made < FPW_CELLS && session->free_count < FREE_ENOUGH) {
        *number = session->cells_made++;
        return true;
    }
    if (session->free_count == 0)
        return false;
    *number = session->free_cells[session->free_first];
    session->free_first = (session->free_first + 1) % FPW_CELLS;
    session->free_count--;
    return true;
}

static void cell_give(struct fmt_session *session, uint32_t number) {
    session->free_cells[(session->free_first + session->free_count) % FPW_CELLS] = (uint16_t)number;
    session->free_count++;
}

fm_status fmt_open_reply(void *transport, fm_reply_slot *slot, uint32_t capacity) {
    struct fmt_session *session = transport;
    uint32_t number;
    if (!cell_take(session, &number))
        return FMT_INSUFFICIENT_RESOURCES;
    struct fmt_cell *own = &session->cells[number];
    struct fpw_cell *cell = &session->region->cells[number];
    own->generation = (own->generation + 1) & FPW_GENERATION_MASK;
    own->open = true;
    atomic_store_explicit(&cell->sleeping, 0, memory_order_relaxed);
    atomic_store_explicit(&cell->capacity, capacity, memory_order_relaxed);
    atomic_store_explicit(&cell->word, fpw_cell_word(own->generation, FPW_CELL_WAITING, 0), memory_order_release);
    slot->message_id = fpw_message_id(own->generation, number);
    slot->data[0] = number;
    slot->data[1] = own->generation;
    return FMT_SUCCESS;
}

uint64_t fmt_no_reply_id(void *transport) {
    struct fmt_session *session = transport;
    return fpw_message_id(++session->one_way & FPW_GENERATION_MASK, FPW_NO_CELL);
}

static bool is_replied(uint64_t word, uint64_t generation) {
    return fpw_word_state(word) == FPW_CELL_REPLIED && fpw_word_generation(word) == generation;
}

fm_reply_result fmt_close_reply(void *transport, fm_reply_slot *slot, void *buffer, uint32_t capacity, uint32_t *length,
                                fm_status *status) {
    struct fmt_session *session = transport;
    uint32_t number = (uint32_t)slot->data[0];
    uint64_t generation = slot->data[1];
    struct fmt_cell *own = &session->cells[number];
    struct fpw_cell *cell = &session->region->cells[number];
    fm_reply_result result = FM_GONE;
    /* Nobody changes a word that says REPLIED; without the exchange its line need not be taken from the client. */
    uint64_t word = atomic_load_explicit(&cell->word, memory_order_acquire);
    if (!is_replied(word, generation))
        word = atomic_exchange(&cell->word, fpw_cell_word(generation, FPW_CELL_GONE, 0));
    if (is_replied(word, generation)) {
        uint32_t said = fpw_word_length(word);
        const void *bytes = NULL;
        if (said == FPW_LENGTH_TOO_LONG) {
            *length = capacity == UINT32_MAX ? capacity : capacity + 1;
            *status = FMT_SUCCESS;
            result = FM_REPLIED;
        } else if (said == FPW_LENGTH_PRIVATE && own->large != NULL) {
            *length = own->large->length;
            *status = own->large->status;
            bytes = own->large->bytes;
            result = FM_REPLIED;
        } else if (said <= FPW_INLINE_REPLY) {
            *length = said;
            *status = *(const volatile int32_t *)&cell->status;
            bytes = cell->data;
            result = FM_REPLIED;
        }
        if (bytes != NULL && *length != 0 && *length <= capacity)
            memcpy(buffer, bytes, *length);
    }
    free(own->large);
    own->large = NULL;
    own->open = false;
    cell_give(session, number);
    fpw_prefetch_for_write(
        &session->region->cells[session->free_cells[session->free_first]]); /* most likely the next */
    return result;
}

fm_status fmt_large_reply(struct fmt_session *session, fm_connection *connection, uint64_t message_id, fm_status status,
                          const void *bytes, uint32_t length) {
    uint32_t number = fpw_id_cell(message_id);
    uint64_t generation = fpw_id_generation(message_id);
    if (number >= FPW_CELLS)
        return FMT_NO_WAITER_FOR_REPLY;
    struct fmt_large *large = malloc(sizeof *large + length);
    if (large == NULL)
        return FMT_INSUFFICIENT_RESOURCES;
    large->status = status;
    large->length = length;
    if (length != 0)
        memcpy(large->bytes, bytes, length);
    struct fmt_cell *own = &session->cells[number];
    struct fpw_cell *cell = &session->region->cells[number];
    fm_status result = FMT_NO_WAITER_FOR_REPLY;
    bool sleeping = false;
    fm_connection_lock(connection);
    if (own->open && own->generation == generation && own->large == NULL) {
        uint64_t waiting = fpw_cell_word(generation, FPW_CELL_WAITING, 0);
        own->large = large;
        if (atomic_compare_exchange_strong(&cell->word, &waiting,
                                           fpw_cell_word(generation, FPW_CELL_REPLIED, FPW_LENGTH_PRIVATE))) {
            result = FMT_SUCCESS;
            sleeping = atomic_load(&cell->sleeping) != 0;
            large = NULL;
        } else {
            own->large = NULL;
        }
    }
    fm_connection_unlock(connection);
    free(large);
    if (sleeping)
        fpw_futex_wake(fpw_cell_futex(cell), INT32_MAX);
    return result;
}
