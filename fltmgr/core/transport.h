/* SPDX-License-Identifier: Apache-2.0 */
/**
 * The seam between the core, which knows what a message is, and a transport, which knows how bytes reach the client.
 *
 *   core owns       server ports, connections, the queue of messages, the list of armed receives, the matching of both,
 *                   the life of each message, its time limit and its result
 *   transport owns  the client's handle, the submission of receives, copying, completing, reply cells, sleeping and waking
 *
 * One connection has one transport object and one table of operations. Linux' shared memory, Wine's requests and the tests'
 * in-memory transport implement the table; nothing else of the core depends on which.
 *
 * The lock
 *   Each connection has one lock, owned by the core. An operation marked [L] is called with it held, [U] without it, [any]
 *   with or without. An operation must not take it, must not call a function marked [U], and, when [L], must not block.
 *   A transport that must see the connection's state on its own threads uses fm_connection_lock().
 *
 * The life of the pieces
 *   fm_send     lives on the stack of the thread inside FltSendMessage. A pointer to one is valid while the lock is held (it is
 *               in one of the core's lists) or until that thread's own operation (fill, sleep) returns.
 *   fm_receive  is embedded in the transport's receive. From fm_receive_arrived() it belongs to the core until the core gives
 *               it back by exactly one fill() that returns FM_FILL_OK or FM_FILL_CANCELLED, or one drop(). After fill()
 *               returned FM_FILL_TOO_SMALL the core calls drop().
 *   reply slot  is embedded in fm_send; each open_reply() that succeeded is followed by exactly one close_reply().
 *   transport   lives until released(), the last operation the core ever calls for it.
 *
 * The walk of one message (essay and state diagram: message.c)
 *   sender: lock, enqueue, collect(), match; matched: open_reply(), unlock, fill(), sleep(FM_SLEEP_REPLY), lock, close_reply(), unlock
 *           not matched: prepare_sleep(), collect(), match, unlock, sleep(FM_SLEEP_LEADER or FM_SLEEP_QUEUED), lock, …
 */
#ifndef FILTERPORT_CORE_TRANSPORT_H
#define FILTERPORT_CORE_TRANSPORT_H

#include "platform.h"

