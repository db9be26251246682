/* SPDX-License-Identifier: Apache-2.0 */
/* What the core's own files share. Nothing outside core/ and core/test/ includes this. */
#ifndef FILTERPORT_CORE_INTERNAL_H
#define FILTERPORT_CORE_INTERNAL_H

#include "fltmgr_core.h"

#define FM_HIDDEN __attribute__((visibility("hidden")))
#if defined(_WIN32)
#undef FM_HIDDEN
#define FM_HIDDEN
#endif

/* Reference counts and rundown -------------------------------------------------------------------------------------- */

static inline void fm_count_up(uint32_t *count) {
    (void)__atomic_fetch_add(count, 1, __ATOMIC_RELAXED);
}
/* True for the one caller that dropped the last; it then sees everything that the others did before. */
static inline bool fm_count_down(uint32_t *count) {
    return __atomic_fetch_sub(count, 1, __ATOMIC_ACQ_REL) == 1;
}

/*
 * Counts users and can be closed: word = users << 1 | closed. After fm_rundown_wait has begun nobody gets in; it returns when the last
 * one is out. Exactly one release wakes it, and it waits for that wake, so its waiter may live on its stack.
 */
typedef struct fm_rundown {
    uint64_t word;
    fm_waiter *waiter;
} fm_rundown;

static inline bool fm_rundown_acquire(fm_rundown *rundown) {
    uint64_t word = __atomic_load_n(&rundown->word, __ATOMIC_RELAXED);
    do {
        if (word & 1) {
            return false;
        }
    } while (!__atomic_compare_exchange_n(&rundown->word, &word, word + 2, true, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED));
    return true;
}

FM_HIDDEN void fm_rundown_release(fm_rundown *rundown);
FM_HIDDEN void fm_rundown_wait(fm_rundown *rundown);

/* Objects a driver may reference ------------------------------------------------------------------------------------ */

typedef enum fm_kind {
    FM_KIND_FILTER = 0x464D0001,
    FM_KIND_VOLUME,
    FM_KIND_INSTANCE,
    FM_KIND_SERVER_PORT,
    FM_KIND_CLIENT_PORT
} fm_kind;

typedef struct fm_object {
    uint32_t kind;
    fm_rundown rundown;
} fm_object;

struct _FLT_PORT {
    uint32_t kind;
};

struct _FLT_FILTER {
    fm_object object;
    LIST_ENTRY link; /* manager: filters, highest altitude first */
    UNICODE_STRING name;
    UNICODE_STRING altitude;
    UNICODE_STRING instance_name;
    FLT_REGISTRATION registration; /* own copy; the two tables below are copies too */
    FLT_CONTEXT_REGISTRATION *contexts;
    FLT_OPERATION_REGISTRATION *operations;
    const FLT_OPERATION_REGISTRATION *by_major[256];
    LIST_ENTRY connections;     /* manager */
    LIST_ENTRY volume_contexts; /* contexts lock */
    uint64_t id;
    bool started;          /* manager */
    bool unloading;        /* manager */
    bool unload_mandatory; /* manager */
    bool deleting;         /* atomic, set under manager */
};

struct _FLT_VOLUME {
    fm_object object;
    LIST_ENTRY link; /* manager: volumes */
    uint64_t id;     /* grows with each volume */
    fm_mutex lock;
    LIST_ENTRY instances; /* volume lock to read, manager and volume lock to change; highest altitude first */
    UNICODE_STRING name;
    FLT_FILESYSTEM_TYPE file_system;
    DEVICE_TYPE device_type;
    USHORT sector_size;
    const fm_volume_ops *ops;
    void *host;
    fm_context_holder contexts;
    bool deleting; /* manager */
};

typedef enum fm_instance_state { FM_INSTANCE_ATTACHING, FM_INSTANCE_ACTIVE, FM_INSTANCE_TEARING } fm_instance_state;

struct _FLT_INSTANCE {
    fm_object object; /* running operations and references */
    LIST_ENTRY link;  /* volume->instances */
    PFLT_FILTER filter;
    PFLT_VOLUME volume;
    UNICODE_STRING name;
    UNICODE_STRING altitude;
    fm_instance_state state; /* manager and volume lock to change */
    fm_context_holder own;   /* instance context */
    LIST_ENTRY contexts;     /* contexts lock: all that this instance hung anywhere */
    bool closed;             /* contexts lock: takes no more contexts */
};

