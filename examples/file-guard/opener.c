/* SPDX-License-Identifier: Apache-2.0 */

/*
 * opener LIST OUTCOMES
 *
 * Opens each path of LIST (one a line) for reading and closes it again, and writes one line a path to OUTCOMES:
 * `<errno> <nanoseconds> <path>`, errno 0 for an open that succeeded. LIST is read before the first open and OUTCOMES
 * written after the last, so that nothing else happens in between. Exit status 0 if every path was tried, whatever came
 * of it.
 */

#define _GNU_SOURCE

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

struct attempt {
    char *path;
    int error;
    long long nanoseconds;
};

struct attempts {
    struct attempt *all;
    size_t count;
    size_t capacity;
};

static int fail(const char *call, const char *object) {
    fprintf(stderr, "opener: %s %s: %s\n", call, object, strerror(errno));
    return 1;
}

static int add(struct attempts *attempts, const char *path) {
    if (attempts->count == attempts->capacity) {
        size_t capacity = attempts->capacity == 0 ? 256 : attempts->capacity * 2;
        struct attempt *all = realloc(attempts->all, capacity * sizeof(*all));
        if (all == NULL) {
            return -1;
        }
        attempts->all = all;
        attempts->capacity = capacity;
    }
    char *copy = strdup(path);
    if (copy == NULL) {
        return -1;
    }
    attempts->all[attempts->count++] = (struct attempt){.path = copy};
    return 0;
}

static int read_list(struct attempts *attempts, const char *name) {
    FILE *list = fopen(name, "re");
    if (list == NULL) {
        return -1;
    }
    char *line = NULL;
    size_t capacity = 0;
    int result = 0;
    while (result == 0 && getline(&line, &capacity, list) > 0) {
        line[strcspn(line, "\n")] = '\0';
        if (line[0] != '\0') {
            result = add(attempts, line);
        }
    }
    free(line);
    fclose(list);
    return result;
}

static long long now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * 1000000000LL + time.tv_nsec;
}

static void open_all(struct attempts *attempts) {
    for (size_t i = 0; i < attempts->count; i++) {
        struct attempt *attempt = &attempts->all[i];
        long long start = now();
        int file = open(attempt->path, O_RDONLY | O_CLOEXEC);
        attempt->nanoseconds = now() - start;
        attempt->error = file < 0 ? errno : 0;
        if (file >= 0) {
            close(file);
        }
    }
}

static int write_outcomes(const struct attempts *attempts, const char *name) {
    FILE *outcomes = fopen(name, "we");
    if (outcomes == NULL) {
        return -1;
    }
    for (size_t i = 0; i < attempts->count; i++) {
        const struct attempt *attempt = &attempts->all[i];
        fprintf(outcomes, "%d %lld %s\n", attempt->error, attempt->nanoseconds, attempt->path);
    }
    return fclose(outcomes);
}

int main(int argc, char **argv) {
    if (argc != 3) {
        fprintf(stderr, "usage: opener LIST OUTCOMES\n");
        return 64;
    }
    struct attempts attempts = {0};
    if (read_list(&attempts, argv[1]) != 0) {
        return fail("read", argv[1]); // NOLINT(clang-analyzer-unix.Malloc): the process ends here
    }
    open_all(&attempts);
    if (write_outcomes(&attempts, argv[2]) != 0) {
        return fail("write", argv[2]);
    }
    for (size_t i = 0; i < attempts.count; i++) {
        free(attempts.all[i].path);
    }
    free(attempts.all);
    return 0;
}
