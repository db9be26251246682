/* SPDX-License-Identifier: Apache-2.0 */
/**
 * What the Filter Manager's core asks of the operating system: locks, one-shot events, time, memory, and who is calling.
 *
 * The core is freestanding: besides memcpy, memmove, memset and memcmp, which a compiler may emit by itself, it calls
 * nothing outside this file and a transport's and a volume's operations. Types here are plain C, so that a platform can be
 * written against any system's headers. Linux implements this file in fltmgr/linux/host, Wine in fltmgr/wine.
 *
 * Rules for whoever implements it
 * - No function may call back into the core, and none but fm_mutex_lock and fm_waiter_wait may block.
 * - Nothing here is called from a signal handler, nor after fm_core_fini().
 */
#ifndef FILTERPORT_CORE_PLATFORM_H
#define FILTERPORT_CORE_PLATFORM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#ifdef __cplusplus
#define FM_ALIGNED alignas(16)
#else
#define FM_ALIGNED _Alignas(16)
#endif

/* Mutex ------------------------------------------------------------------------------------------------------------- */

/**
 * A lock with one owner; not recursive. 64 bytes for the platform's own, 16-byte aligned.
 * The core holds it for short stretches without blocking, and only in the order that fltmgr_core.h lists.
 */
typedef struct fm_mutex {
    FM_ALIGNED uint64_t storage[8];
} fm_mutex;

/** Turns zeroed or stale storage into an unlocked mutex. Never fails: a platform that may run short aborts here. */
void fm_mutex_init(fm_mutex *mutex);
/** The mutex must be unlocked and nobody may be about to lock it. */
void fm_mutex_fini(fm_mutex *mutex);
void fm_mutex_lock(fm_mutex *mutex);
/** After the last unlock another thread may end the mutex and reuse its memory at once. */
void fm_mutex_unlock(fm_mutex *mutex);

/* Time -------------------------------------------------------------------------------------------------------------- */

/** Monotonic time in units of 100 ns from an arbitrary start; it may, but need not, run while the machine sleeps. */
int64_t fm_clock_monotonic(void);
/** System time in units of 100 ns since 1601-01-01 UTC, as precise as the system has it. May jump. */
int64_t fm_clock_system(void);

typedef enum fm_deadline_kind {
    FM_FOREVER,   /**< no limit; value is not looked at. A platform passes no time-out to the system: that is faster. */
    FM_MONOTONIC, /**< until fm_clock_monotonic() reaches value: what a negative Timeout becomes (SEND-06) */
    FM_REALTIME   /**< until fm_clock_system() reaches value, following clock changes: a positive Timeout (SEND-07) */
} fm_deadline_kind;

/** Always an absolute point, so that a wait interrupted half-way goes on with what is left (SEND-08). */
typedef struct fm_deadline {
    fm_deadline_kind kind;
    int64_t value; /**< 100 ns */
} fm_deadline;

/* Waiter ------------------------------------------------------------------------------------------------------------ */

/**
 * A sticky one-thread event: a wake before the wait is kept, so that the wait returns at once. One thread waits, any
 * thread wakes, any number of times. 128 bytes for the platform's own, 16-byte aligned. Usually on the waiting thread's stack.
 */
typedef struct fm_waiter {
    FM_ALIGNED uint64_t storage[16];
} fm_waiter;

typedef enum fm_wait_result { FM_WOKEN, FM_TIMED_OUT } fm_wait_result;

void fm_waiter_init(fm_waiter *waiter);
/** May be called as soon as fm_waiter_wait has returned FM_WOKEN for the only wake there will be (see fm_waiter_wake). */
void fm_waiter_fini(fm_waiter *waiter);
/**
 * Blocks until woken or until the deadline is over, and takes the wake. A deadline already over returns at once: FM_WOKEN if
 * a wake is there, else FM_TIMED_OUT. Does not return spuriously.
 */
fm_wait_result fm_waiter_wait(fm_waiter *waiter, const fm_deadline *deadline);
/**
 * Never blocks. The woken thread may end the waiter and reuse its memory while this call is still on its way out: after the
 * store (or unlock) that lets the waiter go, an implementation may use the address as a number only, as futex wake does.
 */
void fm_waiter_wake(fm_waiter *waiter);

/* Memory ------------------------------------------------------------------------------------------------------------ */

/** size bytes of zeroes, 16-byte aligned; NULL when there are none. size is never 0. Not used on the way of a message. */
void *fm_allocate(size_t size);
/** NULL is ignored. */
void fm_release(void *memory);

/* Characters -------------------------------------------------------------------------------------------------------- */

/** Upper case of one UTF-16 unit by Windows' simple table, itself if it has none. For names that ignore case. */
uint16_t fm_upcase(uint16_t unit);

/* Who is calling ---------------------------------------------------------------------------------------------------- */

/**
 * The identity on whose behalf a thread runs driver code: of the client that connects or sends, of the process whose file
 * operation is gated. Owned by the platform, constant and valid as long as the call that it was given to.
 */
typedef struct fm_requestor {
    uint64_t process_id; /**< as the system numbers processes; 0: kernel, or not visible from here */
    uint64_t thread_id;
    uint64_t process_key; /**< start time or another value that tells a reused process_id apart */
    void *process;        /**< PEPROCESS for FltGetRequestorProcess; may be NULL */
    void *thread;         /**< PETHREAD for FLT_CALLBACK_DATA.Thread; may be NULL */
    bool kernel;          /**< kernel mode: no access check applies */
    uint32_t sid_count;
    const void *const
        *sids; /**< the user first, then its groups; each a binary SID (revision 1, at most 15 sub-authorities) */
} fm_requestor;

/**
 * The requestor of the calling thread's present callback; that of the system itself (kernel, process_id of the host) on
 * threads that serve nobody, such as a driver's own. Never NULL.
 */
const fm_requestor *fm_current_requestor(void);

/* Threads that can be told to give up ------------------------------------------------------------------------------- */

struct fm_send;
struct fm_connection;

/**
 * Core's part of a host thread: where its FltSendMessage sleeps, and whether it was told to end (SEND-21). The host embeds one
 * in its thread object; all fields belong to the core (fm_thread_init, fm_thread_fini, fm_alert_thread in fltmgr_core.h).
 */
typedef struct fm_thread {
    fm_mutex lock;
    struct fm_send *send;             /**< atomic: the message it waits with, or a mark while an alerter uses it */
    struct fm_connection *connection; /**< valid while send is */
    uint32_t alerted;                 /**< atomic */
} fm_thread;

/** The calling thread's fm_thread, or NULL if it cannot be alerted. */
fm_thread *fm_current_thread(void);

#ifdef __cplusplus
}
#endif

#endif
