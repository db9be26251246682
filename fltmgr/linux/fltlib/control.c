/* SPDX-License-Identifier: Apache-2.0 */
#include "internal.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

/* A path too long for a socket address is reached through its directory's descriptor. */
static bool address_of(const char *path, struct sockaddr_un *address, int *directory) {
    *directory = -1;
    memset(address, 0, sizeof *address);
    address->sun_family = AF_UNIX;
    size_t length = strlen(path);
    if (length < sizeof address->sun_path) {
        memcpy(address->sun_path, path, length + 1);
        return true;
    }
    const char *name = strrchr(path, '/');
    if (name == NULL)
        return false;
    char *folder = strndup(path, (size_t)(name - path) + 1);
    if (folder == NULL)
        return false;
    *directory = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
    free(folder);
    return *directory >= 0 && (size_t)snprintf(address->sun_path, sizeof address->sun_path, "/proc/self/fd/%d/%s",
                                               *directory, name + 1) < sizeof address->sun_path;
}

NTSTATUS fl_control_open(const char *manager, int *descriptor) {
    if (manager == NULL)
        manager = getenv("FILTERPORT_MANAGER");
    if (manager == NULL || manager[0] == 0)
        manager = FP_DEFAULT_MANAGER;
    *descriptor = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    if (*descriptor < 0) {
        fl_error_reason("socket", errno);
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    struct sockaddr_un address;
    int directory;
    bool reachable = address_of(manager, &address, &directory);
    int result = -1;
    if (reachable) {
        do
            result = connect(*descriptor, (struct sockaddr *)&address, sizeof address);
        while (result != 0 && errno == EINTR);
    }
    int error = reachable ? errno : ENAMETOOLONG;
    if (directory >= 0)
        close(directory);
    if (result == 0)
        return STATUS_SUCCESS;
    close(*descriptor);
    fl_error_reason("connecting to the manager's socket", error);
    return error == EACCES || error == EPERM ? STATUS_ACCESS_DENIED : STATUS_DEVICE_NOT_READY;
}

static bool send_all(int descriptor, const struct msghdr *message) {
    ssize_t sent;
    do
        sent = sendmsg(descriptor, message, MSG_NOSIGNAL);
    while (sent < 0 && errno == EINTR);
    return sent >= 0;
}

static bool receive_answer(int descriptor, struct fpw_control_answer *answer, int *received) {
    union {
        struct cmsghdr head;
        char space[CMSG_SPACE(sizeof(int))];
    } control;
    struct iovec part = {answer, sizeof *answer};
    struct msghdr message = {
        .msg_iov = &part, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};
    ssize_t length;
    do
        length = recvmsg(descriptor, &message, MSG_CMSG_CLOEXEC);
    while (length < 0 && errno == EINTR);
    struct cmsghdr *head = CMSG_FIRSTHDR(&message);
    int passed = -1;
    if (length > 0 && head != NULL && head->cmsg_level == SOL_SOCKET && head->cmsg_type == SCM_RIGHTS)
        memcpy(&passed, CMSG_DATA(head), sizeof passed);
    if (received != NULL)
        *received = passed;
    else if (passed >= 0)
        close(passed);
    return length == (ssize_t)sizeof *answer;
}

NTSTATUS fl_control_exchange(int descriptor, struct fpw_control_request *request, const void *name, const void *context,
                             struct fpw_control_answer *answer, int *received) {
    request->magic = FPW_MAGIC;
    request->version = FPW_VERSION;
    request->thread = fl_thread_id();
    struct iovec parts[3] = {{request, sizeof *request},
                             {(void *)(uintptr_t)name, request->name_length},
                             {(void *)(uintptr_t)context, request->context_length}};
    struct msghdr message = {.msg_iov = parts, .msg_iovlen = 3};
    if (!send_all(descriptor, &message) && errno != EPIPE) /* a manager that refuses may have answered already */
        return errno == EFAULT ? STATUS_ACCESS_VIOLATION : STATUS_PORT_DISCONNECTED;
    if (!receive_answer(descriptor, answer, received))
        return STATUS_PORT_DISCONNECTED;
    return answer->status;
}

NTSTATUS fl_control_call(struct fl_connection *connection, struct fpw_control_request *request,
                         struct fpw_control_answer *answer, int *received) {
    if (received != NULL)
        *received = -1;
    pthread_mutex_lock(&connection->control_lock);
    int descriptor = atomic_load(&connection->control);
    NTSTATUS status = descriptor < 0 ? STATUS_PORT_DISCONNECTED
                                     : fl_control_exchange(descriptor, request, NULL, NULL, answer, received);
    pthread_mutex_unlock(&connection->control_lock);
    return status;
}
