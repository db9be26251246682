/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The C gate: one process, one thread that reads permission events of a file system and allows each at once. The least
 * that any gate built on fanotify can cost.
 *
 *   bench_gate FOLDER
 */
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/fanotify.h>
#include <unistd.h>

#include "../common/peer.h"

static void allow(int group, int descriptor) {
    struct fanotify_response response = {.fd = descriptor, .response = FAN_ALLOW};
    if (write(group, &response, sizeof response) != sizeof response)
        peer_fail("write");
    close(descriptor);
}

static void *serve(void *argument) {
    const int *group = argument;
    _Alignas(struct fanotify_event_metadata) char events[4096];
    for (;;) {
        ssize_t length = read(*group, events, sizeof events);
        if (length <= 0)
            peer_fail("read");
        const struct fanotify_event_metadata *event = (const void *)events;
        for (; FAN_EVENT_OK(event, length); event = FAN_EVENT_NEXT(event, length)) {
            if (event->fd >= 0)
                allow(*group, event->fd);
        }
    }
    return NULL;
}

int main(int count, char **arguments) {
    static int group;
    pthread_t thread;
    if (count != 2)
        return 2;
    group = fanotify_init(FAN_CLASS_CONTENT | FAN_CLOEXEC | FAN_UNLIMITED_QUEUE, O_RDONLY | O_CLOEXEC);
    if (group < 0)
        peer_fail("fanotify_init");
    if (fanotify_mark(group, FAN_MARK_ADD | FAN_MARK_FILESYSTEM, FAN_OPEN_PERM, AT_FDCWD, arguments[1]) != 0)
        peer_fail("fanotify_mark");
    if (pthread_create(&thread, NULL, serve, &group) != 0)
        peer_fail("pthread_create");
    printf("ready\n");
    fflush(stdout);
    while (getchar() != EOF)
        ;
    _exit(0);
}