/* Ports ------------------------------------------------------------------------------------------------------------- */

typedef struct fm_descriptor {
    PSECURITY_DESCRIPTOR descriptor; /* one block; NULL: the default */
} fm_descriptor;

typedef struct fm_server_port {
    struct _FLT_PORT port;
    uint32_t references; /* open port 1, each attached connection 1 */
    LIST_ENTRY link;     /* manager: while listening */
    PFLT_FILTER filter;
    UNICODE_STRING name;
    bool ignore_case;
    fm_descriptor security;
    PVOID cookie;
    PFLT_CONNECT_NOTIFY connect;
    PFLT_DISCONNECT_NOTIFY disconnect;
    PFLT_MESSAGE_NOTIFY message;
    LONG limit;
    LONG count; /* manager: connections whose DisconnectNotify has not returned */
} fm_server_port;

typedef struct fm_send_list {
    fm_send *first;
    fm_send *last;
} fm_send_list;

typedef struct fm_receive_list {
    fm_receive *first;
    fm_receive *last;
} fm_receive_list;

/*
 * One connection. Its memory is never given back to the system while the core runs, only reused for another connection: a driver's
 * thread may read its PFLT_PORT variable, be preempted, and lock this connection after it has ended. Under the lock it then sees that
 * the variable has changed, or that the connection is not its own, and leaves.
 */
struct fm_connection {
    struct _FLT_PORT port;
    fm_mutex lock;       /* initialised once, for all lives */
    uint32_t references; /* atomic: user handle 1, attached > 0 1, fm_connection_reference */
    uint32_t attached;  /* under lock, like all below: client port 1, owed DisconnectNotify 1, senders, MessageNotify */
    uint32_t messages;  /* running MessageNotify calls */
    fm_waiter *rundown; /* who waits for messages to become 0 */
    fm_server_port *server;
    PFLT_FILTER filter;
    void *transport;
    const fm_transport_ops *ops;
    PVOID cookie;
    bool disconnected; /* atomic for readers without the lock */
    bool client_open;  /* the driver has not closed its end */
    bool accepted;
    bool notified;            /* somebody took on DisconnectNotify */
    fm_send_list queue;       /* waiting for a receive, oldest first */
    fm_send_list active;      /* matched or delivered */
    fm_receive_list receives; /* armed, oldest first */
    uint64_t queued;
    fm_counters counters;
    LIST_ENTRY filter_link;   /* manager */
    bool forced;              /* manager: FltUnregisterFilter has seen it */
    fm_connection *next_free; /* manager */
    LIST_ENTRY all_link;      /* manager: every connection object there is */
};

enum { FM_PHASE_QUEUED, FM_PHASE_MATCHED };

/* Contexts ---------------------------------------------------------------------------------------------------------- */

typedef struct fm_context {
    struct fm_context *next; /* contexts lock, like the links below */
    struct fm_context *previous;
    fm_context_holder *holder; /* NULL: not linked */
    LIST_ENTRY owner_link;
    PFLT_FILTER filter;
    PFLT_INSTANCE instance; /* key in the holder; NULL for volume contexts (key: filter) */
    const FLT_CONTEXT_REGISTRATION *registration;
    uint32_t references; /* atomic */
    FLT_CONTEXT_TYPE type;
} fm_context;

#define FM_CONTEXT_HEADER ((sizeof(fm_context) + 15) & ~(size_t)15)

/* Names ------------------------------------------------------------------------------------------------------------- */

typedef struct fm_name {
    uint32_t references;
    FLT_FILE_NAME_INFORMATION information;
} fm_name;

/* The manager ------------------------------------------------------------------------------------------------------- */

typedef struct fm_manager {
    bool initialised;
    const fm_host_ops *host;
    fm_mutex lock;
    fm_mutex contexts;
    LIST_ENTRY filters;
    LIST_ENTRY volumes;
    LIST_ENTRY ports;
    LIST_ENTRY connections;
    fm_connection *free_connections;
    uint64_t next_filter_id;
    uint64_t next_volume_id;
    ACCESS_MASK connect_access; /* atomic */
    fm_counters counters;       /* manager: of connections that ended; connects, refusals */
    uint64_t operations;        /* atomic */
} fm_manager;

