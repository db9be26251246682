/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FLTLIB_INTERNAL_H
#define FLTLIB_INTERNAL_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include <filterport_linux.h>
#include <ntstatus.h>

#include "wire/control.h"
#include "wire/shared_memory.h"
#include "wire/spin.h"

/*
 * Objects, and who keeps them alive.
 *
 * A handle slot counts the calls that are inside ("users") and closes in two steps: close() runs at once and wakes the
 * users; the slot lets go of its object when the last user has left. Apart from that an object has references: the
 * slot's, and those of other objects (a completion port of its connections and the other way round, a pending receive
 * of its event).
 *
 * Lock order: control_lock, then lock of a connection, then lock of a completion port or event. None is held while
 * another object is waited for, except control_lock, which is held for one exchange with the manager.
 */

enum fl_kind { FL_CONNECTION, FL_PORT, FL_EVENT, FL_THREAD };

struct fl_object {
    enum fl_kind kind;
    _Atomic uint32_t references;
    void (*close)(struct fl_object *object);   /* once, by CloseHandle; may be NULL */
    void (*destroy)(struct fl_object *object); /* when the last reference has gone */
};

/* handle.c */
NTSTATUS fl_handle_create(struct fl_object *object, HANDLE *handle); /* takes over the caller's reference on success */
struct fl_object *fl_handle_enter(HANDLE handle, enum fl_kind kind); /* NULL: not such a handle */
void fl_handle_leave(HANDLE handle);
void fl_object_init(struct fl_object *object, enum fl_kind kind, void (*close)(struct fl_object *),
                    void (*destroy)(struct fl_object *));
void fl_object_reference(struct fl_object *object);
void fl_object_release(struct fl_object *object);
extern _Atomic bool fl_forked; /* true in a child of the process that loaded the library */

/* status.c */
DWORD fl_win32_from_status(NTSTATUS status);
HRESULT fl_hresult_from_status(NTSTATUS status);

/* error.c: note the failure for FpLastErrorText, set the last error, return the code */
HRESULT fl_fail(const char *call, HRESULT result);
HRESULT fl_fail_status(const char *call, NTSTATUS status);
BOOL fl_fail_win32(const char *call, DWORD error); /* always FALSE */
void fl_error_object(LPCWSTR name);                /* the name that the next fl_fail of this thread shows */
void fl_error_reason(const char *reason, int error);

/* wait.c */
struct fl_connection;
enum { FL_WAIT_MOST = 65 };
#define FL_FOREVER UINT64_MAX
uint64_t fl_deadline(DWORD milliseconds); /* monotonic ns; FL_FOREVER for INFINITE */

/*
 * What a thread waits for. gather() names the words to sleep on and may change from round to round; done() looks, takes
 * what is there, and says whether the wait is over. A word that changes between gather() and the sleep ends the sleep.
 */
struct fl_wait {
    unsigned count;
    struct {
        _Atomic uint32_t *bell;
        _Atomic uint32_t *sleepers;
        uint32_t seen;
        _Atomic uint32_t
            *turn; /* NULL, or a word for which nobody need ring: once it has this value the wait is over */
        uint32_t awaited;
    } words[FL_WAIT_MOST];
    struct fpw_spin *spin; /* NULL: sleep at once */
};
typedef void fl_gather(void *context, struct fl_wait *wait);
typedef bool fl_done(void *context);
/* False when the deadline came first. */
bool fl_wait_until(struct fl_wait *wait, fl_gather *gather, fl_done *done, void *context, uint64_t deadline);
void fl_wait_add(struct fl_wait *wait, _Atomic uint32_t *bell, _Atomic uint32_t *sleepers);
/* Together with the bell added last. Who writes the word looks at that bell's sleepers afterwards. */
void fl_wait_also(struct fl_wait *wait, _Atomic uint32_t *turn, uint32_t awaited);
/* Changes the bell and wakes everybody who sleeps on it. */
void fl_ring(_Atomic uint32_t *bell, _Atomic uint32_t *sleepers);

/* event.c */
struct fl_event;
void fl_event_set(struct fl_event *event);
void fl_event_reset(struct fl_event *event);
NTSTATUS fl_event_begin(struct fl_event *event, struct fl_connection *connection); /* a pending receive will set it */
void fl_event_end(struct fl_event *event, struct fl_connection *connection);
struct fl_object *fl_event_object(struct fl_event *event);

/* port.c: completion ports */
struct fl_port;
struct fl_packet {
    struct fl_packet *next;
    struct fl_connection *connection; /* whose receive it was; NULL: posted, and freed when taken */
    OVERLAPPED_ENTRY entry;
};
void fl_port_queue(struct fl_port *port, struct fl_packet *packet);
void fl_port_remove(struct fl_port *port, struct fl_connection *connection);

/* connection.c */
enum fl_receive_state { FL_RECEIVE_FREE, FL_RECEIVE_ARMED, FL_RECEIVE_ENDED };

struct fl_receive {
    uint16_t state; /* in the connection's lock */
    uint16_t uses;  /* high half of the cookie */
    bool synchronous;
    bool packet_wanted;
    LPOVERLAPPED overlapped;
    void *buffer;
    void *bounce; /* NULL: the buffer lies in an arena */
    uint32_t capacity;
    uint32_t information;
    NTSTATUS status;
    struct fl_event *event;
    _Atomic uint32_t done; /* synchronous ones */
    struct fl_packet packet;
};

struct fl_arena_slot {
    char *base; /* NULL: free */
    size_t length;
    bool bounce;
};

struct fl_bounce;

