/* SPDX-License-Identifier: Apache-2.0 */
#include "internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

/*
 * One control socket, hence one connection to a port.
 *
 *   new ─CONNECT─▶ connecting ─accepted─▶ connected ─CLOSE or hang-up─▶ closing ─▶ closed
 *                      └─refused, or hung up meanwhile (closed again at once)──────────▲
 *
 * The two states with -ing belong to a worker, because both run driver code; what happens on the socket meanwhile is
 * only noted.
 */

struct fmt_session *fmt_sessions;

void fmt_session_reference(struct fmt_session *session) {
    atomic_fetch_add_explicit(&session->references, 1, memory_order_relaxed);
}

void fmt_session_release(struct fmt_session *session) {
    if (atomic_fetch_sub_explicit(&session->references, 1, memory_order_acq_rel) != 1)
        return;
    close(session->watch.descriptor);
    fmt_shared_fini(session);
    fm_identity_release(session->identity);
    free(session->connect);
    pthread_mutex_destroy(&session->lock);
    fmt_quota_return(session->uid, FMT_CONNECTIONS, 1);
    free(session);
    fmt_session_counted(-1);
}

bool fmt_answer(int socket, fm_status status, uint32_t number, uint64_t value, int descriptor) {
    struct fpw_control_answer answer = {status, number, value};
    union {
        struct cmsghdr head;
        char space[CMSG_SPACE(sizeof(int))];
    } control = {0};
    struct iovec part = {&answer, sizeof answer};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
    if (descriptor >= 0) {
        message.msg_control = &control;
        message.msg_controllen = sizeof control;
        control.head.cmsg_level = SOL_SOCKET;
        control.head.cmsg_type = SCM_RIGHTS;
        control.head.cmsg_len = CMSG_LEN(sizeof(int));
        memcpy(CMSG_DATA(&control.head), &descriptor, sizeof descriptor);
    }
    ssize_t sent;
    do
        sent = sendmsg(socket, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
    while (sent < 0 && errno == EINTR);
    return sent == (ssize_t)sizeof answer;
}

void fmt_session_accept(int descriptor) {
    struct ucred peer = {.pid = 0};
    socklen_t length = sizeof peer;
    struct fmt_session *session = NULL;
    if (getsockopt(descriptor, SOL_SOCKET, SO_PEERCRED, &peer, &length) == 0 &&
        fmt_quota_take(peer.uid, FMT_CONNECTIONS, 1)) {
        session = calloc(1, sizeof *session);
        if (session == NULL)
            fmt_quota_return(peer.uid, FMT_CONNECTIONS, 1);
    }
    if (session == NULL) {
        fmt_answer(descriptor, FMT_INSUFFICIENT_RESOURCES, 0, 0, -1);
        close(descriptor);
        return;
    }
    session->watch = (struct fmt_watch){FMT_SESSION, descriptor};
    atomic_store(&session->references, 1);
    session->uid = peer.uid;
    session->pid = peer.pid;
    pthread_mutex_init(&session->lock, NULL);
    fmt_session_counted(1);
    atomic_fetch_add(&fmt_counters.accepted, 1);
    session->next = fmt_sessions;
    if (fmt_sessions != NULL)
        fmt_sessions->previous = session;
    fmt_sessions = session;
    if (!fmt_watch_add(&session->watch, EPOLLIN | EPOLLRDHUP))
        fmt_session_hang_up(session);
}

/* --- on a worker -------------------------------------------------------------------------------------------------- */

static struct fmt_session *session_of(struct fm_job *job) {
    return (struct fmt_session *)(void *)((char *)job - offsetof(struct fmt_session, job));
}

/* In state closing, by whoever brought it there. */
static void close_connection(struct fmt_session *session) {
    fm_connection_close_user(session->connection);
    fm_clients_remove(session->pid);
    pthread_mutex_lock(&session->lock);
    session->state = FMT_CLOSED;
    bool answer = session->answer_close;
    pthread_mutex_unlock(&session->lock);
    if (answer) {
        fmt_await_receives(session);
        fmt_answer(session->watch.descriptor, FMT_SUCCESS, 0, 0, -1);
    }
}

static void close_job(struct fm_job *job) {
    struct fmt_session *session = session_of(job);
    fm_impersonate(&session->identity->requestor);
    close_connection(session);
    fm_impersonate(NULL);
    fmt_session_release(session);
}

static fm_status connect_with_memory(struct fmt_session *session) {
    const struct fpw_control_request *request = session->connect;
    const char *name = (const char *)(request + 1);
    fm_requestor requestor = session->identity->requestor;
    requestor.thread_id = request->thread;
    bool released = false;
    fmt_session_reference(session); /* the core's, until released() */
    fm_clients_add(session->pid);
    fm_impersonate(&requestor);
    fm_status status = fmt_core_connect(session, name, request->name_length, request->context_length, request->options,
                                        &requestor, &released);
    fm_impersonate(NULL);
    if (status != FMT_SUCCESS) {
        fm_clients_remove(session->pid);
        if (!released)
            fmt_session_release(session);
    }
    return status;
}

static void connect_job(struct fm_job *job) {
    struct fmt_session *session = session_of(job);
    int descriptor = -1;
    pthread_mutex_lock(&session->lock);
    session->worker = fm_host_thread_current();
    if (session->hung_up)
        fm_host_thread_alert(session->worker);
    pthread_mutex_unlock(&session->lock);

    fm_status status = FMT_INSUFFICIENT_RESOURCES;
    session->identity = fm_identity_of_peer(session->watch.descriptor);
    if (session->identity != NULL && fmt_shared_init(session, &descriptor))
        status = connect_with_memory(session);

    /* The job's own reference keeps the session. */
    pthread_mutex_lock(&session->lock);
    session->worker = NULL; // NOLINT(clang-analyzer-unix.Malloc)
    bool close_again = status == FMT_SUCCESS && session->hung_up;
    session->state = status != FMT_SUCCESS ? FMT_CLOSED : close_again ? FMT_CLOSING : FMT_CONNECTED;
    pthread_mutex_unlock(&session->lock);
    if (close_again)
        close_connection(session);
    else
        fmt_answer(session->watch.descriptor, status, 0, 0, status == FMT_SUCCESS ? descriptor : -1);
    if (descriptor >= 0)
        close(descriptor);
    fmt_session_release(session);
}

/* --- in the server thread ----------------------------------------------------------------------------------------- */

static void submit(struct fmt_session *session, void (*run)(struct fm_job *job)) {
    fmt_session_reference(session);
    session->job = (struct fm_job){.run = run};
    fm_workers_submit(&session->job, FM_JOB_CLIENT);
}

/* True: this call brought it from connected to closing. */
static bool begin_close(struct fmt_session *session, bool answer) {
    pthread_mutex_lock(&session->lock);
    bool mine = session->state == FMT_CONNECTED;
    if (mine) {
        session->state = FMT_CLOSING;
        session->answer_close = answer;
    }
    pthread_mutex_unlock(&session->lock);
    return mine;
}

void fmt_session_hang_up(struct fmt_session *session) {
    fmt_watch_forget(&session->watch);
    pthread_mutex_lock(&session->lock);
    session->hung_up = true;
    if (session->worker != NULL)
        fm_host_thread_alert(session->worker);
    pthread_mutex_unlock(&session->lock);
    while (session->lanes != NULL)
        fmt_lane_hang_up(session->lanes);
    if (begin_close(session, false))
        submit(session, close_job);
    if (session->previous != NULL)
        session->previous->next = session->next;
    else
        fmt_sessions = session->next;
    if (session->next != NULL)
        session->next->previous = session->previous;
    fmt_session_release(session);
}

void fmt_session_break(struct fmt_session *session) {
    atomic_fetch_add(&fmt_counters.protocol_errors, 1);
    fm_log("client pid %d: malformed request on its control socket: disconnected; its libfltlib.so is not ours",
           (int)session->pid);
    shutdown(session->watch.descriptor, SHUT_RDWR);
    fmt_session_hang_up(session);
}

static void connect_request(struct fmt_session *session, const struct fpw_control_request *request, size_t length) {
    session->connect = malloc(length);
    if (session->connect == NULL) {
        fmt_answer(session->watch.descriptor, FMT_INSUFFICIENT_RESOURCES, 0, 0, -1);
        return;
    }
    memcpy(session->connect, request, length);
    pthread_mutex_lock(&session->lock);
    session->state = FMT_CONNECTING;
    pthread_mutex_unlock(&session->lock);
    submit(session, connect_job);
}

static bool connected_request(struct fmt_session *session, const struct fpw_control_request *request) {
    switch (request->kind) {
    case FPW_LANE:
        fmt_lane_create(session);
        return true;
    case FPW_ARENA:
        fmt_arena_request(session, request->value);
        return true;
    case FPW_ARENA_FREE:
        fmt_arena_free(session, request->number);
        return true;
    case FPW_CANCEL:
        fmt_cancel(session, request->number);
        return true;
    case FPW_WAIT:
        fpw_spin_init(&session->reply_spin, request->value);
        fpw_spin_init(&session->bell_spin, request->value);
        fmt_answer(session->watch.descriptor, FMT_SUCCESS, 0, 0, -1);
        return true;
    case FPW_CLOSE:
        if (begin_close(session, true))
            submit(session, close_job);
        return true;
    default:
        return false;
    }
}

static bool handle(struct fmt_session *session, const struct fpw_control_request *request, size_t length) {
    if (length < sizeof *request || request->magic != FPW_MAGIC || request->version != FPW_VERSION ||
        length != sizeof *request + (size_t)request->name_length + request->context_length)
        return false;
    pthread_mutex_lock(&session->lock);
    enum fmt_session_state state = session->state;
    pthread_mutex_unlock(&session->lock);
    /* Only this thread leaves the states new and connected, so what is done in them is not overtaken. */
    if (request->kind == FPW_CONNECT && state == FMT_NEW) {
        connect_request(session, request, length);
        return true;
    }
    if (request->kind < FPW_LANE || request->kind > FPW_CLOSE || request->name_length != 0 ||
        request->context_length != 0)
        return false;
    if (state == FMT_CLOSING || state == FMT_CLOSED) { /* another thread of the client has closed meanwhile */
        fmt_answer(session->watch.descriptor, FMT_PORT_DISCONNECTED, 0, 0, -1);
        return true;
    }
    return state == FMT_CONNECTED && connected_request(session, request);
}

void fmt_session_event(struct fmt_session *session, uint32_t events) {
    static _Alignas(8) uint8_t buffer[FPW_LONGEST_CONTROL];
    ssize_t length = -1;
    if ((events & EPOLLIN) != 0) {
        /* descriptors that a client attaches are not taken: no control buffer */
        length = recv(session->watch.descriptor, buffer, sizeof buffer, MSG_DONTWAIT | MSG_TRUNC);
        if (length < 0 && (errno == EAGAIN || errno == EINTR) && (events & (EPOLLHUP | EPOLLRDHUP | EPOLLERR)) == 0)
            return;
    }
    if (length <= 0)
        fmt_session_hang_up(session);
    else if ((size_t)length > sizeof buffer ||
             !handle(session, (const struct fpw_control_request *)(const void *)buffer, (size_t)length))
        fmt_session_break(session);
}
