/* SPDX-License-Identifier: Apache-2.0 */
#include "verdict_cache.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/fanotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../host/log.h"

#ifndef FAN_MARK_EVICTABLE
#define FAN_MARK_EVICTABLE 0x00000200
#endif

static const uint64_t both = FAN_OPEN_PERM | FAN_OPEN_EXEC_PERM;
static const uint64_t changes = FAN_MODIFY | FAN_CLOSE_WRITE | FAN_ATTRIB | FAN_MOVE_SELF | FAN_DELETE_SELF;
/* Ignored in passing: whether it can be taken away again tells whether there is a mark. No event of the group's. */
static const uint64_t probe = FAN_CLOSE_NOWRITE;

struct fm_retained {
    struct fm_retained *next;  /* in its bucket */
    struct fm_retained *newer; /* among those kept */
    struct fm_retained *older;
    uint64_t changes; /* reports of the second group */
    uint64_t mask;    /* permissions that the kernel does not ask for; 0: not kept */
    unsigned users;   /* opens under way */
    bool watched;
    struct file_handle handle; /* last: has bytes behind it */
};

static void count(_Atomic uint64_t *counter) {
    atomic_fetch_add_explicit(counter, 1, memory_order_relaxed);
}

static enum fm_retain_result refuse(struct fm_verdict_cache *cache, enum fm_retain_result result) {
    struct fm_cache_counters *counters = &cache->counters;
    switch (result) {
    case FM_RETAIN_WRITABLE:
        count(&counters->refused_writable);
        break;
    case FM_RETAIN_WRITER:
        count(&counters->refused_writer);
        break;
    case FM_RETAIN_CHANGED:
        count(&counters->refused_changed);
        break;
    case FM_RETAIN_DROPPED:
        count(&counters->refused_dropped);
        break;
    case FM_RETAIN_FULL:
        count(&counters->refused_full);
        break;
    default:
        count(&counters->refused_unsupported);
        break;
    }
    return result;
}

/* The table: with the lock held --------------------------------------------------------------------------------------- */

static struct fm_retained **bucket_of(struct fm_verdict_cache *cache, const struct file_handle *handle) {
    uint64_t hash = 0xcbf29ce484222325u ^ (uint64_t)(uint32_t)handle->handle_type; /* FNV-1a */
    for (unsigned i = 0; i < handle->handle_bytes; i++) {
        hash = (hash ^ handle->f_handle[i]) * 0x100000001b3u;
    }
    return &cache->buckets[(hash ^ hash >> 32) % FM_CACHE_BUCKETS];
}

static struct fm_retained *find(struct fm_verdict_cache *cache, const struct file_handle *handle) {
    struct fm_retained *file = *bucket_of(cache, handle);
    while (file != NULL &&
           (file->handle.handle_type != handle->handle_type || file->handle.handle_bytes != handle->handle_bytes ||
            memcmp(file->handle.f_handle, handle->f_handle, handle->handle_bytes) != 0)) {
        file = file->next;
    }
    return file;
}

static struct fm_retained *add(struct fm_verdict_cache *cache, const struct file_handle *handle) {
    struct fm_retained *file = calloc(1, sizeof(*file) + handle->handle_bytes);
    if (file != NULL) {
        struct fm_retained **bucket = bucket_of(cache, handle);
        memcpy(&file->handle, handle, sizeof(*handle) + handle->handle_bytes);
        file->next = *bucket;
        *bucket = file;
        cache->files++;
    }
    return file;
}

static void free_file(struct fm_verdict_cache *cache, struct fm_retained *file) {
    struct fm_retained **link = bucket_of(cache, &file->handle);
    while (*link != file) {
        link = &(*link)->next;
    }
    *link = file->next;
    cache->files--;
    free(file);
}

static void link_newest(struct fm_verdict_cache *cache, struct fm_retained *file) {
    file->newer = NULL;
    file->older = cache->newest;
    *(file->older != NULL ? &file->older->newer : &cache->oldest) = file;
    cache->newest = file;
    count(&cache->counters.entries);
}

