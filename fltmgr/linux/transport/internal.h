/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FLTMGR_LINUX_TRANSPORT_INTERNAL_H
#define FLTMGR_LINUX_TRANSPORT_INTERNAL_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "../../core/transport.h"
#include "../host/client_memory.h"
#include "../host/host_services.h"
#include "server.h"
#include "wire/control.h"
#include "wire/shared_memory.h"
#include "wire/spin.h"

/*
 * Who owns what.
 *
 * The server thread owns every socket's place in epoll, the lists of sessions and of their lanes, and what it reads
 * into. A session lives while somebody references it: the server thread (until its socket is closed), the core (until
 * released()), and each job. A lane likewise: the server thread, and the job that serves its request.
 *
 * session.lock and lane.lock are never held while calling the core.
 */

enum {
    FMT_SUCCESS = 0,
    FMT_INVALID_PARAMETER = (int32_t)0xC000000D,
    FMT_PORT_DISCONNECTED = (int32_t)0xC0000037,
    FMT_INSUFFICIENT_RESOURCES = (int32_t)0xC000009A,
    FMT_NO_WAITER_FOR_REPLY = (int32_t)0xC01C0020,
    FMT_BUFFER_OVERFLOW = (int32_t)0x80000005
};

/* What epoll points at. */
enum fmt_watch_kind { FMT_LISTENER, FMT_NOTICE, FMT_SESSION, FMT_LANE };
struct fmt_watch {
    enum fmt_watch_kind kind;
    int descriptor;
};

/* quota.c: what one user id may have */
enum fmt_quota { FMT_CONNECTIONS, FMT_LANES, FMT_BYTES, FMT_QUOTAS };
bool fmt_quota_take(uid_t uid, enum fmt_quota quota, uint64_t amount); /* false: too much, and counted */
void fmt_quota_return(uid_t uid, enum fmt_quota quota, uint64_t amount);
void fmt_quota_limit(enum fmt_quota quota, uint64_t most);

/* memory.c: a sealed memfd mapped here; referenced during each copy */
struct fmt_memory {
    _Atomic uint32_t references;
    uid_t uid;
    void *base;
    uint64_t length;
};
struct fmt_memory *fmt_memory_create(uid_t uid, const char *name, uint64_t length, int *descriptor);
void fmt_memory_reference(struct fmt_memory *memory);
void fmt_memory_release(struct fmt_memory *memory);

struct fmt_receive {
    fm_receive core; /* first: the core hands back this address */
    uint32_t cookie;
    _Atomic bool armed;
    struct fmt_memory *arena; /* referenced while armed */
    uint64_t offset;
};

struct fmt_cell {
    uint64_t generation;
    struct fmt_large *large; /* a reply that came over a lane; in the core's lock */
    bool open;               /* in the core's lock */
};

struct fmt_large {
    fm_status status;
    uint32_t length;
    uint8_t bytes[];
};

enum fmt_session_state {
    FMT_NEW,        /* accepted, nothing asked yet */
    FMT_CONNECTING, /* a worker is in fm_port_connect */
    FMT_CONNECTED,
    FMT_CLOSING, /* a worker is in fm_connection_close_user */
    FMT_CLOSED   /* and never anything else again */
};

struct fmt_session {
    struct fmt_watch watch; /* first */
    _Atomic uint32_t references;
    struct fmt_session *next; /* server thread */
    struct fmt_session *previous;
    struct fmt_lane *lanes; /* server thread */
    uint32_t lane_count;
    uid_t uid;
    pid_t pid;

    pthread_mutex_t lock;
    enum fmt_session_state state;
    bool hung_up;                  /* the client's end is closed */
    bool answer_close;             /* it asked for the closing and waits for the answer */
    struct fm_host_thread *worker; /* in fm_port_connect */
    struct fm_job job;
    struct fpw_control_request *connect; /* with name and context behind it */

    struct fm_identity *identity;
    fm_connection *connection;

    /* From here on: the transport. Everything but shared memory is private and decides. */
    struct fmt_memory *memory;
    struct fpw_region *region;
    struct fmt_memory *arenas[FPW_ARENAS]; /* in the core's lock, once connected */
    uint32_t sub_head;                     /* in the core's lock */
    bool sub_closed;                       /* in the core's lock */
    bool broken;                           /* in the core's lock: the client broke the protocol */
    struct fmt_receive *receives;
    _Atomic uint32_t receives_inside; /* armed or being filled; a futex for who closes */
    _Atomic bool awaits_receives;
    _Atomic uint32_t comp_tail;
    struct fmt_cell *cells; /* the rest in the core's lock */
    uint16_t *free_cells;   /* first in, first out */
    uint32_t free_first;
    uint32_t free_count;
    uint32_t cells_made;
    uint64_t one_way;
    struct fpw_spin reply_spin;
    _Atomic uint32_t spinners; /* senders that spin for their reply */
    struct fpw_spin bell_spin;
};

