/* SPDX-License-Identifier: Apache-2.0 */
#include "pool.h"

#include <ntifs.h>
#include <pthread.h>
#include <stdlib.h>

#include "../host/log.h"
#include "kernel_stop.h"

enum { page_size = 4096, buckets = 61, live_magic = 0x6c6f6f50, freed_magic = 0x65657246 };

/* Stands right before the caller's bytes. */
struct block {
    struct tally *tally;
    SIZE_T size;
    ULONG tag;
    ULONG magic;
    void *base;
};
C_ASSERT(sizeof(struct block) % 16 == 0);

/* What one image has allocated under one tag. Never freed while its image is loaded, so blocks may point to it. */
struct tally {
    struct tally *next;
    ULONG tag;
    LONG64 count;
    LONG64 bytes;
};

struct image {
    char name[64];
    uintptr_t start; /* 0: free place */
    uintptr_t end;
    struct tally *tallies[buckets];
};

static struct {
    pthread_rwlock_t lock;
    struct image images[FM_POOL_MOST_IMAGES];
    struct image others; /* whatever no image covers: the host itself */
    struct tally *left;  /* of unloaded images; blocks still point to them */
    unsigned high_mark;
    LONG64 leaks;
} pool = {.lock = PTHREAD_RWLOCK_INITIALIZER};

static struct image *image_of(uintptr_t address) {
    for (unsigned i = 0; i < pool.high_mark; i++) {
        struct image *image = &pool.images[i];
        if (address >= image->start && address < image->end) {
            return image;
        }
    }
    return &pool.others;
}

static struct tally *find_tally(struct image *image, ULONG tag) {
    struct tally **link = &image->tallies[tag % buckets];
    for (;;) {
        struct tally *tally = __atomic_load_n(link, __ATOMIC_ACQUIRE);
        if (tally == NULL) {
            struct tally *fresh = calloc(1, sizeof(*fresh));
            if (fresh == NULL) {
                return NULL;
            }
            fresh->tag = tag;
            if (__atomic_compare_exchange_n(link, &tally, fresh, 0, __ATOMIC_RELEASE, __ATOMIC_ACQUIRE)) {
                return fresh;
            }
            free(fresh);
        }
        if (tally->tag == tag) {
            return tally;
        }
        link = &tally->next;
    }
}

static PVOID allocate(SIZE_T size, ULONG tag, BOOLEAN zero, void *caller) {
    if (size > (SIZE_T)1 << 40) {
        return NULL;
    }
    pthread_rwlock_rdlock(&pool.lock);
    struct tally *tally = find_tally(image_of((uintptr_t)caller), tag);
    pthread_rwlock_unlock(&pool.lock);
    if (tally == NULL) {
        return NULL;
    }
    /* From one page on Windows aligns to a page; the block's head then lies at the end of the page before. */
    SIZE_T before = size >= page_size ? page_size : sizeof(struct block);
    char *base = NULL;
    if (size >= page_size) {
        void *aligned;
        base = posix_memalign(&aligned, page_size, before + size) == 0 ? aligned : NULL;
        if (base != NULL && zero) {
            RtlZeroMemory(base + before, size);
        }
    } else {
        base = zero ? calloc(1, before + size) : malloc(before + size);
    }
    if (base == NULL) {
        return NULL;
    }
    struct block *block = (struct block *)(void *)(base + before) - 1;
    *block = (struct block){.tally = tally, .size = size, .tag = tag, .magic = live_magic, .base = base};
    __atomic_add_fetch(&tally->count, 1, __ATOMIC_RELAXED);
    __atomic_add_fetch(&tally->bytes, (LONG64)size, __ATOMIC_RELAXED);
    return block + 1;
}

