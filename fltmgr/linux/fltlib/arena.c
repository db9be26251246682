/* SPDX-License-Identifier: Apache-2.0 */
#include "internal.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

/*
 * Two kinds: arenas of the caller (FpArenaAllocate), which outlive the connection, and bounce arenas, out of which the
 * library serves receives whose buffers lie elsewhere. Bounce memory is cut into blocks of powers of two that are never
 * cut smaller or joined again: programs receive into few sizes.
 */

void *fl_map(int descriptor, size_t length) {
    void *memory = descriptor < 0 ? MAP_FAILED : mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
    if (descriptor >= 0)
        close(descriptor);
    if (memory == MAP_FAILED)
        return NULL;
    madvise(memory, length, MADV_DONTFORK);
    return memory;
}

NTSTATUS fl_arena_create(struct fl_connection *connection, size_t bytes, bool bounce, char **base, size_t *length) {
    struct fpw_control_request request = {.kind = FPW_ARENA, .value = bytes};
    struct fpw_control_answer answer;
    int descriptor;
    NTSTATUS status = fl_control_call(connection, &request, &answer, &descriptor);
    if (status != STATUS_SUCCESS) {
        if (descriptor >= 0)
            close(descriptor);
        return status;
    }
    *length = (size_t)answer.value;
    *base = fl_map(descriptor, *length);
    if (*base == NULL || answer.number >= FPW_ARENAS) {
        struct fpw_control_request undo = {.kind = FPW_ARENA_FREE, .number = answer.number};
        fl_control_call(connection, &undo, &answer, NULL);
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    pthread_mutex_lock(&connection->lock);
    connection->arenas[answer.number] = (struct fl_arena_slot){*base, *length, bounce};
    pthread_mutex_unlock(&connection->lock);
    return STATUS_SUCCESS;
}

bool fl_arena_find(struct fl_connection *connection, const void *address, size_t length, uint32_t *arena,
                   uint64_t *offset) {
    for (uint32_t i = 0; i < FPW_ARENAS; i++) {
        const struct fl_arena_slot *slot = &connection->arenas[i];
        uintptr_t distance = (uintptr_t)address - (uintptr_t)slot->base;
        if (slot->base != NULL && distance < slot->length && length <= slot->length - distance) {
            *arena = i;
            *offset = distance;
            return true;
        }
    }
    return false;
}

/* --- the caller's arenas ------------------------------------------------------------------------------------------ */

struct user_arena {
    struct user_arena *next;
    char *base;
    size_t length;
    struct fl_connection *connection; /* NULL once that is closed */
};

static pthread_mutex_t user_lock = PTHREAD_MUTEX_INITIALIZER;
static struct user_arena *user_arenas;

HRESULT WINAPI FpArenaAllocate(HANDLE hPort, SIZE_T bytes, PVOID *address, BOOL *pinned) {
    static const char call[] = "FpArenaAllocate";
    if (address == NULL || bytes == 0)
        return fl_fail_status(call, STATUS_INVALID_PARAMETER);
    *address = NULL;
    struct fl_connection *connection = fl_connection_enter(hPort);
    if (connection == NULL)
        return fl_fail_status(call, STATUS_INVALID_HANDLE);
    NTSTATUS status = STATUS_INSUFFICIENT_RESOURCES;
    struct user_arena *arena = calloc(1, sizeof *arena);
    if (arena != NULL)
        status = fl_arena_create(connection, bytes, false, &arena->base, &arena->length);
    if (status == STATUS_SUCCESS) {
        BOOL locked = mlock(arena->base, arena->length) == 0;
        if (pinned != NULL)
            *pinned = locked;
        *address = arena->base;
        arena->connection = connection;
        pthread_mutex_lock(&user_lock);
        arena->next = user_arenas;
        user_arenas = arena;
        pthread_mutex_unlock(&user_lock);
    } else {
        free(arena);
    }
    fl_connection_leave(hPort);
    return fl_fail_status(call, status);
}

HRESULT WINAPI FpArenaFree(PVOID address) {
    if (atomic_load_explicit(&fl_forked, memory_order_relaxed))
        return fl_fail_status("FpArenaFree", STATUS_INVALID_HANDLE);
    pthread_mutex_lock(&user_lock);
    struct user_arena **link = &user_arenas;
    while (*link != NULL && (*link)->base != address)
        link = &(*link)->next;
    struct user_arena *arena = *link;
    if (arena != NULL) {
        *link = arena->next;
        if (arena->connection != NULL)
            fl_object_reference(&arena->connection->object);
    }
    pthread_mutex_unlock(&user_lock);
    if (arena == NULL)
        return fl_fail_status("FpArenaFree", STATUS_INVALID_PARAMETER);
    struct fl_connection *connection = arena->connection;
    if (connection != NULL) {
        struct fpw_control_request request = {.kind = FPW_ARENA_FREE, .number = FPW_ARENAS};
        pthread_mutex_lock(&connection->lock);
        for (uint32_t i = 0; i < FPW_ARENAS; i++) {
            if (connection->arenas[i].base == arena->base) {
                connection->arenas[i].base = NULL;
                request.number = i;
            }
        }
        pthread_mutex_unlock(&connection->lock);
        struct fpw_control_answer answer;
        if (request.number != FPW_ARENAS)
            fl_control_call(connection, &request, &answer, NULL);
        fl_object_release(&connection->object);
    }
    munmap(arena->base, arena->length);
    free(arena);
    return S_OK;
}

void fl_arena_forget(struct fl_connection *connection) {
    pthread_mutex_lock(&user_lock);
    for (struct user_arena *arena = user_arenas; arena != NULL; arena = arena->next) {
        if (arena->connection == connection)
            arena->connection = NULL;
    }
    pthread_mutex_unlock(&user_lock);
}

/* --- bounce memory ------------------------------------------------------------------------------------------------ */

enum {
    SMALLEST_SHIFT = 8,
    CLASSES = 20, /* 256 bytes to 128 MiB */
    BOUNCE_ARENA = 1 << 20,
    BLOCK_HEAD = 16 /* keeps blocks 16-byte aligned */
};

struct block {
    struct block *next;
    uint32_t class;
    uint32_t reserved;
};
static_assert(sizeof(struct block) == BLOCK_HEAD, "block head");

struct fl_bounce {
    pthread_mutex_t lock;
    char *fresh; /* uncut part of the newest arena */
    size_t fresh_length;
    struct block *idle[CLASSES];
};

static struct fl_bounce *bounce_of(struct fl_connection *connection) {
    pthread_mutex_lock(&connection->lock);
    if (connection->bounce == NULL) {
        connection->bounce = calloc(1, sizeof *connection->bounce);
        if (connection->bounce != NULL)
            pthread_mutex_init(&connection->bounce->lock, NULL);
    }
    struct fl_bounce *bounce = connection->bounce;
    pthread_mutex_unlock(&connection->lock);
    return bounce;
}

NTSTATUS fl_bounce_take(struct fl_connection *connection, size_t length, void **memory) {
    struct fl_bounce *bounce = bounce_of(connection);
    uint32_t class = 0;
    while (class < CLASSES && (UINT64_C(1) << (SMALLEST_SHIFT + class)) < length + BLOCK_HEAD)
        class ++;
    if (bounce == NULL || class == CLASSES)
        return STATUS_INSUFFICIENT_RESOURCES;
    size_t size = (size_t)1 << (SMALLEST_SHIFT + class);
    NTSTATUS status = STATUS_SUCCESS;
    pthread_mutex_lock(&bounce->lock);
    struct block *block = bounce->idle[class];
    if (block != NULL) {
        bounce->idle[class] = block->next;
    } else {
        if (bounce->fresh_length < size)
            status = fl_arena_create(connection, size > BOUNCE_ARENA ? size : BOUNCE_ARENA, true, &bounce->fresh,
                                     &bounce->fresh_length);
        if (status == STATUS_SUCCESS) {
            block = (struct block *)(void *)bounce->fresh;
            block->class = class;
            bounce->fresh += size;
            bounce->fresh_length -= size;
        } else {
            bounce->fresh_length = 0;
        }
    }
    pthread_mutex_unlock(&bounce->lock);
    *memory = block != NULL ? block + 1 : NULL;
    return status;
}

void fl_bounce_give(struct fl_connection *connection, void *memory) {
    struct fl_bounce *bounce = connection->bounce;
    struct block *block = (struct block *)memory - 1;
    pthread_mutex_lock(&bounce->lock);
    block->next = bounce->idle[block->class];
    bounce->idle[block->class] = block;
    pthread_mutex_unlock(&bounce->lock);
}

void fl_arena_unmap(struct fl_connection *connection) {
    for (uint32_t i = 0; i < FPW_ARENAS; i++) {
        if (connection->arenas[i].base != NULL && connection->arenas[i].bounce)
            munmap(connection->arenas[i].base, connection->arenas[i].length);
    }
    if (connection->bounce != NULL) {
        pthread_mutex_destroy(&connection->bounce->lock);
        free(connection->bounce);
    }
}
