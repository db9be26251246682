/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FLTMGR_LINUX_VOLUME_VERDICT_CACHE_H
#define FLTMGR_LINUX_VOLUME_VERDICT_CACHE_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <time.h>

/*
 * Files whose opens the kernel lets pass without asking, because the filters have allowed them by content: an ignore mark
 * on the permission group, which the kernel takes away when the file is written or truncated.
 *
 * That alone is not enough: a store into a mapping and a write by io_submit() take no mark away, and what changes between
 * the reading of the content and the mark is not noticed. So a second group watches each such file: from before its
 * content is read (fm_verdict_cache_begin) until it is forgotten. It reports, in the writer's own context,
 * FAN_MODIFY, FAN_CLOSE_WRITE, FAN_ATTRIB, FAN_MOVE_SELF and FAN_DELETE_SELF. The order is
 *
 *   state of the file → watch → filters read and decide → mark → state again, and all reports read → keep, or unmark
 *
 * A writer that came and went in between has left a report; one that still has the file open makes the kernel
 * refuse the mark; one that comes later is reported when it closes. What remains is a store through a mapping, an io_submit() or
 * a loop device's write between a later open for writing and its close: until then the verdict stays. Therefore only files that
 * nobody but root and the host's own user may write are kept.
 *
 * Marks are evictable where the kernel has that: they do not hold inodes in memory.
 */

struct fm_retained;

enum fm_retain_result {
    FM_RETAIN_OK,
    FM_RETAIN_UNSUPPORTED, /* no cache here, no regular file, or it cannot be watched */
    FM_RETAIN_WRITABLE,    /* by somebody who is not trusted */
    FM_RETAIN_WRITER,      /* somebody has it open for writing */
    FM_RETAIN_CHANGED,     /* since it was watched */
    FM_RETAIN_DROPPED,     /* everything was dropped since the open began */
    FM_RETAIN_FULL,
};

/* kept = entries + invalidated + evicted + gone with a drop */
struct fm_cache_counters {
    _Atomic uint64_t kept;                /* marks placed: from then on nobody asks */
    _Atomic uint64_t entries;             /* of these: now */
    _Atomic uint64_t invalidated;         /* taken away by a change */
    _Atomic uint64_t evicted;             /* taken away to make room */
    _Atomic uint64_t dropped;             /* taken away with all others */
    _Atomic uint64_t drops;               /* how often everything was dropped */
    _Atomic uint64_t refused_unsupported; /* and so on: enum fm_retain_result */
    _Atomic uint64_t refused_writable;
    _Atomic uint64_t refused_writer;
    _Atomic uint64_t refused_changed;
    _Atomic uint64_t refused_dropped;
    _Atomic uint64_t refused_full;
    _Atomic uint64_t overflows; /* the kernel lost reports: everything was dropped */
};

struct fm_file_state {
    uint64_t inode;
    uint64_t size;
    int64_t changed_s;
    int64_t modified_s;
    uint32_t changed_ns;
    uint32_t modified_ns;
    uint32_t mode;
    uint32_t owner;
};

/* One open's part in it; on the worker's stack. */
struct fm_retention {
    uint64_t drops;           /* as they were before the filters were chosen */
    uint64_t mask;            /* the permission that was asked for */
    struct fm_retained *file; /* NULL: not begun */
    uint64_t changes;
    struct fm_file_state state;
    bool kept;
};

enum { FM_CACHE_BUCKETS = 4096 };

struct fm_verdict_cache {
    pthread_mutex_t lock; /* held around marks: never taken by the reader */
    pthread_t thread;
    bool open;
    int group;  /* of the gate: where ignore marks are placed */
    int watch;  /* own: reports changes by file handle */
    int mount;  /* for open_by_handle_at */
    int bell;   /* ends the thread */
    bool flush; /* the gate has no mark on an inode: all inode marks of the group are ours */
    uint64_t evictable;
    uint32_t most;
    uint32_t files; /* kept or under way */
    _Atomic uint64_t drops;
    struct fm_retained *oldest; /* of those kept */
    struct fm_retained *newest;
    struct fm_retained *buckets[FM_CACHE_BUCKETS];
    struct fm_cache_counters counters;
};

/** A closed cache: refuses everything. */
void fm_verdict_cache_init(struct fm_verdict_cache *cache);
void fm_verdict_cache_fini(struct fm_verdict_cache *cache);

/**
 * group: of permission events; flush: it has no inode marks of its own. mount: a descriptor on the file system. most: files kept
 * at once, 0: none. False: this kernel or file system cannot report changes by file handle; the cache stays closed.
 */
bool fm_verdict_cache_open(struct fm_verdict_cache *cache, int group, bool flush, int mount, uint32_t most);

/** No open is under way. */
void fm_verdict_cache_close(struct fm_verdict_cache *cache);

/** Before the filters are chosen. mask: FAN_OPEN_PERM or FAN_OPEN_EXEC_PERM. */
void fm_verdict_cache_prepare(struct fm_verdict_cache *cache, struct fm_retention *retention, uint64_t mask);

/** Watches the file from here on. Twice is once. */
enum fm_retain_result fm_verdict_cache_begin(struct fm_verdict_cache *cache, struct fm_retention *retention,
                                             int descriptor);

/** The filters allow: from now on opens of this kind are not asked, if the result is FM_RETAIN_OK. */
enum fm_retain_result fm_verdict_cache_keep(struct fm_verdict_cache *cache, struct fm_retention *retention,
                                            int descriptor);

/** In the end, always. allowed: what the opener gets; without it what was kept is taken back. */
void fm_verdict_cache_end(struct fm_verdict_cache *cache, struct fm_retention *retention, int descriptor, bool allowed);

/** Forgets everything. Thread-safe, also on a closed cache. */
void fm_verdict_cache_drop(struct fm_verdict_cache *cache);

#endif
