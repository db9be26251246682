/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FLTMGR_WINE_TRANSPORT_CLIENT_H
#define FLTMGR_WINE_TRANSPORT_CLIENT_H

#include "platform/core_platform.h"
#include "platform/identity.h"
#include "platform/thread.h"
#include "platform/workers.h"

#include "closing.h"

/*
 * One open handle of the message device, connected or not yet: a client, and the transport of its connection.
 *
 * Who is inside: the file object (until CLOSE), each request on its way (until it is completed), and the core (until
 * released()); each holds a reference. Wine sends no CLEANUP, and a CLOSE does not end the requests that are still on
 * their way, so CLOSE does it: it disconnects, which drops the armed receives and wakes every sender, alerts what this
 * client's own calls wait for, and hands the rest, which runs driver code, to a worker. The request CLOSE itself is
 * completed after the last other request of the file object, so none of them outlives it.
 *
 * Locks: client.lock, then nothing of the core. Requests are completed with no lock held.
 */
enum fmw_client_state { FMW_OPEN, FMW_CONNECTING, FMW_CONNECTED, FMW_CLOSED };

enum { FMW_WINDOW_BUCKETS = 64 };

struct fmw_call;

struct fmw_client {
    LONG references;
    FAST_MUTEX lock;
    enum fmw_client_state state; /* lock */
    fm_connection *connection;   /* lock: from connected until the close job takes it */
    ULONG requests;              /* lock: not completed yet */
    PIRP close;                  /* lock: waits for requests to become 0 */
    struct fmw_call *calls;      /* lock: what workers do for this client */
    struct fmw_identity *identity;
    struct fmw_job close_job;
    struct fmw_closing closing; /* while the close job is on its way */
    /* From here on in the core's lock. */
    uint64_t last_id;
    fm_reply_slot *windows[FMW_WINDOW_BUCKETS];
};

/** An armed receive: one request for a message. */
struct fmw_receive {
    fm_receive core; /* first */
    LONG references; /* the core or whoever completes it 1, the cancel routine while it is set 1, dispatching 1 */
    LONG cancelled;
    LONG given_back; /* when the cancel routine runs: by it, and by the core; the second completes the request */
    PIRP irp;
    struct fmw_client *client; /* referenced by the request */
    fm_status status;          /* of a dropped one */
    struct fmw_receive *next;
};

/** A request that a worker serves. */
struct fmw_call {
    struct fmw_job job; /* first */
    PIRP irp;
    struct fmw_client *client; /* referenced by the request */
    struct fmw_identity *identity;
    fm_connection *connection; /* referenced; NULL while connecting */
    uint64_t closes;           /* connecting: those that came before */
    struct fmw_call *next;     /* client.lock, as the one below */
    struct fmw_thread *worker; /* NULL: not begun, or done */
};

/* client.c */
struct fmw_client *fmw_client_create(void);
void fmw_client_reference(struct fmw_client *client);
void fmw_client_release(struct fmw_client *client);
/** The connection with a reference, or NULL when there is none. */
fm_connection *fmw_client_connection(struct fmw_client *client);
/** A request of this client begins; the client is referenced until it is completed. False after CLOSE. */
bool fmw_request_begin(struct fmw_client *client);
/** Completes it. No lock may be held. */
void fmw_request_complete(struct fmw_client *client, PIRP irp, fm_status status, ULONG_PTR information);
/** IRP_MJ_CLOSE. */
NTSTATUS fmw_client_close(struct fmw_client *client, PIRP irp);

/* call.c, connect.c: FilterSendMessage and FilterConnectCommunicationPort; in dispatch routines */
NTSTATUS fmw_dispatch_send(struct fmw_client *client, PIRP irp);
NTSTATUS fmw_dispatch_connect(struct fmw_client *client, PIRP irp);
struct fmw_call *fmw_call_create(struct fmw_client *client, PIRP irp, void (*run)(struct fmw_job *job));
void fmw_call_submit(struct fmw_call *call, enum fmw_pool pool);
/** On the worker: for whom it works from here on. */
void fmw_call_begin(struct fmw_call *call);
/** Completes the request and frees the call. */
void fmw_call_complete(struct fmw_call *call, fm_status status, ULONG_PTR information);
/** client.lock held. */
void fmw_calls_alert(struct fmw_client *client);

/* receive.c: FilterGetMessage */
NTSTATUS fmw_dispatch_get(struct fmw_client *client, PIRP irp);
fm_fill_result fmw_fill(void *transport, fm_receive *receive, const fm_message_view *message);
void fmw_drop(void *transport, fm_receive *receive, fm_status status);
void fmw_receive_release(struct fmw_receive *receive);

/* completer.c: dropped receives are completed by a thread that takes no lock of the core */
bool fmw_completer_start(void);
void fmw_complete_later(struct fmw_receive *receive);
/** Completes what is there. No lock may be held. */
void fmw_completer_drain(void);
/** Returns when every receive that was dropped so far has been completed. Blocks; no lock may be held. */
void fmw_completer_finish(void);

/* reply.c: FilterReplyMessage and the windows that replies come through */
NTSTATUS fmw_dispatch_reply(struct fmw_client *client, PIRP irp);
fm_status fmw_open_reply(void *transport, fm_reply_slot *slot, uint32_t capacity);
uint64_t fmw_no_reply_id(void *transport);
fm_reply_result fmw_close_reply(void *transport, fm_reply_slot *slot, void *buffer, uint32_t capacity, uint32_t *length,
                                fm_status *status);

/* sleep.c */
uint64_t fmw_prepare_sleep(void *transport);
fm_sleep_result fmw_sleep(void *transport, fm_send *send, fm_sleep_kind kind, uint64_t seen,
                          const fm_deadline *deadline);
void fmw_wake(void *transport, fm_send *send);
/** In the core's lock: the reply of this message has come. */
void fmw_answered(fm_send *send);
/** In the core's lock: a new window; a reply to an earlier one counts no more. */
void fmw_unanswered(fm_send *send);

/** connect.c */
extern const fm_transport_ops fmw_operations;

/** Requests by control code, since the start. */
struct fmw_request_counters {
    volatile LONG64 get, reply, send, connect;
};
extern struct fmw_request_counters fmw_requests;

#endif