struct fmt_lane {
    struct fmt_watch watch; /* first */
    _Atomic uint32_t references;
    struct fmt_session *session; /* referenced */
    struct fmt_lane *next;       /* server thread */
    struct fmt_lane *previous;

    pthread_mutex_t lock;
    bool busy; /* a worker serves it: the fields from `request` on are the worker's */
    bool gone; /* no longer in epoll */
    struct fm_host_thread *worker;
    struct fm_job job;
    fm_connection *connection; /* referenced for the job */

    struct fpw_lane_request request;
    uint32_t got; /* bytes of the request and what follows it, so far */
    uint8_t *input;
    uint64_t charged;
    struct fpw_lane_answer answer;
    uint8_t *output;
    uint32_t sent; /* bytes of the answer and what follows it, so far */
};

/* server.c */
extern struct fmt_counters {
    _Atomic uint64_t connections, accepted, refused_by_limit, protocol_errors, calls, shared_bytes;
} fmt_counters;
bool fmt_watch_change(struct fmt_watch *watch, uint32_t events);
void fmt_watch_forget(struct fmt_watch *watch);
bool fmt_watch_add(struct fmt_watch *watch, uint32_t events);
void fmt_session_counted(int change); /* any thread: fm_server_stop waits until there is none */

/* session.c */
void fmt_session_accept(int descriptor); /* server thread */
void fmt_session_event(struct fmt_session *session, uint32_t events);
void fmt_session_hang_up(struct fmt_session *session);
extern struct fmt_session *fmt_sessions; /* server thread */
void fmt_session_reference(struct fmt_session *session);
void fmt_session_release(struct fmt_session *session);
void fmt_session_break(struct fmt_session *session); /* server thread: the client broke the protocol */
bool fmt_answer(int socket, fm_status status, uint32_t number, uint64_t value, int descriptor);

/* connect.c: fm_port_connect; the context follows the name in memory. session->connection is set early */
fm_status fmt_core_connect(struct fmt_session *session, const void *name, uint32_t name_length, uint32_t context_length,
                           uint32_t options, const fm_requestor *requestor, bool *released);

/* lane.c, server thread */
void fmt_lane_create(struct fmt_session *session);
void fmt_lane_event(struct fmt_lane *lane, uint32_t events);
void fmt_lane_hang_up(struct fmt_lane *lane);

/* views.c: sections in the client of a lane, for the worker that serves it */
struct fmt_views {
    struct fm_client_memory memory; /* first */
    struct fmt_lane *lane;
};
void fmt_views_offer(struct fmt_views *views, struct fmt_lane *lane);
void fmt_views_withdraw(void);

/* shared.c: the operations */
extern const fm_transport_ops fmt_operations;
bool fmt_shared_init(struct fmt_session *session, int *descriptor);
void fmt_shared_fini(struct fmt_session *session);
void fmt_arena_request(struct fmt_session *session, uint64_t bytes);
void fmt_arena_free(struct fmt_session *session, uint32_t number);
/** After the disconnect: waits until nobody copies into the client's buffers any more. Only as long as a copy takes. */
void fmt_await_receives(struct fmt_session *session);
void fmt_cancel(struct fmt_session *session, uint32_t cookie);

/* cells.c */
fm_status fmt_open_reply(void *transport, fm_reply_slot *slot, uint32_t capacity);
uint64_t fmt_no_reply_id(void *transport);
fm_reply_result fmt_close_reply(void *transport, fm_reply_slot *slot, void *buffer, uint32_t capacity, uint32_t *length,
                                fm_status *status);
/* A reply over a lane; takes the core's lock. */
fm_status fmt_large_reply(struct fmt_session *session, fm_connection *connection, uint64_t message_id, fm_status status,
                          const void *bytes, uint32_t length);

/* sleep.c */
uint64_t fmt_prepare_sleep(void *transport);
fm_sleep_result fmt_sleep(void *transport, fm_send *send, fm_sleep_kind kind, uint64_t seen,
                          const fm_deadline *deadline);
void fmt_wake(void *transport, fm_send *send);

#endif
