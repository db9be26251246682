/* SPDX-License-Identifier: Apache-2.0 */
/* open_many PATH COUNT: opens PATH in COUNT threads at once and prints how many succeeded, got EPERM, and anything else. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static const char *path;
static atomic_uint opened;
static atomic_uint denied;
static atomic_uint others;

static void *open_one(void *argument) {
    (void)argument;
    int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    if (descriptor >= 0) {
        (void)close(descriptor);
    }
    atomic_fetch_add(descriptor >= 0 ? &opened : errno == EPERM ? &denied : &others, 1);
    return NULL;
}

int main(int argc, char **argv) {
    unsigned count = argc == 3 ? (unsigned)strtoul(argv[2], NULL, 10) : 0;
    pthread_t *threads = calloc(count == 0 ? 1 : count, sizeof(*threads));
    pthread_attr_t attributes;
    if (count == 0 || threads == NULL || pthread_attr_init(&attributes) != 0) {
        fputs("usage: open_many PATH COUNT\n", stderr);
        return 2;
    }
    path = argv[1];
    (void)pthread_attr_setstacksize(&attributes, 64 * 1024);
    for (unsigned i = 0; i < count; i++) {
        int error = pthread_create(&threads[i], &attributes, open_one, NULL);
        if (error != 0) {
            fprintf(stderr, "open_many: thread %u of %u: error %d\n", i, count, error);
            return 1;
        }
    }
    for (unsigned i = 0; i < count; i++) {
        (void)pthread_join(threads[i], NULL);
    }
    (void)pthread_attr_destroy(&attributes);
    free(threads);
    printf("%u %u %u\n", atomic_load(&opened), atomic_load(&denied), atomic_load(&others));
    return 0;
}
