/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Opens one file again and again and measures each open, without its close.
 *
 *   bench_opener FILE
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../common/clock.h"
#include "../common/peer.h"

static uint64_t open_once(const char *path, struct bench_histogram *histogram) {
    uint64_t begin = bench_now();
    int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    uint64_t end = bench_now();
    if (descriptor < 0)
        peer_fail(path);
    close(descriptor);
    if (histogram != NULL)
        bench_record(histogram, end - begin);
    return end;
}

int main(int count, char **arguments) {
    static struct bench_histogram histogram;
    struct peer_run run;
    if (count != 2)
        return 2;
    printf("ready\n");
    fflush(stdout);
    while (peer_next(&run)) {
        uint64_t now = bench_now();
        uint64_t limit = now + run.warm;
        while (now < limit)
            now = open_once(arguments[1], NULL);
        uint64_t begin = now;
        limit = begin + run.nanoseconds;
        memset(&histogram, 0, sizeof histogram);
        while (now < limit)
            now = open_once(arguments[1], &histogram);
        peer_answer(&histogram, now - begin);
    }
    return 0;
}
