/* SPDX-License-Identifier: Apache-2.0 */

/**
 * The event ring's memory, as the driver writes it and a reader sees it. The twin of Java's io.github.filterport.RingMap.
 * Includes nothing; for C and C++, kernel mode and user mode.
 *
 * Two sections. The client sees the first read-only and the second writable:
 *
 *   producer   RING_PRODUCER, then from DataOffset on DataLength bytes in which events stand one after the other
 *   consumer   RING_CONSUMER, one page
 *
 *   word                  written by   order
 *   --------------------  -----------  ---------------------------------------------------------------------------------
 *   Magic ... DataLength  driver       before the client sees the memory; constant
 *   event                 driver       before Published; never again before Consumed has passed it
 *   Published             driver       release, after the events before it; the reader acquires
 *   Lost, Dropped         driver       release, after Published
 *   State                 driver       release, after Published: nothing is published any more
 *   Sequence              reader       before Consumed; for the reader that comes after it, the driver never reads it
 *   Consumed              reader       release, after its last look at the events before it; the driver reads it once,
 *                                      checks it, and otherwise keeps the value it had
 *   Sleeping              reader       sequentially consistent: set, then Published, Lost and State are read again, then
 *                                      sleep. Driver: Published, full barrier, then it reads Sleeping. So at least one of
 *                                      them sees the other
 *
 * Positions count bytes from the ring's beginning and never wrap; the place of one is position & (DataLength - 1).
 * Everything the driver decides by is private to it: a reader that scribbles over its page harms itself alone.
 */

#ifndef FILTERPORT_RING_FORMAT_H
#define FILTERPORT_RING_FORMAT_H

#ifdef __cplusplus
extern "C" {
#endif

typedef unsigned short RING_U16;
typedef unsigned int RING_U32;
typedef unsigned long long RING_U64;
typedef long long RING_S64;

/** 'FPRN' and 'FPRV' when the bytes are read in order. */
#define RING_MAGIC 0x4E525046u
#define RING_VIEWS_MAGIC 0x56525046u
#define RING_WAKE_MAGIC 0x57525046u
#define RING_VERSION 1u

/** Events start at multiples of this; so do their payloads. */
#define RING_ALIGNMENT 16u
/** Limits of DataLength, a power of two. */
#define RING_LEAST_DATA 4096u
#define RING_MOST_DATA 0x40000000u

/** RING_PRODUCER.State */
#define RING_OPEN 1u
#define RING_CLOSED 2u

typedef struct RING_PRODUCER {
    RING_U32 Magic;
    RING_U32 Version;
    RING_U32 DataOffset;   /**< from the start of this structure; a multiple of 4096 */
    RING_U32 LongestEvent; /**< bytes of the longest payload */
    RING_U64 DataLength;
    RING_U64 Reserved0[13];
    volatile RING_S64 Published; /**< events stand up to this position */
    volatile RING_S64 Lost;      /**< sequence number of the last event that found the ring full; 0: none has */
    volatile RING_S64 Dropped;   /**< how many have */
    volatile RING_S64 State;     /**< RING_OPEN or RING_CLOSED */
    RING_U64 Reserved1[12];
} RING_PRODUCER;

typedef struct RING_CONSUMER {
    volatile RING_S64 Consumed; /**< position: the reader has done with everything before it */
    volatile RING_S64 Sequence; /**< of the last event before it; 0: none */
    RING_U64 Reserved0[6];
    volatile RING_S64 Sleeping; /**< 0: awake; otherwise the number of this sleep, another one each time */
    RING_U64 Reserved1[7];
} RING_CONSUMER;

/** Kinds from here on are the ring's own. */
#define RING_FIRST_RESERVED_KIND 0xFFFFFF00u
/** To the end of the data: the next event did not fit there. Sequence is 0. */
#define RING_KIND_PADDING 0xFFFFFFFFu
/** In place of an event that was longer than LongestEvent. No payload. */
#define RING_KIND_TOO_LONG 0xFFFFFFFEu
/** In place of an event that the driver could not make (RingLose). No payload. */
#define RING_KIND_NOT_MADE 0xFFFFFFFDu

/** Before each event's payload. */
typedef struct RING_RECORD {
    RING_U32 Length; /**< of the payload; the next record starts at the following multiple of RING_ALIGNMENT */
    RING_U32 Kind;   /**< the driver's own, or RING_KIND_* */
    RING_U64 Sequence;
} RING_RECORD;

/** Where a client finds the ring in its own process: what the driver answers to the client's request to map it. */
typedef struct RING_VIEWS {
    RING_U32 Magic;
    RING_U32 Version;
    RING_U64 Producer; /**< address; PAGE_READONLY */
    RING_U64 ProducerLength;
    RING_U64 Consumer; /**< address; PAGE_READWRITE */
    RING_U64 ConsumerLength;
    RING_U64 Position; /**< where to start reading */
    RING_U64 Reserved[2];
} RING_VIEWS;

/** The one-way message that wakes a sleeping reader. */
typedef struct RING_WAKE {
    RING_U32 Magic;
    RING_U32 Version;
    RING_U64 Sleep; /**< the RING_CONSUMER.Sleeping that it answers */
} RING_WAKE;

#define RING_LAYOUT_ASSERT(Expression) typedef char RING_LAYOUT_IS_WRONG[(Expression) ? 1 : -1]
#define RING_AT(Type, Field, Offset) RING_LAYOUT_ASSERT(__builtin_offsetof(Type, Field) == (Offset))

RING_AT(RING_PRODUCER, DataLength, 16);
RING_AT(RING_PRODUCER, Published, 128);
RING_AT(RING_PRODUCER, Lost, 136);
RING_AT(RING_PRODUCER, Dropped, 144);
RING_AT(RING_PRODUCER, State, 152);
RING_LAYOUT_ASSERT(sizeof(RING_PRODUCER) == 256);
RING_AT(RING_CONSUMER, Consumed, 0);
RING_AT(RING_CONSUMER, Sequence, 8);
RING_AT(RING_CONSUMER, Sleeping, 64);
RING_LAYOUT_ASSERT(sizeof(RING_CONSUMER) == 128);
RING_LAYOUT_ASSERT(sizeof(RING_RECORD) == 16);
RING_AT(RING_VIEWS, Producer, 8);
RING_AT(RING_VIEWS, Consumer, 24);
RING_AT(RING_VIEWS, Position, 40);
RING_LAYOUT_ASSERT(sizeof(RING_VIEWS) == 64);
RING_LAYOUT_ASSERT(sizeof(RING_WAKE) == 16);

#ifdef __cplusplus
}
#endif

#endif