struct fl_connection {
    struct fl_object object;
    bool synchronous;
    uint64_t serial;
    _Atomic bool ended;    /* the manager is gone or the handle is closed: nothing more will come */
    _Atomic bool signaled; /* an operation ended since the last one began */

    pthread_mutex_t control_lock;
    _Atomic int control;
    pthread_mutex_t synchronous_lock; /* GET-15 */

    struct fpw_spin spin;
    struct fpw_region *region;
    pthread_mutex_t lock; /* from here on, receives */
    uint32_t sub_tail;
    _Atomic uint32_t comp_head; /* written in the lock */
    unsigned free_count;
    unsigned high_mark; /* receives from here on were never used */
    unsigned watchers;  /* threads that wait for an OVERLAPPED or for the handle itself, and must see every end */
    uint16_t *free_receives;
    struct fl_receive *receives;
    struct fl_arena_slot arenas[FPW_ARENAS];
    struct fl_bounce *bounce;
    _Atomic(struct fl_port *) port;
    ULONG_PTR key;

    pthread_mutex_t lane_lock;
    pthread_cond_t lane_free;
    unsigned lane_count;
    unsigned lane_idle_count;
    int lane_idle[FPW_LANES];
    _Atomic int lanes[FPW_LANES]; /* every lane, for the child of a fork */

    _Atomic uint32_t claims[FPW_CELLS]; /* a thread fills this cell */
    struct fl_connection *next;         /* watcher's list */
    struct fl_connection *previous;
};

struct fl_connection *fl_connection_enter(HANDLE handle);
void fl_connection_leave(HANDLE handle);
/* The region says that the driver's side has ended, or `ended`. */
bool fl_connection_is_over(struct fl_connection *connection);
/* Nothing more will come from the manager: ends every pending receive with STATUS_PORT_DISCONNECTED. */
void fl_connection_end(struct fl_connection *connection);

/* control.c */
NTSTATUS fl_control_open(const char *manager, int *descriptor);
NTSTATUS fl_control_exchange(int descriptor, struct fpw_control_request *request, const void *name, const void *context,
                             struct fpw_control_answer *answer, int *received);
/* The same in the connection's control lock. */
NTSTATUS fl_control_call(struct fl_connection *connection, struct fpw_control_request *request,
                         struct fpw_control_answer *answer, int *received);

/* arena.c */
void *fl_map(int descriptor, size_t length); /* closes the descriptor; NULL on failure */
NTSTATUS fl_arena_create(struct fl_connection *connection, size_t bytes, bool bounce, char **base, size_t *length);
/* In the connection's lock. False: in no arena. */
bool fl_arena_find(struct fl_connection *connection, const void *address, size_t length, uint32_t *arena,
                   uint64_t *offset);
void fl_arena_forget(struct fl_connection *connection); /* the caller's arenas live on without it */
void fl_arena_unmap(struct fl_connection *connection);  /* bounce arenas */
NTSTATUS fl_bounce_take(struct fl_connection *connection, size_t length, void **memory);
void fl_bounce_give(struct fl_connection *connection, void *memory);

/* receive.c */
/* Takes what the completion ring holds and finishes each receive. Packets for `port` go to entries while there is room,
   others to their port's queue. Returns how many entries were written. */
unsigned fl_receive_drain(struct fl_connection *connection, struct fl_port *port, OVERLAPPED_ENTRY *entries,
                          unsigned room);
bool fl_receive_ready(struct fl_connection *connection);
void fl_receive_wait_add(struct fl_wait *wait, struct fl_connection *connection);
/* Around a wait for an OVERLAPPED or for the handle: what other threads take out of the ring rings the bell. */
void fl_receive_watch(struct fl_connection *connection, bool begin);
void fl_receive_packet_taken(struct fl_connection *connection, struct fl_packet *packet);
void fl_receive_end_all(struct fl_connection *connection, NTSTATUS status);

/* lane.c */
struct fl_lane_call {
    uint32_t kind;
    uint64_t message_id;
    NTSTATUS status;
    const void *input;
    uint32_t input_length;
    void *output;
    uint32_t output_capacity;
    uint32_t information;
};
NTSTATUS fl_lane_call(struct fl_connection *connection, struct fl_lane_call *call);
void fl_lane_shut(struct fl_connection *connection);

/* view.c: sections that a driver maps into this process during a lane call */
enum { FL_VIEWS_MOST = 8 };
struct fl_views {
    unsigned count;
    void *bases[FL_VIEWS_MOST];
};
/* Does what the manager asks, and notes it in `mine`. Takes the descriptor over. */
NTSTATUS fl_view_serve(const struct fpw_lane_answer *question, const struct fpw_lane_view *view, int descriptor,
                       struct fl_views *mine, uint64_t *address);
/* Unmaps what the call has mapped: nobody will learn of it. */
void fl_view_undo(struct fl_views *mine);

/* blocked.c: synchronous calls that block, for CancelSynchronousIo */
struct fl_blocked {
    struct fl_blocked *next;
    struct fl_blocked *previous;
    uint32_t thread;
    bool cancelled;
    struct fl_connection *connection;
    uint32_t cookie; /* of the receive; FPW_ALL: a lane call */
    int lane;
};
void fl_blocked_enter(struct fl_blocked *blocked);
void fl_blocked_leave(struct fl_blocked *blocked);
uint32_t fl_thread_id(void);

/* watcher.c */
NTSTATUS fl_watcher_add(struct fl_connection *connection);
void fl_watcher_remove(struct fl_connection *connection);

#endif
