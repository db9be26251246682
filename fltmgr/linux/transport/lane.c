/* SPDX-License-Identifier: Apache-2.0 */
#include "internal.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

/*
 * A lane takes turns: the server thread reads a request, a worker serves it and writes the answer, then the server
 * thread again. While the worker has it, epoll watches for the hang-up only. An answer that the socket does not take at
 * once is written on by the server thread, so no client holds a worker by not reading.
 */

static void lane_forget_request(struct fmt_lane *lane) {
    free(lane->input);
    free(lane->output);
    lane->input = NULL;
    lane->output = NULL;
    if (lane->charged != 0)
        fmt_quota_return(lane->session->uid, FMT_BYTES, lane->charged);
    lane->charged = 0;
    lane->got = 0;
    lane->sent = 0;
}

static void lane_release(struct fmt_lane *lane) {
    if (atomic_fetch_sub_explicit(&lane->references, 1, memory_order_acq_rel) != 1)
        return;
    lane_forget_request(lane);
    close(lane->watch.descriptor);
    fmt_quota_return(lane->session->uid, FMT_LANES, 1);
    fmt_session_release(lane->session);
    pthread_mutex_destroy(&lane->lock);
    free(lane);
}

void fmt_lane_create(struct fmt_session *session) {
    int ends[2] = {-1, -1};
    struct fmt_lane *lane = NULL;
    if (session->lane_count < FPW_LANES && fmt_quota_take(session->uid, FMT_LANES, 1)) {
        lane = calloc(1, sizeof *lane);
        if (lane == NULL || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
            free(lane);
            lane = NULL;
            fmt_quota_return(session->uid, FMT_LANES, 1);
        }
    }
    if (lane == NULL) {
        fmt_answer(session->watch.descriptor, FMT_INSUFFICIENT_RESOURCES, 0, 0, -1);
        return;
    }
    lane->watch = (struct fmt_watch){FMT_LANE, ends[0]};
    lane->session = session;
    fmt_session_reference(session);
    atomic_store(&lane->references, 1);
    pthread_mutex_init(&lane->lock, NULL);
    lane->next = session->lanes;
    if (session->lanes != NULL)
        session->lanes->previous = lane;
    session->lanes = lane;
    session->lane_count++;
    if (fmt_watch_add(&lane->watch, EPOLLIN | EPOLLRDHUP) &&
        fmt_answer(session->watch.descriptor, FMT_SUCCESS, 0, 0, ends[1])) {
        close(ends[1]);
        return;
    }
    close(ends[1]);
    fmt_answer(session->watch.descriptor, FMT_INSUFFICIENT_RESOURCES, 0, 0, -1);
    fmt_lane_hang_up(lane);
}

void fmt_lane_hang_up(struct fmt_lane *lane) {
    struct fmt_session *session = lane->session;
    fmt_watch_forget(&lane->watch);
    if (lane->previous != NULL)
        lane->previous->next = lane->next;
    else
        session->lanes = lane->next;
    if (lane->next != NULL)
        lane->next->previous = lane->previous;
    session->lane_count--;
    pthread_mutex_lock(&lane->lock);
    lane->gone = true;
    if (lane->worker != NULL) /* its caller is being terminated (SEND-21) */
        fm_host_thread_alert(lane->worker);
    pthread_mutex_unlock(&lane->lock);
    lane_release(lane);
}

/* --- on a worker -------------------------------------------------------------------------------------------------- */

/* Writes what is left of the answer. 1: all written; 0: the socket takes no more now; -1: it is dead. */
static int lane_write(struct fmt_lane *lane) {
    uint32_t total = (uint32_t)sizeof lane->answer + lane->answer.output_length;
    while (lane->sent < total) {
        struct iovec parts[2];
        int count = 0;
        if (lane->sent < sizeof lane->answer)
            parts[count++] = (struct iovec){(char *)&lane->answer + lane->sent, sizeof lane->answer - lane->sent};
        uint32_t start = lane->sent > sizeof lane->answer ? lane->sent - (uint32_t)sizeof lane->answer : 0;
        if (start < lane->answer.output_length)
            parts[count++] = (struct iovec){lane->output + start, lane->answer.output_length - start};
        struct msghdr message = {.msg_iov = parts, .msg_iovlen = (size_t)count};
        ssize_t sent = sendmsg(lane->watch.descriptor, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent < 0 && errno == EINTR)
            continue;
        if (sent < 0)
            return errno == EAGAIN ? 0 : -1;
        lane->sent += (uint32_t)sent;
    }
    return 1;
}

static void serve(struct fmt_lane *lane) {
    const struct fpw_lane_request *request = &lane->request;
    lane->answer = (struct fpw_lane_answer){.status = FMT_PORT_DISCONNECTED};
    if (request->kind == FPW_LANE_REPLY) {
        lane->answer.status = fmt_large_reply(lane->session, lane->connection, request->message_id, request->status,
                                              lane->input, request->input_length);
        return;
    }
    bool no_input = (request->flags & FPW_INPUT_IS_NULL) != 0;
    bool no_output = (request->flags & FPW_OUTPUT_IS_NULL) != 0;
    uint32_t returned = 0;
    struct fmt_views views;
    fmt_views_offer(&views, lane);
    static uint64_t empty[2]; /* the address of a buffer of no bytes: not NULL, because the caller's was not */
    lane->answer.status = fm_user_message(lane->connection,
                                          no_input              ? NULL
                                          : lane->input != NULL ? (void *)lane->input
                                                                : (void *)empty,
                                          request->input_length,
                                          no_output              ? NULL
                                          : lane->output != NULL ? (void *)lane->output
                                                                 : (void *)empty,
                                          request->output_capacity, &returned);
    fmt_views_withdraw();
    lane->answer.information = returned;
    lane->answer.output_length = returned < request->output_capacity ? returned : request->output_capacity;
}

