/* SPDX-License-Identifier: Apache-2.0 */
#include "internal.h"

#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>

static NTSTATUS lane_take(struct fl_connection *connection, int *lane) {
    pthread_mutex_lock(&connection->lane_lock);
    while (connection->lane_idle_count == 0 && connection->lane_count == FPW_LANES &&
           !fl_connection_is_over(connection))
        pthread_cond_wait(&connection->lane_free, &connection->lane_lock);
    if (fl_connection_is_over(connection)) {
        pthread_mutex_unlock(&connection->lane_lock);
        return STATUS_PORT_DISCONNECTED;
    }
    if (connection->lane_idle_count != 0) {
        *lane = connection->lane_idle[--connection->lane_idle_count];
        pthread_mutex_unlock(&connection->lane_lock);
        return STATUS_SUCCESS;
    }
    connection->lane_count++;
    pthread_mutex_unlock(&connection->lane_lock);

    struct fpw_control_request request = {.kind = FPW_LANE};
    struct fpw_control_answer answer;
    NTSTATUS status = fl_control_call(connection, &request, &answer, lane);
    if (status == STATUS_SUCCESS && *lane < 0)
        status = STATUS_INSUFFICIENT_RESOURCES;
    pthread_mutex_lock(&connection->lane_lock);
    if (status != STATUS_SUCCESS) {
        connection->lane_count--;
        pthread_cond_signal(&connection->lane_free);
    } else {
        int i = 0;
        while (atomic_load_explicit(&connection->lanes[i], memory_order_relaxed) >= 0)
            i++;
        atomic_store(&connection->lanes[i], *lane);
    }
    pthread_mutex_unlock(&connection->lane_lock);
    return status;
}

static void lane_forget_locked(struct fl_connection *connection, int lane) {
    for (int i = 0; i < FPW_LANES; i++) {
        if (atomic_load_explicit(&connection->lanes[i], memory_order_relaxed) == lane)
            atomic_store(&connection->lanes[i], -1);
    }
    shutdown(lane, SHUT_RDWR);
    close(lane);
    connection->lane_count--;
}

static void lane_give(struct fl_connection *connection, int lane, bool usable) {
    pthread_mutex_lock(&connection->lane_lock);
    if (usable && !atomic_load(&connection->ended))
        connection->lane_idle[connection->lane_idle_count++] = lane;
    else
        lane_forget_locked(connection, lane);
    pthread_cond_signal(&connection->lane_free);
    pthread_mutex_unlock(&connection->lane_lock);
}

/* Idle lanes close; one in use ends its call, and its caller closes it. */
void fl_lane_shut(struct fl_connection *connection) {
    pthread_mutex_lock(&connection->lane_lock);
    while (connection->lane_idle_count != 0)
        lane_forget_locked(connection, connection->lane_idle[--connection->lane_idle_count]);
    for (int i = 0; i < FPW_LANES; i++) {
        int lane = atomic_load(&connection->lanes[i]);
        if (lane >= 0)
            shutdown(lane, SHUT_RDWR);
    }
    pthread_mutex_unlock(&connection->lane_lock);
}

static NTSTATUS lane_write(int lane, struct fpw_lane_request *request, const struct fl_lane_call *call) {
    struct iovec parts[2] = {{request, sizeof *request}, {(void *)(uintptr_t)call->input, call->input_length}};
    struct msghdr message = {.msg_iov = parts, .msg_iovlen = 2};
    for (;;) {
        ssize_t sent = sendmsg(lane, &message, MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR)
            continue;
        if (sent < 0)
            return errno == EFAULT ? STATUS_ACCESS_VIOLATION : STATUS_PORT_DISCONNECTED;
        size_t left = (size_t)sent;
        for (int i = 0; i < 2; i++) {
            size_t part = left < parts[i].iov_len ? left : parts[i].iov_len;
            parts[i].iov_base = (char *)parts[i].iov_base + part;
            parts[i].iov_len -= part;
            left -= part;
        }
        if (parts[0].iov_len + parts[1].iov_len == 0)
            return STATUS_SUCCESS;
    }
}

static NTSTATUS lane_read(int lane, void *memory, size_t length) {
    while (length != 0) {
        ssize_t got = recv(lane, memory, length, MSG_WAITALL);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return got < 0 && errno == EFAULT ? STATUS_ACCESS_VIOLATION : STATUS_PORT_DISCONNECTED;
        memory = (char *)memory + got;
        length -= (size_t)got;
    }
    return STATUS_SUCCESS;
}

/* The fixed part of an answer, and the descriptor that may come with it. */
static NTSTATUS lane_read_answer(int lane, struct fpw_lane_answer *answer, int *descriptor) {
    union {
        struct cmsghdr head;
        char space[CMSG_SPACE(sizeof(int))];
    } control;
    *descriptor = -1;
    ssize_t got;
    do {
        struct iovec part = {answer, sizeof *answer};
        struct msghdr message = {
            .msg_iov = &part, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};
        got = recvmsg(lane, &message, MSG_CMSG_CLOEXEC);
        struct cmsghdr *head = got > 0 ? CMSG_FIRSTHDR(&message) : NULL;
        if (head != NULL && head->cmsg_level == SOL_SOCKET && head->cmsg_type == SCM_RIGHTS)
            memcpy(descriptor, CMSG_DATA(head), sizeof *descriptor);
    } while (got < 0 && errno == EINTR);
    if (got <= 0)
        return STATUS_PORT_DISCONNECTED;
    return lane_read(lane, (char *)answer + got, sizeof *answer - (size_t)got);
}

