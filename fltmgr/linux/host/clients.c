/* SPDX-License-Identifier: Apache-2.0 */
#include "clients.h"

#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { buckets = 64 };

struct client {
    struct client *next;
    pid_t pid;
    int pidfd;
    unsigned connections;
};

static struct {
    pthread_mutex_t lock;
    struct client *table[buckets];
} clients = {.lock = PTHREAD_MUTEX_INITIALIZER};

static struct client **bucket_of(pid_t pid) {
    return &clients.table[(unsigned)pid % buckets];
}

static bool is_alive(const struct client *client) {
    struct pollfd poll_entry = {.fd = client->pidfd, .events = POLLIN};
    return client->pidfd >= 0 && poll(&poll_entry, 1, 0) == 0;
}

void fm_clients_add(pid_t pid) {
    int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
    struct client *fresh = malloc(sizeof(*fresh));
    pthread_mutex_lock(&clients.lock);
    struct client *client = *bucket_of(pid);
    while (client != NULL && (client->pid != pid || !is_alive(client))) {
        client = client->next;
    }
    if (client != NULL) {
        client->connections++;
    } else if (fresh != NULL) {
        *fresh = (struct client){.next = *bucket_of(pid), .pid = pid, .pidfd = pidfd, .connections = 1};
        *bucket_of(pid) = fresh;
        fresh = NULL;
        pidfd = -1;
    }
    pthread_mutex_unlock(&clients.lock);
    free(fresh);
    if (pidfd >= 0) {
        (void)close(pidfd);
    }
}

void fm_clients_remove(pid_t pid) {
    struct client *gone = NULL;
    pthread_mutex_lock(&clients.lock);
    /* The oldest first: after a pid was used again, the dead process's connections are the ones being closed. */
    struct client **found = NULL;
    for (struct client **link = bucket_of(pid); *link != NULL; link = &(*link)->next) {
        if ((*link)->pid == pid) {
            found = link;
        }
    }
    if (found != NULL && --(*found)->connections == 0) {
        gone = *found;
        *found = gone->next;
    }
    pthread_mutex_unlock(&clients.lock);
    if (gone != NULL) {
        if (gone->pidfd >= 0) {
            (void)close(gone->pidfd);
        }
        free(gone);
    }
}

bool fm_clients_contain(pid_t pid) {
    bool found = false;
    pthread_mutex_lock(&clients.lock);
    for (struct client *client = *bucket_of(pid); client != NULL && !found; client = client->next) {
        found = client->pid == pid && is_alive(client);
    }
    pthread_mutex_unlock(&clients.lock);
    return found;
}
