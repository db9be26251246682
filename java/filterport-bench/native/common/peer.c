/* SPDX-License-Identifier: Apache-2.0 */
#include "peer.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"

void peer_fail(const char *what) {
    fprintf(stderr, "%s: %s: %s\n", program_invocation_short_name, what, strerror(errno));
    exit(1);
}

bool peer_next(struct peer_run *run) {
    char line[256];
    if (fgets(line, sizeof line, stdin) == NULL)
        return false;
    if (sscanf(line, "run %" SCNu64 " %" SCNu64 " %31s", &run->nanoseconds, &run->warm, run->mode) != 3) {
        fprintf(stderr, "%s: not understood: %s", program_invocation_short_name, line);
        exit(2);
    }
    return true;
}

void peer_answer(const struct bench_histogram *histogram, uint64_t elapsed) {
    printf("result %" PRIu64 " %" PRIu64 " %" PRIu64, histogram->count, elapsed, histogram->maximum);
    for (uint32_t i = 0; i < BENCH_BUCKETS; i++) {
        if (histogram->counts[i] != 0)
            printf(" %" PRIu32 ":%" PRIu64, i, histogram->counts[i]);
    }
    printf("\n");
    fflush(stdout);
}

void peer_measure(const struct peer_run *run, void (*trip)(void *context), void *context) {
    static struct bench_histogram histogram;
    memset(&histogram, 0, sizeof histogram);
    uint64_t begin = bench_now();
    uint64_t limit = begin + run->warm;
    uint64_t end = begin;
    while (end < limit) {
        trip(context);
        end = bench_now();
    }
    begin = end;
    limit = begin + run->nanoseconds;
    for (uint64_t started = begin; started < limit; started = end) {
        trip(context);
        end = bench_now();
        bench_record(&histogram, end - started);
    }
    peer_answer(&histogram, end - begin);
}
