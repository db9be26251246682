/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#include "internal.h"

/*
 * A driver maps a section into the client whose request a lane is serving: the worker asks back over that lane, and the
 * client's own thread, which waits there for its answer, does it. A client that takes too long has its lane closed, so
 * none holds a worker.
 */

enum { ANSWER_LIMIT_NS = 2000000000 };

static bool ready(int descriptor, short events, uint64_t limit) {
    for (;;) {
        uint64_t now = fpw_monotonic_ns();
        struct pollfd wanted = {.fd = descriptor, .events = events};
        int count = now >= limit ? 0 : poll(&wanted, 1, (int)((limit - now) / 1000000) + 1);
        if (count >= 0 || errno != EINTR)
            return count > 0;
    }
}

static bool send_question(int lane, const struct fpw_lane_answer *question, const struct fpw_lane_view *view,
                          int descriptor, uint64_t limit) {
    union {
        struct cmsghdr head;
        char space[CMSG_SPACE(sizeof(int))];
    } control = {0};
    uint8_t bytes[sizeof *question + sizeof *view];
    memcpy(bytes, question, sizeof *question);
    memcpy(bytes + sizeof *question, view, sizeof *view);
    size_t sent = 0;
    while (sent < sizeof bytes) {
        struct iovec part = {bytes + sent, sizeof bytes - sent};
        struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
        if (sent == 0 && descriptor >= 0) {
            message.msg_control = &control;
            message.msg_controllen = sizeof control;
            control.head.cmsg_level = SOL_SOCKET;
            control.head.cmsg_type = SCM_RIGHTS;
            control.head.cmsg_len = CMSG_LEN(sizeof(int));
            memcpy(CMSG_DATA(&control.head), &descriptor, sizeof descriptor);
        }
        ssize_t count = sendmsg(lane, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (count > 0)
            sent += (size_t)count;
        else if (errno != EINTR && (errno != EAGAIN || !ready(lane, POLLOUT, limit)))
            return false;
    }
    return true;
}

static bool receive_result(int lane, struct fpw_lane_viewed *result, uint64_t limit) {
    size_t got = 0;
    while (got < sizeof *result) {
        ssize_t count = recv(lane, (char *)result + got, sizeof *result - got, MSG_DONTWAIT);
        if (count > 0)
            got += (size_t)count;
        else if (count == 0 || (errno != EINTR && (errno != EAGAIN || !ready(lane, POLLIN, limit))))
            return false;
    }
    return true;
}

static fm_status ask(struct fmt_lane *lane, enum fpw_lane_answer_kind kind, struct fpw_lane_view *view, int descriptor,
                     uint64_t *address) {
    struct fpw_lane_answer question = {.kind = kind, .output_length = sizeof *view};
    struct fpw_lane_viewed result;
    uint64_t limit = fpw_monotonic_ns() + ANSWER_LIMIT_NS;
    if (!send_question(lane->watch.descriptor, &question, view, descriptor, limit) ||
        !receive_result(lane->watch.descriptor, &result, limit)) {
        shutdown(lane->watch.descriptor, SHUT_RDWR); /* what the client would take for the answer may be half of this */
        return FMT_PORT_DISCONNECTED;
    }
    *address = result.address;
    return result.status;
}

static fm_status map(struct fm_client_memory *memory, int descriptor, uint64_t length, bool writable,
                     uint64_t *address) {
    struct fmt_views *views = (struct fmt_views *)(void *)memory;
    struct fpw_lane_view view = {.length = length, .writable = writable};
    return ask(views->lane, FPW_LANE_MAP, &view, descriptor, address);
}

static fm_status unmap(struct fm_client_memory *memory, uint64_t address) {
    struct fmt_views *views = (struct fmt_views *)(void *)memory;
    struct fpw_lane_view view = {.address = address};
    return ask(views->lane, FPW_LANE_UNMAP, &view, -1, &address);
}

void fmt_views_offer(struct fmt_views *views, struct fmt_lane *lane) {
    *views = (struct fmt_views){
        .memory = {.process = lane->session->identity->requestor.process, .map = map, .unmap = unmap}, .lane = lane};
    fm_offer_client_memory(&views->memory);
}

void fmt_views_withdraw(void) {
    fm_offer_client_memory(NULL);
}