extern FM_HIDDEN fm_manager fm;

/* strings.c */
FM_HIDDEN bool fm_string_copy(UNICODE_STRING *copy, const UNICODE_STRING *source);
FM_HIDDEN void fm_string_free(UNICODE_STRING *string);
FM_HIDDEN bool fm_string_equal(const UNICODE_STRING *left, const UNICODE_STRING *right, bool ignore_case);

/* security.c */
FM_HIDDEN NTSTATUS fm_descriptor_capture(PSECURITY_DESCRIPTOR source, fm_descriptor *copy);
FM_HIDDEN void fm_descriptor_free(fm_descriptor *descriptor);

/* port.c: the manager's lock is held for fm_port_find */
FM_HIDDEN NTSTATUS fm_port_name_check(const UNICODE_STRING *name);
FM_HIDDEN fm_server_port *fm_port_find(const UNICODE_STRING *name);
FM_HIDDEN void fm_port_release(fm_server_port *port);

/* connection.c */
FM_HIDDEN fm_connection *fm_connection_allocate(void);
FM_HIDDEN void fm_connection_unused(fm_connection *connection);
FM_HIDDEN void fm_connection_detach(fm_connection *connection);
FM_HIDDEN void fm_add_counters(fm_counters *sum, const fm_counters *part);

/* disconnect.c */
FM_HIDDEN void fm_disconnect_locked(fm_connection *connection);
FM_HIDDEN void fm_connection_end(fm_connection *connection);
FM_HIDDEN void fm_connection_force_end(fm_connection *connection);
FM_HIDDEN void fm_connections_end_all(PFLT_FILTER filter);

/* receive.c */
FM_HIDDEN void fm_send_append(fm_send_list *list, fm_send *send);
FM_HIDDEN void fm_send_prepend(fm_send_list *list, fm_send *send);
FM_HIDDEN void fm_send_remove(fm_send_list *list, fm_send *send);
FM_HIDDEN void fm_receive_remove(fm_receive_list *list, fm_receive *receive);
FM_HIDDEN void fm_settle(fm_connection *connection, const fm_send *self);

/* thread.c */
FM_HIDDEN void fm_thread_enter(fm_thread *thread, fm_connection *connection, fm_send *send);
FM_HIDDEN void fm_thread_leave(fm_thread *thread, fm_send *send);

/* altitude.c, instance.c, context.c, retain.c */
FM_HIDDEN NTSTATUS fm_instance_attach(PFLT_FILTER filter, PFLT_VOLUME volume, const UNICODE_STRING *altitude,
                                      const UNICODE_STRING *name, FLT_INSTANCE_SETUP_FLAGS flags,
                                      PFLT_INSTANCE *result);
FM_HIDDEN void fm_instance_teardown(PFLT_INSTANCE instance, FLT_INSTANCE_TEARDOWN_FLAGS reason);
FM_HIDDEN bool fm_instance_claim(PFLT_INSTANCE instance);
FM_HIDDEN void fm_instances_of_filter_teardown(PFLT_FILTER filter, FLT_INSTANCE_TEARDOWN_FLAGS reason);
FM_HIDDEN void fm_instances_of_volume_teardown(PFLT_VOLUME volume);
FM_HIDDEN void fm_contexts_of_holder_delete(fm_context_holder *holder);
FM_HIDDEN void fm_contexts_of_instance_delete(PFLT_INSTANCE instance);
FM_HIDDEN void fm_contexts_of_filter_delete(PFLT_FILTER filter);
FM_HIDDEN void fm_volume_drop_retained(PFLT_VOLUME volume);

static inline fm_operation *fm_operation_of(PFLT_CALLBACK_DATA data) {
    return CONTAINING_RECORD(data, fm_operation, data);
}
static inline fm_file *fm_file_of(PFILE_OBJECT file) {
    return CONTAINING_RECORD(file, fm_file, object);
}

#endif
