/* SPDX-License-Identifier: Apache-2.0 */
/**
 * What the benchmark driver is told. Its ports:
 *
 *   \Bench         clients that answer; the connection context is a BENCH_CONNECT. FilterSendMessage(BENCH_CONNECT) maps
 *                  the event ring into the client that asks and is answered with RING_VIEWS
 *   \BenchControl  whoever commands: FilterSendMessage(BENCH_RUN) blocks while the driver sends and is answered with a
 *                  BENCH_RESULT
 *
 * A message starts with its number (32 bits); a reply is right if it starts with the number's complement. Java's twins:
 * BenchDriver, RawHistogram.
 */
#ifndef FILTERPORT_BENCH_PROTOCOL_H
#define FILTERPORT_BENCH_PROTOCOL_H

#include "histogram.h"

#define BENCH_MAGIC 0x48434E42u /* "BNCH" */

enum { BENCH_CLIENTS = 4096, BENCH_SENDERS = 256, BENCH_LONGEST = 512, BENCH_BATCH = 32 };

typedef struct BENCH_CONNECT {
    uint32_t Magic;
    uint32_t Number; /* below BENCH_CLIENTS; BENCH_RUN names the client by it */
} BENCH_CONNECT;

/** Messages without a reply: each send ends when its message lies in the client's memory. */
#define BENCH_ONE_WAY 1u
/** No time is taken of single messages. */
#define BENCH_NO_HISTOGRAM 2u
/** Events of Length bytes into the ring instead of messages; one that finds it full is tried again. Never timed. */
#define BENCH_RING 4u
/** The same, BENCH_BATCH events at once. */
#define BENCH_RING_BATCH 8u

typedef struct BENCH_RUN {
    uint32_t Magic;
    uint32_t Client;
    uint32_t Senders; /* threads, each with one message under way */
    uint32_t Flags;
    uint32_t Length;      /* of each message, 4 to BENCH_LONGEST */
    uint32_t Reply;       /* room for its reply, 4 to BENCH_LONGEST */
    uint64_t Warm;        /* nanoseconds at the start that are not recorded */
    uint64_t Nanoseconds; /* length of the recorded part; 0: no limit */
    uint64_t Messages;    /* most for each sender, after the warm part; 0: no limit */
    uint64_t Interval;    /* nanoseconds from one intended send to the next of the same sender; 0: at once */
} BENCH_RUN;

typedef struct BENCH_RESULT {
    uint64_t Sent;    /* in the recorded part */
    uint64_t Wrong;   /* replies that were not the right one */
    uint64_t Elapsed; /* nanoseconds of the recorded part, first begin to last end */
    int32_t Status;   /* the first failure of FltSendMessage; it ends the run */
    uint32_t Buckets; /* BENCH_BUCKETS */
    struct bench_histogram Histogram;
} BENCH_RESULT;

#endif