static void unlink_kept(struct fm_verdict_cache *cache, struct fm_retained *file) {
    *(file->older != NULL ? &file->older->newer : &cache->oldest) = file->newer;
    *(file->newer != NULL ? &file->newer->older : &cache->newest) = file->older;
    file->mask = 0;
    atomic_fetch_sub_explicit(&cache->counters.entries, 1, memory_order_relaxed);
}

/* Marks --------------------------------------------------------------------------------------------------------------- */

/* A file for fanotify_mark: a descriptor, or, when path is not NULL, a path. */
struct target {
    int descriptor;
    const char *path;
};

static int unignore(const struct fm_verdict_cache *cache, struct target file, uint64_t mask) {
    return fanotify_mark(cache->group, FAN_MARK_REMOVE | FAN_MARK_IGNORED_MASK, mask, file.descriptor, file.path);
}

static int unwatch(const struct fm_verdict_cache *cache, struct target file) {
    return fanotify_mark(cache->watch, FAN_MARK_REMOVE, changes, file.descriptor, file.path);
}

/* Marks, evictable where the kernel has that. */
static int mark(struct fm_verdict_cache *cache, int group, unsigned flags, uint64_t mask, int descriptor) {
    int result = fanotify_mark(group, FAN_MARK_ADD | flags | (unsigned)cache->evictable, mask, descriptor, NULL);
    if (result != 0 && errno == EINVAL && cache->evictable != 0) {
        cache->evictable = 0;
        result = fanotify_mark(group, FAN_MARK_ADD | flags, mask, descriptor, NULL);
    }
    return result;
}

/*
 * Takes both marks off a file of which only the handle is known. O_PATH opens nothing: no permission event. False: they may be
 * there still.
 */
static bool strip(struct fm_verdict_cache *cache, struct fm_retained *file, bool keep_watch) {
    int descriptor = open_by_handle_at(cache->mount, &file->handle, O_PATH | O_CLOEXEC);
    if (descriptor < 0) {
        return errno == ESTALE || errno == ENOENT; /* there is no such inode any more, hence no mark */
    }
    char path[40];
    (void)snprintf(path, sizeof(path), "/proc/self/fd/%d", descriptor);
    struct target target = {AT_FDCWD, path};
    bool stripped = unignore(cache, target, both) == 0 || errno == ENOENT;
    if (!keep_watch) {
        (void)unwatch(cache, target);
        file->watched = false;
    }
    (void)close(descriptor);
    return stripped;
}

static void drop_locked(struct fm_verdict_cache *cache) {
    atomic_fetch_add_explicit(&cache->drops, 1, memory_order_relaxed);
    if (!cache->open) {
        return;
    }
    count(&cache->counters.drops);
    if (cache->flush) {
        (void)fanotify_mark(cache->group, FAN_MARK_FLUSH, 0, AT_FDCWD, NULL);
    }
    while (cache->oldest != NULL) {
        struct fm_retained *file = cache->oldest;
        if (!cache->flush && !strip(cache, file, false)) {
            fm_log("a verdict could not be taken back: open_by_handle_at: %s", fm_errno_text(errno));
        }
        unlink_kept(cache, file);
        count(&cache->counters.dropped);
        if (file->users == 0) {
            free_file(cache, file);
        }
    }
    /* Who is under way has an old number of drops and keeps nothing; who comes watches anew. */
    (void)fanotify_mark(cache->watch, FAN_MARK_FLUSH, 0, AT_FDCWD, NULL);
    for (unsigned i = 0; i < FM_CACHE_BUCKETS; i++) {
        for (struct fm_retained *file = cache->buckets[i]; file != NULL; file = file->next) {
            file->watched = false;
        }
    }
}

/* Forgets one file; if that cannot be done, all. */
static void forget(struct fm_verdict_cache *cache, struct fm_retained *file, _Atomic uint64_t *counter) {
    if (!strip(cache, file, file->users != 0)) {
        drop_locked(cache);
        return;
    }
    unlink_kept(cache, file);
    count(counter);
    if (file->users == 0) {
        free_file(cache, file);
    }
}

/* Reports ------------------------------------------------------------------------------------------------------------- */

