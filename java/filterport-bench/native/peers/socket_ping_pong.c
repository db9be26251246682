/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Unix-domain sockets: requests of 256 bytes, replies of 16. Without an argument a process of its own answers over
 * SOCK_SEQPACKET; with the path of a listening SOCK_STREAM socket whoever listens there does.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "../common/peer.h"

enum { REQUEST = 256, REPLY = 16 };

static void receive_all(int socket, char *bytes, size_t length) {
    for (size_t got = 0; got < length;) {
        ssize_t count = recv(socket, bytes + got, length - got, 0);
        if (count == 0)
            exit(0); /* the other side has ended */
        if (count < 0)
            peer_fail("recv");
        got += (size_t)count;
    }
}

static void trip(void *context) {
    const int *socket = context;
    char bytes[REQUEST] = {1};
    if (send(*socket, bytes, REQUEST, MSG_NOSIGNAL) != REQUEST)
        peer_fail("send");
    receive_all(*socket, bytes, REPLY);
}

_Noreturn static void answer(int socket) {
    char bytes[REQUEST];
    for (;;) {
        receive_all(socket, bytes, REQUEST);
        if (send(socket, bytes, REPLY, MSG_NOSIGNAL) != REPLY)
            exit(0);
    }
}

static int connect_to(const char *path) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof address.sun_path) {
        fprintf(stderr, "socket_ping_pong: path too long: %s\n", path);
        exit(2);
    }
    memcpy(address.sun_path, path, strlen(path) + 1);
    int descriptor = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (descriptor < 0 || connect(descriptor, (const struct sockaddr *)&address, sizeof address) != 0)
        peer_fail(path);
    return descriptor;
}

static int own_process(pid_t *child) {
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends) != 0)
        peer_fail("socketpair");
    *child = fork();
    if (*child < 0)
        peer_fail("fork");
    if (*child == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        close(ends[0]);
        answer(ends[1]);
    }
    close(ends[1]);
    return ends[0];
}

int main(int count, char **arguments) {
    pid_t child = 0;
    int socket = count > 1 ? connect_to(arguments[1]) : own_process(&child);
    if (child != 0)
        printf("ready %d\n", (int)child);
    else
        printf("ready\n");
    fflush(stdout);
    struct peer_run run;
    while (peer_next(&run))
        peer_measure(&run, trip, &socket);
    return 0;
}
