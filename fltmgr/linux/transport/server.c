/* SPDX-License-Identifier: Apache-2.0 */
#include "internal.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

struct fmt_counters fmt_counters;

static struct {
    int epoll;
    struct fmt_watch listener;
    struct fmt_watch notice; /* eventfd: stop */
    pthread_t thread;
    char path[sizeof((struct sockaddr_un *)0)->sun_path];
    bool running;
    pthread_mutex_t lock;
    pthread_cond_t gone;
    uint64_t sessions;
} server = {.epoll = -1, .lock = PTHREAD_MUTEX_INITIALIZER, .gone = PTHREAD_COND_INITIALIZER};

bool fmt_watch_add(struct fmt_watch *watch, uint32_t events) {
    struct epoll_event event = {.events = events, .data.ptr = watch};
    return epoll_ctl(server.epoll, EPOLL_CTL_ADD, watch->descriptor, &event) == 0;
}

bool fmt_watch_change(struct fmt_watch *watch, uint32_t events) {
    struct epoll_event event = {.events = events, .data.ptr = watch};
    return epoll_ctl(server.epoll, EPOLL_CTL_MOD, watch->descriptor, &event) == 0;
}

void fmt_watch_forget(struct fmt_watch *watch) {
    epoll_ctl(server.epoll, EPOLL_CTL_DEL, watch->descriptor, NULL);
}

void fmt_session_counted(int change) {
    pthread_mutex_lock(&server.lock);
    server.sessions += (uint64_t)(int64_t)change;
    atomic_store(&fmt_counters.connections, server.sessions);
    if (server.sessions == 0)
        pthread_cond_broadcast(&server.gone);
    pthread_mutex_unlock(&server.lock);
}

static void accept_all(void) {
    for (;;) {
        int descriptor = accept4(server.listener.descriptor, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (descriptor >= 0) {
            fmt_session_accept(descriptor);
        } else if (errno != EINTR && errno != ECONNABORTED) {
            if (errno != EAGAIN)
                fm_log("%s: accept failed: %s; a client was not served, raise the descriptor limit", server.path,
                       fm_errno_text(errno));
            return;
        }
    }
}

/* One event at a time: handling one may free what the next would point at. */
static void *serve(void *unused) {
    (void)unused;
    struct fm_host_thread *self = fm_host_thread_begin("fm-server");
    for (;;) {
        struct epoll_event event;
        if (epoll_wait(server.epoll, &event, 1, -1) != 1)
            continue;
        struct fmt_watch *watch = event.data.ptr;
        if (watch->kind == FMT_NOTICE)
            break;
        if (watch->kind == FMT_LISTENER)
            accept_all();
        else if (watch->kind == FMT_SESSION)
            fmt_session_event((struct fmt_session *)watch, event.events);
        else
            fmt_lane_event((struct fmt_lane *)watch, event.events);
    }
    while (fmt_sessions != NULL) {
        shutdown(fmt_sessions->watch.descriptor, SHUT_RD);
        fmt_session_hang_up(fmt_sessions);
    }
    fm_host_thread_end(self);
    return NULL;
}

/* A socket file that nobody listens at is left over from a manager that was killed. */
static bool is_stale(const struct sockaddr_un *address) {
    int probe = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    if (probe < 0)
        return false;
    bool stale = connect(probe, (const struct sockaddr *)address, sizeof *address) != 0 && errno == ECONNREFUSED;
    close(probe);
    return stale;
}

static int listen_at(const char *path) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof address.sun_path) {
        fm_log("%s: the socket's path is longer than %zu bytes; choose a shorter one", path,
               sizeof address.sun_path - 1);
        return -1;
    }
    memcpy(address.sun_path, path, strlen(path) + 1);
    int descriptor = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    int result = descriptor < 0 ? -1 : bind(descriptor, (struct sockaddr *)&address, sizeof address);
    if (descriptor >= 0 && result != 0 && errno == EADDRINUSE && is_stale(&address) && unlink(path) == 0)
        result = bind(descriptor, (struct sockaddr *)&address, sizeof address);
    /* Everybody may knock; the descriptor of each port decides who comes in. */
    if (result == 0)
        result = chmod(path, 0666);
    if (result == 0)
        result = listen(descriptor, 128);
    if (result == 0)
        return descriptor;
    fm_log("%s: cannot listen: %s; is another fltmgrd running, does the folder exist and may it be written?", path,
           fm_errno_text(errno));
    if (descriptor >= 0)
        close(descriptor);
    return -1;
}

static void close_all(void) {
    close(server.listener.descriptor);
    close(server.notice.descriptor);
    close(server.epoll);
    server.epoll = -1;
}

bool fm_server_start(const struct fm_server_settings *settings) {
    const char *socket_path = settings->socket_path;
    if (settings->most_connections != 0)
        fmt_quota_limit(FMT_CONNECTIONS, settings->most_connections);
    if (settings->most_bytes != 0)
        fmt_quota_limit(FMT_BYTES, settings->most_bytes);
    server.listener = (struct fmt_watch){FMT_LISTENER, listen_at(socket_path)};
    if (server.listener.descriptor < 0)
        return false;
    (void)snprintf(server.path, sizeof server.path, "%s", socket_path);
    server.epoll = epoll_create1(EPOLL_CLOEXEC);
    server.notice = (struct fmt_watch){FMT_NOTICE, eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
    int error = errno;
    if (server.epoll >= 0 && fmt_watch_add(&server.listener, EPOLLIN) && fmt_watch_add(&server.notice, EPOLLIN)) {
        error = pthread_create(&server.thread, NULL, serve, NULL);
        server.running = error == 0;
    }
    if (!server.running) {
        fm_log("%s: cannot serve: %s; raise the limits on descriptors and threads", socket_path, fm_errno_text(error));
        unlink(server.path);
        close_all();
    }
    return server.running;
}

void fm_server_stop(void) {
    if (!server.running)
        return;
    uint64_t one = 1;
    unlink(server.path);
    while (write(server.notice.descriptor, &one, sizeof one) < 0 && errno == EINTR)
        ;
    pthread_join(server.thread, NULL);
    pthread_mutex_lock(&server.lock);
    while (server.sessions != 0)
        pthread_cond_wait(&server.gone, &server.lock);
    pthread_mutex_unlock(&server.lock);
    close_all();
    server.running = false;
}

void fm_server_counters(struct fm_server_counters *counters) {
    *counters = (struct fm_server_counters){
        .connections = atomic_load(&fmt_counters.connections),
        .accepted = atomic_load(&fmt_counters.accepted),
        .refused_by_limit = atomic_load(&fmt_counters.refused_by_limit),
        .protocol_errors = atomic_load(&fmt_counters.protocol_errors),
        .calls = atomic_load(&fmt_counters.calls),
        .shared_bytes = atomic_load(&fmt_counters.shared_bytes),
    };
}