static void take_report(struct fm_verdict_cache *cache, const struct fanotify_event_metadata *event) {
    if ((event->mask & FAN_Q_OVERFLOW) != 0) {
        count(&cache->counters.overflows);
        drop_locked(cache);
        return;
    }
    const struct fanotify_event_info_fid *info = (const struct fanotify_event_info_fid *)(event + 1);
    if (event->event_len < sizeof(*event) + sizeof(*info) || info->hdr.info_type != FAN_EVENT_INFO_TYPE_FID) {
        return;
    }
    struct fm_retained *file = find(cache, (const struct file_handle *)info->handle);
    if (file == NULL) {
        return; /* forgotten already */
    }
    file->changes++;
    if ((event->mask & FAN_DELETE_SELF) != 0) { /* the inode has gone, and its marks with it */
        if (file->mask != 0) {
            unlink_kept(cache, file);
            count(&cache->counters.invalidated);
        }
        if (file->users == 0) {
            free_file(cache, file);
        }
    } else if (file->mask != 0) {
        forget(cache, file, &cache->counters.invalidated);
    }
}

/* Takes all reports there are. The kernel queues a report before the change's system call returns. */
static void take_reports(struct fm_verdict_cache *cache) {
    _Alignas(struct fanotify_event_metadata) char buffer[4096];
    ssize_t length;
    while ((length = read(cache->watch, buffer, sizeof(buffer))) > 0) {
        const struct fanotify_event_metadata *event = (const struct fanotify_event_metadata *)buffer;
        while (FAN_EVENT_OK(event, length)) {
            take_report(cache, event);
            event = FAN_EVENT_NEXT(event, length);
        }
    }
}

static void *watch_main(void *argument) {
    struct fm_verdict_cache *cache = argument;
    pthread_setname_np(pthread_self(), "fm-cache");
    struct pollfd polls[2] = {{.fd = cache->watch, .events = POLLIN}, {.fd = cache->bell, .events = POLLIN}};
    while (polls[1].revents == 0) {
        if (poll(polls, 2, -1) > 0 && polls[0].revents != 0) {
            pthread_mutex_lock(&cache->lock);
            take_reports(cache);
            pthread_mutex_unlock(&cache->lock);
        }
    }
    return NULL;
}

/* One open ------------------------------------------------------------------------------------------------------------ */

/*
 * The kernel's change cookie is not shown to programs; ctime and mtime stand in for it. They can be as coarse as the clock's tick,
 * which is why the reports are looked at too.
 */
static bool read_state(int descriptor, struct fm_file_state *state) {
    struct statx status;
    memset(state, 0, sizeof(*state));
    if (statx(descriptor, "", AT_EMPTY_PATH, STATX_BASIC_STATS, &status) != 0 || status.stx_nlink == 0) {
        return false;
    }
    state->inode = status.stx_ino;
    state->size = status.stx_size;
    state->changed_s = status.stx_ctime.tv_sec;
    state->changed_ns = status.stx_ctime.tv_nsec;
    state->modified_s = status.stx_mtime.tv_sec;
    state->modified_ns = status.stx_mtime.tv_nsec;
    state->mode = status.stx_mode;
    state->owner = status.stx_uid;
    return true;
}

/* Whom an access control list lets write shows in the group's bits: they are its mask. */
static bool only_trusted_may_write(const struct fm_file_state *state) {
    return (state->owner == 0 || state->owner == geteuid()) && (state->mode & (S_IWGRP | S_IWOTH)) == 0;
}

static struct fm_retained *watch_file(struct fm_verdict_cache *cache, int descriptor, enum fm_retain_result *result) {
    union {
        struct file_handle handle;
        char storage[sizeof(struct file_handle) + MAX_HANDLE_SZ];
    } u;
    int mount_id;
    memset(&u, 0, sizeof(u));
    u.handle.handle_bytes = MAX_HANDLE_SZ;
    *result = FM_RETAIN_UNSUPPORTED;
    if (name_to_handle_at(descriptor, "", &u.handle, &mount_id, AT_EMPTY_PATH) != 0) {
        return NULL;
    }
    struct fm_retained *file = find(cache, &u.handle);
    if (file == NULL) {
        if (cache->files >= cache->most && cache->oldest != NULL) {
            forget(cache, cache->oldest, &cache->counters.evicted);
        }
        if (cache->files >= cache->most) {
            *result = FM_RETAIN_FULL;
            return NULL;
        }
        file = add(cache, &u.handle);
        if (file == NULL) {
            return NULL;
        }
    }
    /* Who asks about a file that is kept has found no mark: with its inode it may have left memory, and the watch with it. */
    if ((!file->watched || file->mask != 0) && mark(cache, cache->watch, 0, changes, descriptor) != 0) {
        if (file->users == 0) {
            free_file(cache, file);
        }
        return NULL;
    }
    file->watched = true;
    file->users++;
    *result = FM_RETAIN_OK;
    return file;
}