static void lane_job(struct fm_job *job) {
    struct fmt_lane *lane = (struct fmt_lane *)(void *)((char *)job - offsetof(struct fmt_lane, job));
    fm_requestor requestor = lane->session->identity->requestor;
    requestor.thread_id = lane->request.thread;
    pthread_mutex_lock(&lane->lock);
    lane->worker = fm_host_thread_current();
    if (lane->gone)
        fm_host_thread_alert(lane->worker);
    pthread_mutex_unlock(&lane->lock);
    fm_impersonate(&requestor);
    serve(lane);
    fm_impersonate(NULL);
    fm_connection_release(lane->connection);
    lane->connection = NULL;

    pthread_mutex_lock(&lane->lock);
    lane->worker = NULL;
    bool gone = lane->gone;
    pthread_mutex_unlock(&lane->lock);
    int written = gone ? -1 : lane_write(lane);
    if (written == 1)
        lane_forget_request(lane);
    pthread_mutex_lock(&lane->lock);
    lane->busy = false;
    if (written >= 0 && !lane->gone)
        fmt_watch_change(&lane->watch, written == 1 ? EPOLLIN | EPOLLRDHUP : EPOLLOUT | EPOLLRDHUP);
    else if (!lane->gone)
        shutdown(lane->watch.descriptor, SHUT_RDWR);
    pthread_mutex_unlock(&lane->lock);
    lane_release(lane);
}

/* --- in the server thread ----------------------------------------------------------------------------------------- */

/* The whole request is there. False: nobody serves it. */
static bool lane_submit(struct fmt_lane *lane) {
    struct fmt_session *session = lane->session;
    pthread_mutex_lock(&session->lock);
    bool connected = session->state == FMT_CONNECTED;
    if (connected) {
        lane->connection = session->connection;
        fm_connection_reference(lane->connection);
    }
    pthread_mutex_unlock(&session->lock);
    if (!connected)
        return false;
    pthread_mutex_lock(&lane->lock);
    lane->busy = true;
    pthread_mutex_unlock(&lane->lock);
    atomic_fetch_add(&fmt_counters.calls, 1);
    atomic_fetch_add_explicit(&lane->references, 1, memory_order_relaxed);
    fmt_watch_change(&lane->watch, EPOLLRDHUP);
    lane->job = (struct fm_job){.run = lane_job};
    fm_workers_submit(&lane->job, FM_JOB_CLIENT);
    return true;
}

/* The fixed part is there: room for the rest. False: refused. */
static bool lane_prepare(struct fmt_lane *lane) {
    const struct fpw_lane_request *request = &lane->request;
    if (request->magic != FPW_MAGIC || request->input_length > FPW_LARGEST_MESSAGE ||
        request->output_capacity > FPW_LARGEST_MESSAGE ||
        (request->kind != FPW_LANE_SEND && request->kind != FPW_LANE_REPLY) ||
        ((request->flags & FPW_INPUT_IS_NULL) != 0 && request->input_length != 0) ||
        ((request->flags & FPW_OUTPUT_IS_NULL) != 0 && request->output_capacity != 0))
        return false;
    uint64_t bytes = (uint64_t)request->input_length + request->output_capacity;
    if (bytes != 0 && !fmt_quota_take(lane->session->uid, FMT_BYTES, bytes))
        return false;
    lane->charged = bytes;
    if (request->input_length != 0 && (lane->input = malloc(request->input_length)) == NULL)
        return false;
    return request->output_capacity == 0 || (lane->output = calloc(1, request->output_capacity)) != NULL;
}

/* False: the lane is dead, or broke the protocol. */
static bool lane_read(struct fmt_lane *lane) {
    const uint32_t fixed = (uint32_t)sizeof lane->request;
    for (;;) {
        uint8_t *target;
        uint32_t want;
        if (lane->got < fixed) {
            target = (uint8_t *)&lane->request + lane->got;
            want = fixed - lane->got;
        } else {
            target = lane->input + (lane->got - fixed);
            want = fixed + lane->request.input_length - lane->got;
        }
        ssize_t got = recv(lane->watch.descriptor, target, want, MSG_DONTWAIT);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0 && errno == EAGAIN)
            return true;
        if (got <= 0)
            return false;
        bool was_fixed = lane->got < fixed;
        lane->got += (uint32_t)got;
        if (was_fixed && lane->got == fixed && !lane_prepare(lane))
            return false;
        if (lane->got >= fixed && lane->got == fixed + lane->request.input_length)
            return lane_submit(lane);
    }
}

void fmt_lane_event(struct fmt_lane *lane, uint32_t events) {
    pthread_mutex_lock(&lane->lock);
    bool busy = lane->busy;
    pthread_mutex_unlock(&lane->lock);
    if ((events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0) {
        fmt_lane_hang_up(lane);
        return;
    }
    if (busy)
        return;
    if ((events & EPOLLOUT) != 0) {
        int written = lane_write(lane);
        if (written < 0) {
            fmt_lane_hang_up(lane);
        } else if (written == 1) {
            lane_forget_request(lane);
            fmt_watch_change(&lane->watch, EPOLLIN | EPOLLRDHUP);
        }
        return;
    }
    if ((events & EPOLLIN) != 0 && !lane_read(lane))
        fmt_lane_hang_up(lane);
}
