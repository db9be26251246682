/* SPDX-License-Identifier: Apache-2.0 */
/**
 * The Filter Manager's core as its host sees it: start and stop, connecting a client, volumes and operations, loading state of
 * filters, access checks, counters. Drivers use fltKernel.h, transports transport.h; whoever links the core exports the Flt*
 * functions that core/ defines (all of fltKernel.h except the push lock and resource functions, which belong to the kernel run time).
 *
 * Threads: every function may be called from any thread unless it says otherwise. Functions that say "runs driver code" call
 * callbacks and block as long as these do; call them with no lock held.
 *
 * Locks, in the order in which they may be nested (a thread may skip some, never go back):
 *   manager (names, filters, volumes) → volume (instance stack) → contexts → connection → thread (alerts)
 * No callback of a driver, no [U] operation of a transport and no operation of a volume runs under any of them.
 */
#ifndef FILTERPORT_CORE_H
#define FILTERPORT_CORE_H

#include <fltKernel.h>

#include "platform.h"
#include "transport.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Start and stop ---------------------------------------------------------------------------------------------------- */

/** What a filter is called and where it attaches: on Windows the service's registry key, here the host's knowledge. */
typedef struct fm_filter_settings {
    UNICODE_STRING name;          /**< filter (service) name */
    UNICODE_STRING altitude;      /**< of the default instance: decimal string (MGMT-17) */
    UNICODE_STRING instance_name; /**< of the default instance */
} fm_filter_settings;

typedef struct fm_host_ops {
    /**
     * Called by FltRegisterFilter: fills settings for the driver that registers; the strings are copied. STATUS_SUCCESS, or
     * STATUS_OBJECT_NAME_NOT_FOUND when there are none (MINI-01).
     */
    NTSTATUS (*filter_settings)(PDRIVER_OBJECT driver, fm_filter_settings *settings);
    /** FltGetRoutineAddress, for names that are no extension of ours: NULL when there is none. NULL: knows none. */
    void *(*routine)(const char *name);
} fm_host_ops;

/** Once, before anything else. ops must stay valid. Before it, FltRegisterFilter gives STATUS_FLT_NOT_INITIALIZED. */
NTSTATUS fm_core_init(const fm_host_ops *ops);
/** Last call: no filter, volume, connection handle or thread may be left inside. */
void fm_core_fini(void);

/**
 * Access that connecting needs (OPEN-01): FLT_PORT_ALL_ACCESS, the default, or FLT_PORT_CONNECT. Applies to later connects.
 */
void fm_core_set_connect_access(ACCESS_MASK access);

/* Connecting -------------------------------------------------------------------------------------------------------- */

typedef struct fm_connect_request {
    UNICODE_STRING name; /**< as the client wrote it */
    const fm_requestor
        *requestor;      /**< for the access check; the calling thread's fm_current_requestor() should be the same */
    const void *context; /**< the host's private copy of the client's context, NULL with length 0 (CONN-03, CONN-10) */
    uint32_t context_length; /**< at least FLT_PORT_CONTEXT_MAX: STATUS_INTEGER_OVERFLOW (OPEN-14) */
    uint32_t options;        /**< 0 or FLT_PORT_FLAG_SYNC_HANDLE */
    void *transport;
    const fm_transport_ops *ops;
} fm_connect_request;

/**
 * FilterConnectCommunicationPort: checks in Windows' order (CONN-06), then runs ConnectNotify in the calling thread. The transport
 * must be ready before the call: the driver may send from ConnectNotify. *connection is set early (before ConnectNotify) so that
 * operations can find it. On success *connection is the user's handle, to be given to fm_connection_close_user() once. On failure it is
 * NULL; if an operation of the transport was called at all, released() was or will be the last.
 *
 * Returns STATUS_SUCCESS, STATUS_INVALID_PARAMETER, STATUS_INTEGER_OVERFLOW, STATUS_OBJECT_NAME_INVALID, STATUS_OBJECT_PATH_SYNTAX_BAD,
 * STATUS_OBJECT_PATH_NOT_FOUND, STATUS_OBJECT_NAME_NOT_FOUND, STATUS_ACCESS_DENIED, STATUS_CONNECTION_COUNT_LIMIT,
 * STATUS_INSUFFICIENT_RESOURCES, STATUS_FLT_DELETING_OBJECT, or the driver's own refusal. *released tells a failed caller whether the core
 * takes care of the transport (true: released() was or will be called) or never touched it (false: the caller frees it).
 */
NTSTATUS fm_port_connect(const fm_connect_request *request, fm_connection **connection, bool *released);