static uint64_t drops_of(const struct fm_verdict_cache *cache) {
    return atomic_load_explicit(&cache->drops, memory_order_relaxed);
}

void fm_verdict_cache_prepare(struct fm_verdict_cache *cache, struct fm_retention *retention, uint64_t mask) {
    *retention =
        (struct fm_retention){.drops = atomic_load_explicit(&cache->drops, memory_order_acquire), .mask = mask & both};
}

enum fm_retain_result fm_verdict_cache_begin(struct fm_verdict_cache *cache, struct fm_retention *retention,
                                             int descriptor) {
    if (retention->file != NULL) {
        return FM_RETAIN_OK;
    }
    if (retention->mask == 0 || !read_state(descriptor, &retention->state) || !S_ISREG(retention->state.mode)) {
        return refuse(cache, FM_RETAIN_UNSUPPORTED);
    }
    if (!only_trusted_may_write(&retention->state)) {
        return refuse(cache, FM_RETAIN_WRITABLE);
    }
    enum fm_retain_result result = FM_RETAIN_UNSUPPORTED;
    pthread_mutex_lock(&cache->lock);
    if (cache->open && retention->drops != drops_of(cache)) {
        result = FM_RETAIN_DROPPED;
    } else if (cache->open) {
        retention->file = watch_file(cache, descriptor, &result);
        if (retention->file != NULL) {
            take_reports(cache); /* of what was before */
            retention->changes = retention->file->changes;
        }
    }
    pthread_mutex_unlock(&cache->lock);
    return result == FM_RETAIN_OK ? result : refuse(cache, result);
}

static bool changed(struct fm_verdict_cache *cache, const struct fm_retention *retention, int descriptor) {
    struct fm_file_state now;
    take_reports(cache);
    return !read_state(descriptor, &now) || memcmp(&now, &retention->state, sizeof(now)) != 0 ||
           retention->file->changes != retention->changes;
}

/* Places the mark and looks whether it is there. */
static enum fm_retain_result ignore(struct fm_verdict_cache *cache, uint64_t mask, int descriptor) {
    struct target target = {descriptor, NULL};
    (void)unignore(cache, target, both); /* what a write has left of an earlier one */
    if (mark(cache, cache->group, FAN_MARK_IGNORED_MASK, mask | probe, descriptor) != 0) {
        return FM_RETAIN_UNSUPPORTED;
    }
    return unignore(cache, target, probe) == 0 ? FM_RETAIN_OK : FM_RETAIN_WRITER;
}

static enum fm_retain_result keep(struct fm_verdict_cache *cache, struct fm_retention *retention, int descriptor) {
    struct fm_retained *file = retention->file;
    if (retention->drops != drops_of(cache)) {
        return FM_RETAIN_DROPPED;
    }
    if (changed(cache, retention, descriptor)) {
        return FM_RETAIN_CHANGED;
    }
    if (retention->drops != drops_of(cache)) { /* reports were lost */
        return FM_RETAIN_DROPPED;
    }
    const bool was_kept = file->mask != 0;
    const uint64_t mask = file->mask | retention->mask;
    enum fm_retain_result result = ignore(cache, mask, descriptor);
    if (result == FM_RETAIN_OK && changed(cache, retention, descriptor)) {
        result = FM_RETAIN_CHANGED;
    }
    if (result == FM_RETAIN_OK && retention->drops != drops_of(cache)) {
        result = FM_RETAIN_DROPPED;
    }
    if (result != FM_RETAIN_OK) {
        (void)unignore(cache, (struct target){descriptor, NULL}, both);
        if (file->mask != 0) {
            unlink_kept(cache, file);
            count(&cache->counters.invalidated);
        }
        return result;
    }
    if (!was_kept) {
        link_newest(cache, file);
        count(&cache->counters.kept);
    }
    file->mask = mask;
    retention->kept = true;
    return FM_RETAIN_OK;
}

