/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FLTMGR_LINUX_WIRE_SHARED_MEMORY_H
#define FLTMGR_LINUX_WIRE_SHARED_MEMORY_H

#include <assert.h>
#include <stdatomic.h>
#include <stdint.h>

/*
 * The shared memory of one connection: region (this file) and arenas (plain bytes).
 *
 * The host creates both as sealed memfds. It trusts nothing in them: what it decides by is private to it, and what it
 * reads here it reads once, checks, and then uses. A client that scribbles harms itself only.
 *
 *   word            written by            order, and what it pairs with
 *   --------------  --------------------  ------------------------------------------------------------------------
 *   header          host, before sharing  constant; for the client only, the host never reads it back
 *   sub.tail        client, in its lock   seq_cst after the entry, then reads sub.sleepers (Dekker, see below); host
 *                                         acquires. The host's head is private to it
 *   sub.bell        client adds           only by who has taken the sleepers' mark, before the futex wake
 *   sub.sleepers    host sets 1; client   seq_cst. Host: read bell and tail, collect, set, read the tail again, then sleep
 *                   may take it to 0      while the bell has the value read. Whoever takes the 1 rings and wakes
 *   sub.state       host                  OPEN → CLOSING (seq_cst), then a last collect, then sub.end, then CLOSED
 *                                         (release). A client that sees it leave OPEN after its own sub.tail
 *                                         compares with sub.end: entries from there on were never collected
 *   sub.end         host                  before CLOSED
 *   completion.turn host                  seq_cst after the rest of the entry, then reads comp.sleepers; client acquires.
 *                                         index + 1 when the entry of that index is there. Both heads are private
 *   comp.bell       host adds; client     host: only if somebody sleeps, before the futex wake. Client: seq_cst after a
 *                   threads add           private change that another sleeping thread must see; then comp.sleepers
 *   comp.sleepers   client threads        seq_cst add before sleeping, then ring and private state are read again
 *   cell.word       host opens and ends   see below
 *                   a window; client CAS
 *   cell.sleeping   host                  seq_cst: set, then read word again, then sleep on the word's low half
 *   cell.capacity   host                  before the window opens; tells the client what is too long
 *   cell.status,    client, holding its   plain, before its CAS (release); host reads after its exchange (acquire)
 *   cell.data       private claim
 *
 * Dekker: each side writes its own word, then reads the other's, all seq_cst, so at least one of them sees the other.
 * Doorbells count modulo 2^32; a sleeper sleeps on the value it read before its last look.
 *
 * Reply cells. word = generation (40 bits) | state (2) | length (22). The host opens a window: capacity, then word =
 * {generation, WAITING}. The client fills status and data and makes one CAS {g, WAITING} → {g, REPLIED, length}. The
 * host ends each window exactly once: by reading {g, REPLIED}, which no CAS can change any more, or else by exchange →
 * {g, GONE}. Finding {g, REPLIED} either way the reply is taken, and wins over a time-out. The cell is used again, with
 * the next generation, only after the host has copied. MessageId = generation << 16 | cell.
 *
 * Lines that change hands in a round trip while nobody sleeps: the completion, the message's first line, the cell. Each
 * costs the time that a core needs to reach another's cache, so nothing else is written on the way: a bell is rung only
 * for who sleeps, an entry says itself that it is there, a taken reply is not marked, submissions are collected when the
 * known receives are used up.
 */

enum {
    FPW_MAGIC = 0x57545046, /* "FPTW" */
    FPW_VERSION = 3,
    FPW_RECEIVES = 1024,            /* entries of both rings; most receives armed at once */
    FPW_CELLS = 1024,               /* most messages delivered and not yet answered */
    FPW_INLINE_REPLY = 992,         /* longest reply that goes through a cell; longer ones take a lane */
    FPW_ARENAS = 64,                /* most arenas of a connection */
    FPW_LANES = 256,                /* most lanes of a connection */
    FPW_LARGEST_MESSAGE = 64 << 20, /* bytes of one FilterSendMessage, each way, and of one large reply */
    FPW_NO_CELL = 0xFFFF,           /* cell number in the id of a message that wants no reply */
};

struct fpw_header {
    uint32_t magic;
    uint32_t version;
    uint32_t receives;
    uint32_t cells;
    uint64_t region_length;
};

/** A receive that the client arms. */
struct fpw_submission {
    uint32_t cookie; /* low 16 bits: number below FPW_RECEIVES, not armed now; the rest is the client's */
    uint32_t arena;
    uint64_t offset; /* of the message buffer in that arena */
    uint32_t length; /* of the buffer, header included */
    uint32_t reserved[3];
};