/** Whether a descriptor gives these SIDs all of desired (generic rights are mapped as for ports, OBJ-12). NULL descriptor: the default
 *  one (OPEN-19). Absolute or self-relative; a malformed one grants nothing. Kernel requestors always pass. */
bool fm_access_check(PSECURITY_DESCRIPTOR descriptor, const fm_requestor *requestor, ACCESS_MASK desired);

/* Threads ----------------------------------------------------------------------------------------------------------- */

void fm_thread_init(fm_thread *thread);
void fm_thread_fini(fm_thread *thread);
/**
 * The thread is being terminated (for a worker: the client thread it works for): its FltSendMessage, now or later, ends with
 * STATUS_THREAD_IS_TERMINATING in either phase (SEND-21). Sticky until fm_thread_reset(). Blocks shortly. The caller keeps thread valid.
 */
void fm_alert_thread(fm_thread *thread);
/** Before a worker takes its next piece of work, on its own thread; the host makes sure that no alert for the last piece comes later. */
void fm_thread_reset(fm_thread *thread);
bool fm_thread_alerted(const fm_thread *thread);

/* Volumes ----------------------------------------------------------------------------------------------------------- */

typedef struct _FLT_VOLUME fm_volume;
typedef struct fm_operation fm_operation;

/** What lies below all filters. First argument: the object given to fm_volume_create(). All may block; none is called under a lock. */
typedef struct fm_volume_ops {
    /**
     * Carries out the operation, synchronously, and sets operation->data.IoStatus. NULL: STATUS_SUCCESS and nothing done (a gate that only
     * decides).
     */
    void (*perform)(void *volume, fm_operation *operation);
    /**
     * Path of a file relative to the volume's root, beginning with a backslash, without volume name. *length: bytes needed; the buffer is
     * filled if they fit in capacity, else STATUS_BUFFER_TOO_SMALL. format: FLT_FILE_NAME_OPENED, NORMALIZED or SHORT. NULL: not supported.
     */
    NTSTATUS(*name)
    (void *volume, PFILE_OBJECT file, FLT_FILE_NAME_OPTIONS format, PWCH buffer, ULONG capacity, PULONG length);
    /** Reads at an offset. STATUS_END_OF_FILE and 0 bytes behind the end. NULL: STATUS_NOT_SUPPORTED. */
    NTSTATUS (*read)(void *volume, PFILE_OBJECT file, LONGLONG offset, PVOID buffer, ULONG length, PULONG bytes_read);
    /** FltCancelFileOpen. NULL: nothing to do. */
    void (*cancel_open)(void *volume, PFILE_OBJECT file);
    /** FltQueryInformationFile. NULL: STATUS_NOT_SUPPORTED. */
    NTSTATUS(*query_information)
    (void *volume, PFILE_OBJECT file, PVOID buffer, ULONG length, FILE_INFORMATION_CLASS information_class,
     PULONG returned);
    /**
     * The retain functions of fltKernel.h; NULL: STATUS_NOT_SUPPORTED. retain is called when all filters that saw the open have agreed.
     * An open whose filters were chosen before a drop must not be retained after it: take note of the drops before fm_operation_run().
     * retain_drop may come from fm_volume_create() already.
     */
    NTSTATUS (*retain_begin)(void *volume, fm_operation *operation);
    NTSTATUS (*retain)(void *volume, fm_operation *operation);
    void (*retain_drop)(void *volume);
} fm_volume_ops;

typedef struct fm_volume_settings {
    UNICODE_STRING name; /**< device name, for instance \Device\Fanotify1; copied */
    FLT_FILESYSTEM_TYPE file_system;
    DEVICE_TYPE device_type;
    USHORT sector_size; /**< 0: 512 */
    const fm_volume_ops *ops;
    void *object;
} fm_volume_settings;

/** Makes a volume known and attaches every started filter to it. Runs driver code (InstanceSetup). */
NTSTATUS fm_volume_create(const fm_volume_settings *settings, fm_volume **volume);
/** Tears its instances down (TeardownStart, running operations end, TeardownComplete), waits for references, frees it. Runs driver code.
 *  No operation may be started any more. */
void fm_volume_destroy(fm_volume *volume);

/* Files ------------------------------------------------------------------------------------------------------------- */

struct fm_context;

/** Contexts hung on one thing. Zero it to start. */
typedef struct fm_context_holder {
    struct fm_context *first;
} fm_context_holder;

/** A stream (file body): what several opens of one file share, if the host can tell. Freed by the host after fm_stream_fini(). */
typedef struct fm_stream {
    fm_context_holder stream_contexts;
    fm_context_holder file_contexts;
} fm_stream;

/** An open file. object is what drivers see; the host fills its names and flags. */
typedef struct fm_file {
    FILE_OBJECT object;
    fm_volume *volume;
    fm_stream *stream; /**< NULL: no stream and file contexts here */
    fm_context_holder contexts;
    void *host; /**< the host's own */
} fm_file;