static void release(PVOID memory, ULONG tag, BOOLEAN check_tag) {
    if (memory == NULL) {
        fm_kernel_stop("ExFreePoolWithTag: the address is NULL");
    }
    struct block *block = (struct block *)memory - 1;
    if (block->magic != live_magic) {
        fm_kernel_stop(block->magic == freed_magic ? "ExFreePoolWithTag: the memory was freed before"
                                                   : "ExFreePoolWithTag: the address is not of an allocation, or what "
                                                     "lies before it was overwritten");
    }
    if (check_tag && tag != 0 && tag != block->tag) {
        fm_kernel_stop("ExFreePoolWithTag: the tag is not that of the allocation");
    }
    block->magic = freed_magic;
    __atomic_sub_fetch(&block->tally->count, 1, __ATOMIC_RELAXED);
    __atomic_sub_fetch(&block->tally->bytes, (LONG64)block->size, __ATOMIC_RELAXED);
    free(block->base);
}

PVOID NTAPI ExAllocatePool2(POOL_FLAGS Flags, SIZE_T NumberOfBytes, ULONG Tag) {
    if (Tag == 0 || NumberOfBytes == 0) {
        return NULL;
    }
    PVOID memory = allocate(NumberOfBytes, Tag, (Flags & POOL_FLAG_UNINITIALIZED) == 0, __builtin_return_address(0));
    if (memory == NULL && (Flags & POOL_FLAG_RAISE_ON_FAILURE) != 0) {
        fm_kernel_stop("ExAllocatePool2: no memory, and POOL_FLAG_RAISE_ON_FAILURE was given");
    }
    return memory;
}

PVOID NTAPI ExAllocatePoolWithTag(POOL_TYPE PoolType, SIZE_T NumberOfBytes, ULONG Tag) {
    UNREFERENCED_PARAMETER(PoolType);
    return allocate(NumberOfBytes, Tag, FALSE, __builtin_return_address(0));
}

PVOID NTAPI ExAllocatePoolZero(POOL_TYPE PoolType, SIZE_T NumberOfBytes, ULONG Tag) {
    UNREFERENCED_PARAMETER(PoolType);
    return allocate(NumberOfBytes, Tag, TRUE, __builtin_return_address(0));
}

VOID NTAPI ExFreePool(PVOID P) {
    release(P, 0, FALSE);
}

VOID NTAPI ExFreePoolWithTag(PVOID P, ULONG Tag) {
    release(P, Tag, TRUE);
}

/* Lookaside lists: the C library's allocator keeps its own caches, so a list here is a size and a tag. */

struct lookaside {
    PALLOCATE_FUNCTION allocate;
    PFREE_FUNCTION release;
    SIZE_T size;
    ULONG tag;
};
C_ASSERT(sizeof(struct lookaside) <= sizeof(NPAGED_LOOKASIDE_LIST));

VOID NTAPI ExInitializeNPagedLookasideList(PNPAGED_LOOKASIDE_LIST Lookaside, PALLOCATE_FUNCTION Allocate,
                                           PFREE_FUNCTION Free, ULONG Flags, SIZE_T Size, ULONG Tag, USHORT Depth) {
    UNREFERENCED_PARAMETER(Flags);
    UNREFERENCED_PARAMETER(Depth);
    *(struct lookaside *)Lookaside =
        (struct lookaside){.allocate = Allocate, .release = Free, .size = Size, .tag = Tag};
}

VOID NTAPI ExDeleteNPagedLookasideList(PNPAGED_LOOKASIDE_LIST Lookaside) {
    RtlZeroMemory(Lookaside, sizeof(*Lookaside));
}

PVOID NTAPI ExAllocateFromNPagedLookasideList(PNPAGED_LOOKASIDE_LIST Lookaside) {
    struct lookaside *list = (struct lookaside *)Lookaside;
    return list->allocate != NULL ? list->allocate(NonPagedPoolNx, list->size, list->tag)
                                  : allocate(list->size, list->tag, FALSE, __builtin_return_address(0));
}

VOID NTAPI ExFreeToNPagedLookasideList(PNPAGED_LOOKASIDE_LIST Lookaside, PVOID Entry) {
    struct lookaside *list = (struct lookaside *)Lookaside;
    if (list->release != NULL) {
        list->release(Entry);
    } else {
        release(Entry, list->tag, TRUE);
    }
}

