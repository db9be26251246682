/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FLTMGR_LINUX_TRANSPORT_SERVER_H
#define FLTMGR_LINUX_TRANSPORT_SERVER_H

#include <stdbool.h>
#include <stdint.h>

/*
 * The socket at which clients connect, and everything that serves them.
 *
 * One thread ("fm-server") accepts, reads requests and notices that clients are gone; it never runs driver code and
 * never blocks on a client. What may run driver code goes to the workers (host/workers.h) with the client's identity.
 *
 * Start it after fm_core_init, fm_workers_start and fm_alerts_start; stop it after the last driver has been unloaded
 * and before fm_workers_stop.
 */

/** Limits for each user id; 0: the default. uid 0 has 16 times as much. */
struct fm_server_settings {
    const char *socket_path;
    uint32_t most_connections; /* 1024 */
    uint64_t most_bytes;       /* shared memory and messages under way: 4 GiB */
};

struct fm_server_counters {
    uint64_t connections;      /* now */
    uint64_t accepted;         /* sockets */
    uint64_t refused_by_limit; /* connections, lanes, arenas and messages */
    uint64_t protocol_errors;  /* clients that were disconnected because they broke the protocol */
    uint64_t calls;            /* FilterSendMessage and large replies */
    uint64_t shared_bytes;     /* now */
};

/** False: could not listen; the reason is on stderr. A socket file that nobody listens at is replaced. */
bool fm_server_start(const struct fm_server_settings *settings);

/** Closes every connection as if its client had died, waits until the last is gone, and removes the socket file. */
void fm_server_stop(void);

void fm_server_counters(struct fm_server_counters *counters);

#endif
