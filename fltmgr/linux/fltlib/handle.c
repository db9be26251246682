/* SPDX-License-Identifier: Apache-2.0 */
#include "internal.h"

#include <stdlib.h>

/*
 * Handle = (generation << 18 | slot + 1) << 2. A slot's word = generation (24 bits) << 40 | open << 39 | users (32
 * bits). Entering is one CAS on the word; closing clears `open`; who brings the users of a closed slot to 0 empties it.
 */
enum { SLOTS_PER_CHUNK = 256, CHUNKS = 256 };
#define SLOT_OPEN (UINT64_C(1) << 39)
#define SLOT_USERS UINT64_C(0xFFFFFFFF)

struct slot {
    _Atomic uint64_t word;
    struct fl_object *object; /* written while the slot is not open */
    uint32_t next_free;       /* slot + 1; 0: none */
};

static pthread_mutex_t table_lock = PTHREAD_MUTEX_INITIALIZER;
static _Atomic(struct slot *) chunks[CHUNKS];
static uint32_t slots_made;
static uint32_t first_free; /* slot + 1 */
_Atomic bool fl_forked;

static struct slot *slot_of(HANDLE handle, uint64_t *generation, uint32_t *number) {
    *generation = 0;
    *number = 0;
    uint64_t value = (uint64_t)(ULONG_PTR)handle;
    uint32_t index = (uint32_t)(value >> 2) & 0x3FFFF;
    if (index == 0 || index > CHUNKS * SLOTS_PER_CHUNK || (value & 3) != 0 || (value >> 44) != 0)
        return NULL;
    index--;
    struct slot *chunk = atomic_load_explicit(&chunks[index / SLOTS_PER_CHUNK], memory_order_acquire);
    if (chunk == NULL)
        return NULL;
    *generation = value >> 20;
    *number = index;
    return &chunk[index % SLOTS_PER_CHUNK];
}

void fl_object_init(struct fl_object *object, enum fl_kind kind, void (*close)(struct fl_object *),
                    void (*destroy)(struct fl_object *)) {
    object->kind = kind;
    object->close = close;
    object->destroy = destroy;
    atomic_store_explicit(&object->references, 1, memory_order_relaxed);
}

void fl_object_reference(struct fl_object *object) {
    atomic_fetch_add_explicit(&object->references, 1, memory_order_relaxed);
}

void fl_object_release(struct fl_object *object) {
    if (atomic_fetch_sub_explicit(&object->references, 1, memory_order_acq_rel) == 1)
        object->destroy(object);
}

NTSTATUS fl_handle_create(struct fl_object *object, HANDLE *handle) {
    NTSTATUS status = STATUS_SUCCESS;
    pthread_mutex_lock(&table_lock);
    if (first_free == 0) {
        if (slots_made == CHUNKS * SLOTS_PER_CHUNK) {
            status = STATUS_TOO_MANY_OPENED_FILES;
        } else {
            struct slot *chunk = calloc(SLOTS_PER_CHUNK, sizeof *chunk);
            if (chunk == NULL) {
                status = STATUS_INSUFFICIENT_RESOURCES;
            } else {
                for (uint32_t i = 0; i < SLOTS_PER_CHUNK; i++) {
                    atomic_init(&chunk[i].word, UINT64_C(1) << 40);
                    chunk[i].next_free = i + 1 < SLOTS_PER_CHUNK ? slots_made + i + 2 : 0;
                }
                first_free = slots_made + 1;
                atomic_store_explicit(&chunks[slots_made / SLOTS_PER_CHUNK], chunk, memory_order_release);
                slots_made += SLOTS_PER_CHUNK;
            }
        }
    }
    if (status == STATUS_SUCCESS) {
        uint32_t number = first_free - 1;
        struct slot *chunk = atomic_load_explicit(&chunks[number / SLOTS_PER_CHUNK], memory_order_relaxed);
        struct slot *slot = &chunk[number % SLOTS_PER_CHUNK];
        first_free = slot->next_free;
        slot->object = object;
        uint64_t word = atomic_load_explicit(&slot->word, memory_order_relaxed);
        atomic_store_explicit(&slot->word, word | SLOT_OPEN, memory_order_release);
        *handle = (HANDLE)(ULONG_PTR)((word >> 40 << 18 | (number + 1)) << 2);
    }
    pthread_mutex_unlock(&table_lock);
    return status;
}

static void slot_empty(struct slot *slot, uint32_t number) {
    struct fl_object *object = slot->object;
    pthread_mutex_lock(&table_lock);
    uint64_t generation = ((atomic_load_explicit(&slot->word, memory_order_relaxed) >> 40) + 1) & 0xFFFFFF;
    slot->object = NULL;
    atomic_store_explicit(&slot->word, generation << 40, memory_order_relaxed);
    slot->next_free = first_free;
    first_free = number + 1;
    pthread_mutex_unlock(&table_lock);
    fl_object_release(object);
}

static void slot_leave(struct slot *slot, uint32_t number) {
    uint64_t before = atomic_fetch_sub_explicit(&slot->word, 1, memory_order_acq_rel);
    if ((before & SLOT_USERS) == 1 && (before & SLOT_OPEN) == 0)
        slot_empty(slot, number);
}

struct fl_object *fl_handle_enter(HANDLE handle, enum fl_kind kind) {
    uint64_t generation;
    uint32_t number;
    struct slot *slot = slot_of(handle, &generation, &number);
    if (slot == NULL || atomic_load_explicit(&fl_forked, memory_order_relaxed))
        return NULL;
    uint64_t word = atomic_load_explicit(&slot->word, memory_order_relaxed);
    do {
        if ((word & SLOT_OPEN) == 0 || word >> 40 != generation)
            return NULL;
    } while (!atomic_compare_exchange_weak_explicit(&slot->word, &word, word + 1, memory_order_acquire,
                                                    memory_order_relaxed));
    if (slot->object->kind != kind) {
        slot_leave(slot, number);
        return NULL;
    }
    return slot->object;
}

void fl_handle_leave(HANDLE handle) {
    uint64_t generation;
    uint32_t number;
    struct slot *slot = slot_of(handle, &generation, &number);
    slot_leave(slot, number);
}

BOOL WINAPI CloseHandle(HANDLE hObject) {
    uint64_t generation;
    uint32_t number;
    struct slot *slot = slot_of(hObject, &generation, &number);
    if (slot == NULL || atomic_load_explicit(&fl_forked, memory_order_relaxed))
        return fl_fail_win32("CloseHandle", ERROR_INVALID_HANDLE);
    uint64_t word = atomic_load_explicit(&slot->word, memory_order_relaxed);
    do {
        if ((word & SLOT_OPEN) == 0 || word >> 40 != generation)
            return fl_fail_win32("CloseHandle", ERROR_INVALID_HANDLE);
    } while (!atomic_compare_exchange_weak_explicit(&slot->word, &word, (word & ~SLOT_OPEN) + 1, memory_order_acq_rel,
                                                    memory_order_relaxed));
    if (slot->object->close != NULL)
        slot->object->close(slot->object);
    slot_leave(slot, number);
    return TRUE;
}