VOID NTAPI ExInitializePagedLookasideList(PPAGED_LOOKASIDE_LIST Lookaside, PALLOCATE_FUNCTION Allocate,
                                          PFREE_FUNCTION Free, ULONG Flags, SIZE_T Size, ULONG Tag, USHORT Depth) {
    ExInitializeNPagedLookasideList(Lookaside, Allocate, Free, Flags, Size, Tag, Depth);
}

VOID NTAPI ExDeletePagedLookasideList(PPAGED_LOOKASIDE_LIST Lookaside) {
    ExDeleteNPagedLookasideList(Lookaside);
}

PVOID NTAPI ExAllocateFromPagedLookasideList(PPAGED_LOOKASIDE_LIST Lookaside) {
    struct lookaside *list = (struct lookaside *)Lookaside;
    return list->allocate != NULL ? list->allocate(PagedPool, list->size, list->tag)
                                  : allocate(list->size, list->tag, FALSE, __builtin_return_address(0));
}

VOID NTAPI ExFreeToPagedLookasideList(PPAGED_LOOKASIDE_LIST Lookaside, PVOID Entry) {
    ExFreeToNPagedLookasideList(Lookaside, Entry);
}

/* Images */

bool fm_pool_image_loaded(const char *name, uintptr_t start, uintptr_t end) {
    bool done = false;
    pthread_rwlock_wrlock(&pool.lock);
    for (unsigned i = 0; i < FM_POOL_MOST_IMAGES && !done; i++) {
        struct image *image = &pool.images[i];
        if (image->start == 0) {
            *image = (struct image){.start = start, .end = end};
            __builtin_strncpy(image->name, name, sizeof(image->name) - 1);
            pool.high_mark = i >= pool.high_mark ? i + 1 : pool.high_mark;
            done = true;
        }
    }
    pthread_rwlock_unlock(&pool.lock);
    return done;
}

static char printable(ULONG tag, unsigned position) {
    ULONG character = tag >> (8 * position) & 0xFFu;
    return (char)(character >= 0x20 && character < 0x7f ? character : '.');
}

size_t fm_pool_image_unloaded(uintptr_t start) {
    size_t leaks = 0;
    pthread_rwlock_wrlock(&pool.lock);
    struct image *image = start == 0 ? &pool.others : image_of(start);
    for (unsigned bucket = 0; image != &pool.others && bucket < buckets; bucket++) {
        for (struct tally *tally = image->tallies[bucket], *next; tally != NULL; tally = next) {
            next = tally->next;
            if (tally->count == 0) {
                free(tally);
                continue;
            }
            tally->next = pool.left;
            pool.left = tally;
            leaks += (size_t)tally->count;
            fm_log("driver %s left %lld pool allocations, %lld bytes, with tag '%c%c%c%c'", image->name, tally->count,
                   tally->bytes, printable(tally->tag, 0), printable(tally->tag, 1), printable(tally->tag, 2),
                   printable(tally->tag, 3));
        }
    }
    if (image != &pool.others) {
        *image = (struct image){.start = 0};
    }
    pool.leaks += (LONG64)leaks;
    pthread_rwlock_unlock(&pool.lock);
    return leaks;
}

static void add_tallies(const struct image *image, struct fm_pool_counters *counters) {
    for (unsigned bucket = 0; bucket < buckets; bucket++) {
        for (const struct tally *tally = image->tallies[bucket]; tally != NULL; tally = tally->next) {
            counters->allocations += (uint64_t)__atomic_load_n(&tally->count, __ATOMIC_RELAXED);
            counters->bytes += (uint64_t)__atomic_load_n(&tally->bytes, __ATOMIC_RELAXED);
        }
    }
}

void fm_pool_read_counters(struct fm_pool_counters *counters) {
    *counters = (struct fm_pool_counters){0};
    pthread_rwlock_rdlock(&pool.lock);
    for (unsigned i = 0; i < pool.high_mark; i++) {
        add_tallies(&pool.images[i], counters);
    }
    add_tallies(&pool.others, counters);
    counters->leaks = (uint64_t)pool.leaks;
    pthread_rwlock_unlock(&pool.lock);
}