/* The manager asks back. */
static NTSTATUS lane_serve_view(int lane, const struct fpw_lane_answer *question, int descriptor,
                                struct fl_views *views) {
    struct fpw_lane_view view;
    struct fpw_lane_viewed result = {.status = STATUS_NOT_SUPPORTED};
    if (question->output_length != sizeof view || lane_read(lane, &view, sizeof view) != STATUS_SUCCESS) {
        if (descriptor >= 0)
            close(descriptor);
        return STATUS_PORT_DISCONNECTED;
    }
    result.status = fl_view_serve(question, &view, descriptor, views, &result.address);
    ssize_t sent;
    do
        sent = send(lane, &result, sizeof result, MSG_NOSIGNAL);
    while (sent < 0 && errno == EINTR);
    return sent == (ssize_t)sizeof result ? STATUS_SUCCESS : STATUS_PORT_DISCONNECTED;
}

static NTSTATUS lane_exchange(int lane, struct fl_lane_call *call) {
    struct fpw_lane_request request = {.magic = FPW_MAGIC,
                                       .kind = call->kind,
                                       .thread = fl_thread_id(),
                                       .flags = (call->input == NULL ? FPW_INPUT_IS_NULL : 0u) |
                                                (call->output == NULL ? FPW_OUTPUT_IS_NULL : 0u),
                                       .input_length = call->input_length,
                                       .output_capacity = call->output_capacity,
                                       .message_id = call->message_id,
                                       .status = call->status};
    struct fpw_lane_answer answer = {.kind = FPW_LANE_DONE};
    struct fl_views views = {.count = 0};
    int descriptor = -1;
    NTSTATUS status = lane_write(lane, &request, call);
    if (status == STATUS_SUCCESS)
        status = lane_read_answer(lane, &answer, &descriptor);
    while (status == STATUS_SUCCESS && answer.kind != FPW_LANE_DONE) {
        status = lane_serve_view(lane, &answer, descriptor, &views);
        descriptor = -1;
        if (status == STATUS_SUCCESS)
            status = lane_read_answer(lane, &answer, &descriptor);
    }
    if (descriptor >= 0)
        close(descriptor);
    if (status == STATUS_SUCCESS && answer.output_length > call->output_capacity)
        status = STATUS_PORT_DISCONNECTED;
    if (status == STATUS_SUCCESS && answer.output_length != 0)
        status = lane_read(lane, call->output, answer.output_length);
    if (status == STATUS_SUCCESS) {
        call->status = answer.status;
        call->information = answer.information;
    } else {
        fl_view_undo(&views);
    }
    return status;
}

NTSTATUS fl_lane_call(struct fl_connection *connection, struct fl_lane_call *call) {
    if (call->input_length > FPW_LARGEST_MESSAGE || call->output_capacity > FPW_LARGEST_MESSAGE)
        return STATUS_INSUFFICIENT_RESOURCES;
    int lane;
    NTSTATUS status = lane_take(connection, &lane);
    if (status != STATUS_SUCCESS)
        return status;
    struct fl_blocked blocked = {.connection = connection, .cookie = FPW_ALL, .lane = lane};
    fl_blocked_enter(&blocked);
    status = lane_exchange(lane, call);
    fl_blocked_leave(&blocked);
    if (status == STATUS_PORT_DISCONNECTED && blocked.cancelled)
        status = STATUS_CANCELLED;
    lane_give(connection, lane, status == STATUS_SUCCESS && !blocked.cancelled);
    return status == STATUS_SUCCESS ? call->status : status;
}

/* Windows probes both buffers before the driver sees them (USER-09). Populating the pages asks the same of Linux. */
static bool accessible(const void *address, size_t length, int how) {
    if (address == NULL || length == 0)
        return true;
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    uintptr_t first = (uintptr_t)address & ~(page - 1);
    uintptr_t end = ((uintptr_t)address + length + page - 1) & ~(page - 1);
    if (end < first)
        return false;
    return madvise((void *)first, end - first, how) == 0 || (errno != EFAULT && errno != ENOMEM);
}

static NTSTATUS send_message(struct fl_connection *connection, struct fl_lane_call *call) {
    if (fl_connection_is_over(connection))
        return STATUS_PORT_DISCONNECTED;
    if (!accessible(call->input, call->input_length, MADV_POPULATE_READ) ||
        !accessible(call->output, call->output_capacity, MADV_POPULATE_WRITE))
        return STATUS_ACCESS_VIOLATION;
    return fl_lane_call(connection, call);
}

HRESULT WINAPI FilterSendMessage(HANDLE hPort, LPVOID lpInBuffer, DWORD dwInBufferSize, LPVOID lpOutBuffer,
                                 DWORD dwOutBufferSize, LPDWORD lpBytesReturned) {
    static const char name[] = "FilterSendMessage";
    struct fl_connection *connection = fl_connection_enter(hPort);
    if (connection == NULL)
        return fl_fail_status(name, STATUS_INVALID_HANDLE);
    NTSTATUS status = STATUS_INVALID_PARAMETER;
    if (lpBytesReturned != NULL) {
        struct fl_lane_call call = {.kind = FPW_LANE_SEND,
                                    .input = lpInBuffer,
                                    .input_length = lpInBuffer != NULL ? dwInBufferSize : 0,
                                    .output = lpOutBuffer,
                                    .output_capacity = lpOutBuffer != NULL ? dwOutBufferSize : 0};
        if (connection->synchronous)
            pthread_mutex_lock(&connection->synchronous_lock);
        status = send_message(connection, &call);
        if (connection->synchronous)
            pthread_mutex_unlock(&connection->synchronous_lock);
        *lpBytesReturned = call.information;
    }
    fl_connection_leave(hPort);
    return fl_fail_status(name, status);
}