enum fm_retain_result fm_verdict_cache_keep(struct fm_verdict_cache *cache, struct fm_retention *retention,
                                            int descriptor) {
    if (retention->file == NULL) {
        return FM_RETAIN_UNSUPPORTED; /* refused and counted already */
    }
    pthread_mutex_lock(&cache->lock);
    enum fm_retain_result result = keep(cache, retention, descriptor);
    pthread_mutex_unlock(&cache->lock);
    return result == FM_RETAIN_OK ? result : refuse(cache, result);
}

void fm_verdict_cache_end(struct fm_verdict_cache *cache, struct fm_retention *retention, int descriptor,
                          bool allowed) {
    struct fm_retained *file = retention->file;
    if (file == NULL) {
        return;
    }
    struct target target = {descriptor, NULL};
    pthread_mutex_lock(&cache->lock);
    if (retention->kept && !allowed && file->mask != 0) {
        (void)unignore(cache, target, both);
        unlink_kept(cache, file);
        count(&cache->counters.invalidated);
    }
    if (--file->users == 0 && file->mask == 0) {
        if (file->watched) {
            (void)unwatch(cache, target);
        }
        free_file(cache, file);
    }
    pthread_mutex_unlock(&cache->lock);
    retention->file = NULL;
}

/* The whole ----------------------------------------------------------------------------------------------------------- */

void fm_verdict_cache_drop(struct fm_verdict_cache *cache) {
    pthread_mutex_lock(&cache->lock);
    drop_locked(cache);
    pthread_mutex_unlock(&cache->lock);
}

void fm_verdict_cache_init(struct fm_verdict_cache *cache) {
    memset(cache, 0, sizeof(*cache));
    pthread_mutex_init(&cache->lock, NULL);
    cache->group = cache->watch = cache->mount = cache->bell = -1;
}

void fm_verdict_cache_fini(struct fm_verdict_cache *cache) {
    pthread_mutex_destroy(&cache->lock);
}

bool fm_verdict_cache_open(struct fm_verdict_cache *cache, int group, bool flush, int mount, uint32_t most) {
    if (most == 0) {
        return false;
    }
    cache->group = group;
    cache->flush = flush;
    cache->mount = mount;
    cache->most = most;
    cache->evictable = FAN_MARK_EVICTABLE;
    cache->watch = fanotify_init(FAN_CLASS_NOTIF | FAN_REPORT_FID | FAN_UNLIMITED_MARKS | FAN_CLOEXEC | FAN_NONBLOCK,
                                 O_RDONLY | O_LARGEFILE | O_CLOEXEC);
    cache->bell = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (cache->watch < 0 || cache->bell < 0 || pthread_create(&cache->thread, NULL, watch_main, cache) != 0) {
        fm_log("verdicts are not kept here: no group that reports files by handle: %s", fm_errno_text(errno));
        fm_verdict_cache_close(cache);
        return false;
    }
    pthread_mutex_lock(&cache->lock);
    cache->open = true;
    pthread_mutex_unlock(&cache->lock);
    return true;
}

void fm_verdict_cache_close(struct fm_verdict_cache *cache) {
    pthread_mutex_lock(&cache->lock);
    bool open = cache->open;
    drop_locked(cache);
    cache->open = false;
    pthread_mutex_unlock(&cache->lock);
    if (open) {
        uint64_t one = 1;
        ssize_t written = write(cache->bell, &one, sizeof(one));
        (void)written;
        (void)pthread_join(cache->thread, NULL);
    }
    if (cache->watch >= 0) {
        (void)close(cache->watch);
    }
    if (cache->bell >= 0) {
        (void)close(cache->bell);
    }
    cache->watch = cache->bell = -1;
}
