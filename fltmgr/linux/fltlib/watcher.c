/* SPDX-License-Identifier: Apache-2.0 */
#include "internal.h"

#include <signal.h>
#include <sys/epoll.h>

/*
 * One thread for the process, started by the first connection. It sleeps until a manager's end of a control socket
 * closes; then whoever waits on that connection must wake, because nobody else will ring.
 */
static pthread_mutex_t watch_lock = PTHREAD_MUTEX_INITIALIZER;
static struct fl_connection *watched;
static uint64_t last_serial;
static int watch_epoll = -1;

static struct fl_connection *watched_take(uint64_t serial) {
    pthread_mutex_lock(&watch_lock);
    struct fl_connection *connection = watched;
    while (connection != NULL && connection->serial != serial)
        connection = connection->next;
    if (connection != NULL)
        fl_object_reference(&connection->object);
    pthread_mutex_unlock(&watch_lock);
    return connection;
}

static void *watch(void *unused) {
    (void)unused;
    int epoll = watch_epoll;
    for (;;) {
        struct epoll_event event;
        if (epoll_wait(epoll, &event, 1, -1) != 1)
            continue;
        struct fl_connection *connection = watched_take(event.data.u64);
        if (connection != NULL) {
            fl_watcher_remove(connection);
            fl_connection_end(connection);
            fl_object_release(&connection->object);
        }
    }
    return NULL;
}

static NTSTATUS watcher_start_locked(void) {
    if (watch_epoll >= 0)
        return STATUS_SUCCESS;
    watch_epoll = epoll_create1(EPOLL_CLOEXEC);
    if (watch_epoll < 0)
        return STATUS_INSUFFICIENT_RESOURCES;
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    pthread_t thread;
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    int error = pthread_create(&thread, &attributes, watch, NULL);
    pthread_attr_destroy(&attributes);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (error != 0) {
        close(watch_epoll);
        watch_epoll = -1;
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    pthread_setname_np(thread, "fltlib-watch");
    return STATUS_SUCCESS;
}

NTSTATUS fl_watcher_add(struct fl_connection *connection) {
    pthread_mutex_lock(&watch_lock);
    NTSTATUS status = watcher_start_locked();
    if (status == STATUS_SUCCESS) {
        connection->serial = ++last_serial;
        struct epoll_event event = {.events = EPOLLRDHUP | EPOLLET, .data.u64 = connection->serial};
        if (epoll_ctl(watch_epoll, EPOLL_CTL_ADD, atomic_load(&connection->control), &event) != 0)
            status = STATUS_INSUFFICIENT_RESOURCES;
    }
    if (status == STATUS_SUCCESS) {
        connection->previous = NULL;
        connection->next = watched;
        if (watched != NULL)
            watched->previous = connection;
        watched = connection;
    }
    pthread_mutex_unlock(&watch_lock);
    return status;
}

void fl_watcher_remove(struct fl_connection *connection) {
    pthread_mutex_lock(&watch_lock);
    if (connection->serial != 0) {
        connection->serial = 0;
        int descriptor = atomic_load(&connection->control);
        if (descriptor >= 0)
            epoll_ctl(watch_epoll, EPOLL_CTL_DEL, descriptor, NULL);
        if (connection->previous != NULL)
            connection->previous->next = connection->next;
        else
            watched = connection->next;
        if (connection->next != NULL)
            connection->next->previous = connection->previous;
    }
    pthread_mutex_unlock(&watch_lock);
}

/* --- fork --------------------------------------------------------------------------------------------------------- */

static void before_fork(void) {
    pthread_mutex_lock(&watch_lock);
}

static void after_fork_in_parent(void) {
    pthread_mutex_unlock(&watch_lock);
}

/* The shared memory is not in the child; its copies of the sockets would keep the connections alive after the parent.
 */
static void after_fork_in_child(void) {
    atomic_store(&fl_forked, true);
    for (struct fl_connection *connection = watched; connection != NULL; connection = connection->next) {
        int descriptor = atomic_exchange(&connection->control, -1);
        if (descriptor >= 0)
            close(descriptor);
        for (int i = 0; i < FPW_LANES; i++) {
            int lane = atomic_exchange(&connection->lanes[i], -1);
            if (lane >= 0)
                close(lane);
        }
    }
    if (watch_epoll >= 0)
        close(watch_epoll);
    pthread_mutex_unlock(&watch_lock);
}

__attribute__((constructor)) static void watcher_prepare(void) {
    pthread_atfork(before_fork, after_fork_in_parent, after_fork_in_child);
}
