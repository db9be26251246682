/* SPDX-License-Identifier: Apache-2.0 */
/**
 * What the harness says to a measuring process, and hears: one line each.
 *
 *   ready PID...                                 first, when it can be measured; other processes that belong to it
 *   run NANOSECONDS WARM MODE               →    result SENT ELAPSED MAXIMUM BUCKET:COUNT...
 *   end of input                                 the process ends
 */
#ifndef FILTERPORT_BENCH_PEER_H
#define FILTERPORT_BENCH_PEER_H

#include <stdbool.h>
#include <stdint.h>

#include "histogram.h"

/** A run that the harness asks for. */
struct peer_run {
    uint64_t nanoseconds; /* of the recorded part */
    uint64_t warm;        /* nanoseconds before it */
    char mode[32];        /* the peer's own */
};

/** False at the end of the input. Ends the process with a text when the line is none of the above. */
bool peer_next(struct peer_run *run);
void peer_answer(const struct bench_histogram *histogram, uint64_t elapsed);
/** Ends the process with "program: what: reason". */
_Noreturn void peer_fail(const char *what);

/**
 * Measures round trips one after the other: trip() makes one. Warm part first, then the recorded one.
 */
void peer_measure(const struct peer_run *run, void (*trip)(void *context), void *context);

#endif