/** A receive that ended. */
struct fpw_completion {
    uint32_t cookie;
    int32_t status;
    uint32_t information; /* bytes, header included */
    uint32_t cell;        /* where its reply goes, as a hint; FPW_NO_CELL: none */
    uint32_t reserved[3];
    _Atomic uint32_t turn;
};

enum fpw_cell_state { FPW_CELL_FREE, FPW_CELL_WAITING, FPW_CELL_REPLIED, FPW_CELL_GONE };

struct fpw_cell {
    _Alignas(64) _Atomic uint64_t word;
    _Atomic uint32_t sleeping;
    _Atomic uint32_t capacity; /* reply payload bytes the sender takes */
    int32_t status;
    uint32_t reserved[3];
    uint8_t data[FPW_INLINE_REPLY];
};

enum {
    FPW_LENGTH_BITS = 22,
    FPW_LENGTH_MASK = (1 << FPW_LENGTH_BITS) - 1,
    FPW_LENGTH_PRIVATE = FPW_LENGTH_MASK,     /* the reply lies in the host's own memory: it came over a lane */
    FPW_LENGTH_TOO_LONG = FPW_LENGTH_MASK - 1 /* longer than the sender's buffer; no data */
};
#define FPW_GENERATION_MASK ((UINT64_C(1) << 40) - 1)

static inline uint64_t fpw_cell_word(uint64_t generation, enum fpw_cell_state state, uint32_t length) {
    return (generation << 24) | ((uint64_t)state << FPW_LENGTH_BITS) | length;
}
static inline uint64_t fpw_word_generation(uint64_t word) {
    return word >> 24;
}
static inline enum fpw_cell_state fpw_word_state(uint64_t word) {
    return (enum fpw_cell_state)((word >> FPW_LENGTH_BITS) & 3);
}
static inline uint32_t fpw_word_length(uint64_t word) {
    return (uint32_t)word & FPW_LENGTH_MASK;
}
static inline uint64_t fpw_message_id(uint64_t generation, uint32_t cell) {
    return (generation << 16) | cell;
}
static inline uint32_t fpw_id_cell(uint64_t id) {
    return (uint32_t)id & 0xFFFF;
}
static inline uint64_t fpw_id_generation(uint64_t id) {
    return id >> 16;
}

/** The half of a cell's word that changes with every step of a window: a futex is 32 bits. */
static inline _Atomic uint32_t *fpw_cell_futex(struct fpw_cell *cell) {
    static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "the low half comes first");
    return (_Atomic uint32_t *)(void *)&cell->word;
}

/** Asks for a line that will be written in a moment. Never more than a hint. */
static inline void fpw_prefetch_for_write(const volatile void *line) {
#if defined(__x86_64__)
    __asm__ __volatile__("prefetchw %0" : : "m"(*(const volatile char *)line));
#else
    __builtin_prefetch((const void *)line, 1);
#endif
}

enum fpw_sub_state { FPW_SUB_OPEN, FPW_SUB_CLOSING, FPW_SUB_CLOSED };

struct fpw_region {
    struct fpw_header header;
    struct {
        _Alignas(128) _Atomic uint32_t tail;
        _Atomic uint32_t bell;
        _Atomic uint32_t sleepers;
    } sub;
    struct {
        _Alignas(128) _Atomic uint32_t state;
        _Atomic uint32_t end;
    } sub_close;
    struct {
        _Alignas(128) _Atomic uint32_t bell;
        _Atomic uint32_t sleepers;
    } comp;
    _Alignas(4096) struct fpw_submission submissions[FPW_RECEIVES];
    _Alignas(64) struct fpw_completion completions[FPW_RECEIVES];
    _Alignas(4096) struct fpw_cell cells[FPW_CELLS];
};

static_assert(sizeof(struct fpw_submission) == 32, "layout");
static_assert(sizeof(struct fpw_completion) == 32, "layout");
static_assert(sizeof(struct fpw_cell) == 1024, "layout");
static_assert((FPW_RECEIVES & (FPW_RECEIVES - 1)) == 0 && FPW_RECEIVES <= 0x10000, "cookies and ring indices");
static_assert(FPW_CELLS < FPW_NO_CELL, "cell numbers");
static_assert(ATOMIC_INT_LOCK_FREE == 2 && ATOMIC_LLONG_LOCK_FREE == 2, "shared words are lock-free");

#endif
