/* SPDX-License-Identifier: Apache-2.0 */
/**
 * A log-linear histogram of nanoseconds: 128 buckets for each doubling, so that a value is known to 0.8 %.
 *
 * Recording is an addition and touches no memory but the histogram. Java reads the counts (RawHistogram) and knows the
 * same three numbers. Plain C: the driver and the user-mode programs share it.
 */
#ifndef FILTERPORT_BENCH_HISTOGRAM_H
#define FILTERPORT_BENCH_HISTOGRAM_H

#include <stdint.h>

enum {
    BENCH_SUB_BITS = 7,
    BENCH_LARGEST_BITS = 36, /* values from 2^36 ns (68 s) on are counted as the largest */
    BENCH_BUCKETS = (BENCH_LARGEST_BITS - BENCH_SUB_BITS + 1) << BENCH_SUB_BITS
};

struct bench_histogram {
    uint64_t count;
    uint64_t sum;
    uint64_t maximum;
    uint64_t counts[BENCH_BUCKETS];
};

static inline uint32_t bench_bucket(uint64_t value) {
    if (value < 1u << BENCH_SUB_BITS)
        return (uint32_t)value;
    if (value >> BENCH_LARGEST_BITS != 0)
        return BENCH_BUCKETS - 1;
    uint32_t shift = 63u - (uint32_t)__builtin_clzll(value) - BENCH_SUB_BITS;
    return ((shift + 1) << BENCH_SUB_BITS) + (uint32_t)((value >> shift) - (1u << BENCH_SUB_BITS));
}

static inline void bench_record(struct bench_histogram *histogram, uint64_t value) {
    histogram->count++;
    histogram->sum += value;
    if (value > histogram->maximum)
        histogram->maximum = value;
    histogram->counts[bench_bucket(value)]++;
}

static inline void bench_merge(struct bench_histogram *into, const struct bench_histogram *from) {
    into->count += from->count;
    into->sum += from->sum;
    if (from->maximum > into->maximum)
        into->maximum = from->maximum;
    for (uint32_t i = 0; i < BENCH_BUCKETS; i++)
        into->counts[i] += from->counts[i];
}

#endif