/** Zeroes the file and ties it to its volume. */
void fm_file_init(fm_file *file, fm_volume *volume, fm_stream *stream);
/** Deletes its stream-handle contexts (cleanup callbacks run here). No operation on it may be running. */
void fm_file_fini(fm_file *file);
void fm_stream_init(fm_stream *stream);
void fm_stream_fini(fm_stream *stream);

/* Operations -------------------------------------------------------------------------------------------------------- */

#define FM_INLINE_CALLS 6

/** One instance's part in one operation; core's own. */
typedef struct fm_call {
    PFLT_INSTANCE instance;
    const FLT_OPERATION_REGISTRATION *registration;
    PVOID completion_context;
    bool post;
    bool retains;                /**< it need not be asked again about this file */
    FLT_IO_PARAMETER_BLOCK seen; /**< parameters as this filter got them, given back for its post-operation (MINI-11) */
} fm_call;

/**
 * One operation on its way through the callback stack. The host zeroes it (fm_operation_init), fills iopb.MajorFunction, IrpFlags,
 * OperationFlags and Parameters, and runs it. Lives on the host's stack or in its queue entry.
 */
struct fm_operation {
    FLT_CALLBACK_DATA data;
    FLT_IO_PARAMETER_BLOCK iopb;
    fm_volume *volume;
    fm_file *file;
    const fm_requestor *requestor;
    fm_waiter pended; /**< from here on: core's own */
    FLT_PREOP_CALLBACK_STATUS resumed;
    PVOID resumed_context;
    struct fm_name *name;
    fm_call *calls;
    ULONG call_count;
    fm_call inline_calls[FM_INLINE_CALLS];
};

/** requestor: whose operation it is; must be the calling thread's fm_current_requestor() while the operation runs. */
void fm_operation_init(fm_operation *operation, fm_volume *volume, fm_file *file, const fm_requestor *requestor);
/**
 * Pre-operations from the highest altitude down, perform(), post-operations back up (MINI-07 to MINI-11). Runs driver code in this
 * thread. Returns data.IoStatus.Status. An operation whose filter returned FLT_PREOP_PENDING waits here until it is resumed.
 */
NTSTATUS fm_operation_run(fm_operation *operation);

/* Filters ----------------------------------------------------------------------------------------------------------- */

/**
 * Unloads a filter by name: runs its unload callback. Results (MGMT-04, DISC-17 to DISC-19): STATUS_SUCCESS when it has unregistered
 * itself; STATUS_FLT_FILTER_NOT_FOUND; STATUS_FLT_DO_NOT_DETACH when it has no callback, refused (whatever it returned), or forbids service stop and the
 * unload is mandatory; STATUS_FLT_DELETING_OBJECT when another unload is under way. A mandatory unload cannot be refused: the
 * callback's status is ignored. After STATUS_SUCCESS the host may unmap the driver's image.
 */
NTSTATUS fm_filter_unload(PCUNICODE_STRING name, bool mandatory);
/** Whether a filter of that name is registered. */
bool fm_filter_exists(PCUNICODE_STRING name);

/** Altitudes as numbers of any length (MGMT-17): negative, 0 or positive; both must be well formed. */
int fm_altitude_compare(PCUNICODE_STRING left, PCUNICODE_STRING right);
bool fm_altitude_valid(PCUNICODE_STRING altitude);

/* Counters ---------------------------------------------------------------------------------------------------------- */

/** Since fm_core_init. sent = one_way + replied + reply_too_long + timed_out_queued + timed_out_delivered + disconnected + terminated + in flight. */
typedef struct fm_counters {
    uint64_t sent;    /**< messages that entered a queue */
    uint64_t one_way; /**< delivered, no reply wanted */
    uint64_t replied;
    uint64_t reply_too_long;
    uint64_t timed_out_queued;    /**< never delivered */
    uint64_t timed_out_delivered; /**< delivered, not answered in time */
    uint64_t disconnected;
    uint64_t terminated; /**< sender's thread was told to end */
    uint64_t receives_too_small;
    uint64_t receives_cancelled;
    uint64_t refilled;         /**< returned to the head of the queue because its receive was cancelled meanwhile */
    uint64_t queue_high;       /**< longest queue seen on one connection */
    uint64_t connects;         /**< accepted */
    uint64_t connects_refused; /**< no right, too many, or refused by the driver */
    uint64_t user_messages;    /**< MessageNotify calls */
    uint64_t operations;
} fm_counters;

void fm_core_counters(fm_counters *counters);

#ifdef __cplusplus
}
#endif

#endif