#ifdef __cplusplus
extern "C" {
#endif

/** An NTSTATUS as a plain number, so that a transport needs no kernel header. */
typedef int32_t fm_status;

typedef struct fm_connection fm_connection;

/** Bytes of FILTER_MESSAGE_HEADER and of FILTER_REPLY_HEADER. */
#define FM_HEADER_LENGTH 16u

/* What both sides handle -------------------------------------------------------------------------------------------- */

/** One armed receive. The transport sets capacity before fm_receive_arrived(); the rest belongs to the core. */
typedef struct fm_receive {
    struct fm_receive *next;
    struct fm_receive *previous;
    uint32_t capacity; /**< bytes of the client's buffer, header included; at least FM_HEADER_LENGTH */
    uint32_t state;
} fm_receive;

/** A message as fill() writes it: FILTER_MESSAGE_HEADER {reply_length @0, zero @4, message_id @8}, then the payload at 16. */
typedef struct fm_message_view {
    uint32_t reply_length; /**< longest reply, header included; 0: none wanted (SEND-18) */
    uint64_t message_id;
    const void *payload; /**< the driver's buffer; stays valid until fill() returns */
    uint32_t length;     /**< bytes of payload; FM_HEADER_LENGTH + length <= receive.capacity */
} fm_message_view;

/** The window in which one reply may arrive. open_reply() sets message_id; data is the transport's (on Linux cell and generation). */
typedef struct fm_reply_slot {
    uint64_t message_id;
    uint64_t data[3];
} fm_reply_slot;

/** One FltSendMessage under way. A transport uses slot and transport[]; the rest belongs to the core. */
typedef struct fm_send {
    struct fm_send *next;
    struct fm_send *previous;
    fm_receive *receive;
    const void *payload;
    uint32_t length;
    uint32_t reply_capacity;
    uint32_t too_small; /**< largest receive that ended with STATUS_BUFFER_TOO_SMALL for this message (OPEN-05) */
    uint8_t phase;
    bool reply_wanted;
    bool leading; /**< sleeps, or was told to sleep, on the doorbell */
    bool listed;
    fm_reply_slot slot;
    uint64_t transport
        [6]; /**< zero when the send starts; the transport's state of this sleeper (for instance awake/asleep, woken) */
} fm_send;

typedef enum fm_fill_result {
    FM_FILL_OK,        /**< copied and completed as success with FM_HEADER_LENGTH + length bytes */
    FM_FILL_CANCELLED, /**< the client had cancelled it meanwhile; the transport completed it so. The message returns to the head of the queue. */
    FM_FILL_TOO_SMALL /**< the buffer turned out smaller than capacity said; nothing copied, nothing completed: drop() follows */
} fm_fill_result;

typedef enum fm_reply_result {
    FM_REPLIED, /**< a reply was published before the window closed: it wins over time-out, alert and disconnect */
    FM_GONE     /**< none was; later ones find no waiter (REPLY-05) */
} fm_reply_result;

typedef enum fm_sleep_kind {
    FM_SLEEP_LEADER, /**< head of the queue: sleeps on the doorbell that the client rings when it arms a receive */
    FM_SLEEP_QUEUED, /**< further back: sleeps on nothing but wake() */
    FM_SLEEP_REPLY   /**< delivered: sleeps on its reply slot */
} fm_sleep_kind;

typedef enum fm_sleep_result {
    FM_SLEEP_WOKEN, /**< something may have changed, or nothing: spurious returns are allowed */
    FM_SLEEP_ANSWERED, /**< FM_SLEEP_REPLY only: a reply was seen. close_reply() then gives FM_REPLIED unless the client broke
                            the protocol; in that case the core ends the connection. */
    FM_SLEEP_TIMED_OUT /**< the deadline is over. Never returned for FM_FOREVER. */
} fm_sleep_result;

/* Operations -------------------------------------------------------------------------------------------------------- */

/**
 * First argument: the transport object given to fm_port_connect(). All operations are required.
 */
typedef struct fm_transport_ops {
    /**
     * [L] Takes over what the client submitted since the last call: fm_receive_arrived() for each new receive, oldest first.
     * Called by every thread that passes through the lock, so the empty case must cost one load. A transport whose receives
     * come through fm_receive_submit() does nothing here.
     */
    void (*collect)(void *transport);

    /**
     * [U] Copies the message into this receive and completes it. Called by the sender's own thread, for different receives by
     * several threads at once, and also after the connection was disconnected (until released()). Bytes behind the message stay
     * untouched (GET-17).
     */
    fm_fill_result (*fill)(void *transport, fm_receive *receive, const fm_message_view *message);

    /**
     * [L] Opens a reply window and chooses its MessageId: never 0, unique in this connection, never reused (SEND-19, OPEN-18).
     * capacity: bytes of reply payload the sender can take, so that a too long reply can be refused at its source.
     * 0 (STATUS_SUCCESS), or STATUS_INSUFFICIENT_RESOURCES when all windows are in use: then the message stays queued as if no
     * receive were pending, and is tried again after each close_reply(). Any other status is treated the same.
     */
    fm_status (*open_reply)(void *transport, fm_reply_slot *slot, uint32_t capacity);

    /** [L] A MessageId for a message that wants no reply; replies to it find no waiter (REPLY-06). */
    uint64_t (*no_reply_id)(void *transport);

    /**
     * [L] Ends the window: the commit point of reply against time-out. FM_REPLIED: *length is the reply's payload length and
     * *status its Status field; the payload is in buffer if *length <= capacity, else nothing was copied (OPEN-06).
     * Never called twice for one slot. The window's storage may be reused when this returns.
     */
    fm_reply_result (*close_reply)(void *transport, fm_reply_slot *slot, void *buffer, uint32_t capacity,
                                   uint32_t *length, fm_status *status);

    /**
     * [L] First half of going to sleep as leader: returns the doorbell value as it is now. The core then calls collect() and
     * matches once more before sleep(), so a receive armed after this value was read makes sleep() return at once. It need not
     * be followed by sleep(). For the other kinds the core does not call it.
     */
    uint64_t (*prepare_sleep)(void *transport);

    /**
     * [U] Blocks the calling thread until wake(send), until the deadline is over, or until what its kind names: LEADER the
     * doorbell differs from seen, REPLY a reply is published in send->slot. Wakes are sticky: a wake() since the last sleep() of
     * this send makes it return at once, and each return takes the wake. It must be safe to miss: the core looks at everything
     * again under the lock after each return. May spin first. Pass no limit to the system for FM_FOREVER.
     */
    fm_sleep_result (*sleep)(void *transport, fm_send *send, fm_sleep_kind kind, uint64_t seen,
                             const fm_deadline *deadline);

    /**
     * [any] Makes the present or next sleep() of this send return. Must not be lost even if the client rewrites shared words: the
     * private word of the sender decides, and a system wake is repeated while that thread is inside sleep(). It must never wait
     * for a thread that is not inside sleep() (that one may be waiting for the lock the caller holds), and sleep() must
     * acknowledge without needing any lock. The core guarantees that send stays valid during the call.
     */
    void (*wake)(void *transport, fm_send *send);

    /** [L] Completes an armed receive with an error and 0 bytes: cancelled, disconnected, too small. */
    void (*drop)(void *transport, fm_receive *receive, fm_status status);

    /**
     * [L] The connection has just been disconnected, from either end; called once. The transport tells the client: from now on
     * user calls fail with STATUS_PORT_DISCONNECTED. The core then collects once more, drops all armed receives and wakes all senders;
     * receives that arrive later are dropped in fm_receive_arrived().
     */
    void (*disconnected)(void *transport);

    /** [U] Last call: the core has forgotten the transport and the connection pointer is dead. Runs on whichever thread came last. */
    void (*released)(void *transport);
} fm_transport_ops;

/* What the core offers to a transport -------------------------------------------------------------------------------- */

/** [U] The connection's lock, for a transport that needs to look at its private tables together with the core (large replies). */
void fm_connection_lock(fm_connection *connection);
void fm_connection_unlock(fm_connection *connection);

/**
 * [L] A new armed receive, from within collect() or with the lock held. On a disconnected connection it is dropped at once with
 * STATUS_PORT_DISCONNECTED. Served first come, first served (GET-07).
 */
void fm_receive_arrived(fm_connection *connection, fm_receive *receive);

/** [U] The same for transports without a submission ring: takes the lock, matches, wakes the sender that got it. */
void fm_receive_submit(fm_connection *connection, fm_receive *receive);

/**
 * [U] Looks for armed receives for which match(receive, argument) is true and drops them with STATUS_CANCELLED; returns how many.
 * all: go on after the first. A receive not found has been or is being filled and completes as success (GET-09, GET-10).
 */
uint32_t fm_receive_cancel(fm_connection *connection, bool (*match)(const fm_receive *receive, const void *argument),
                           const void *argument, bool all);

/** [U] FilterSendMessage: runs MessageNotify in the calling thread (USER-01 to USER-15). The buffers are the host's own copies.
 *  *returned is set in every case (0 first) and never exceeds output_capacity. */
fm_status fm_user_message(fm_connection *connection, void *input, uint32_t input_length, void *output,
                          uint32_t output_capacity, uint32_t *returned);

/**
 * [U] Disconnects without closing the user's handle: for a client that broke the protocol. Does not block, calls no driver.
 * [L] variant: fm_connection_break_locked, which may also be called from within collect(): disconnected(), collect() and drop() then run
 * nested in it, and the outer collect() returns without handing over more.
 */
void fm_connection_break(fm_connection *connection);
void fm_connection_break_locked(fm_connection *connection);

/** [any] True once disconnected; a hint without the lock. */
bool fm_connection_is_disconnected(const fm_connection *connection);

/**
 * [U] The user's handle is closed, or its process died: disconnects, waits for running MessageNotify calls, calls DisconnectNotify
 * (exactly once per accepted connection), frees the connection's place in the port, and drops the handle's reference. May block as
 * long as driver code does. Exactly once for each successful fm_port_connect(); the pointer is dead afterwards unless referenced.
 */
void fm_connection_close_user(fm_connection *connection);

/** [any] / [U] Keep a connection (and thus its transport) across fm_connection_close_user(), for instance per lane worker. */
void fm_connection_reference(fm_connection *connection);
void fm_connection_release(fm_connection *connection);

/** [any] The transport object the connection was made with. */
void *fm_connection_transport(const fm_connection *connection);

#ifdef __cplusplus
}
#endif

#endif
