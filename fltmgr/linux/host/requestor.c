/* SPDX-License-Identifier: Apache-2.0 */
#include "requestor.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../kernel/process.h"
#include "core_threads.h"
#include "identity.h"

/* Since Linux 6.9 each process has an inode of its own in pidfs, which costs less to ask for than its start time. */
static uint64_t pidfs_inode(pid_t pid) {
    static const long pidfs_magic = 0x50494446;
    static int is_pidfs = -1;
    int known = __atomic_load_n(&is_pidfs, __ATOMIC_RELAXED);
    if (known == 0) {
        return 0;
    }
    int descriptor = (int)syscall(SYS_pidfd_open, pid, 0);
    if (descriptor < 0) {
        return 0;
    }
    if (known < 0) {
        struct statfs file_system;
        known = fstatfs(descriptor, &file_system) == 0 && file_system.f_type == pidfs_magic;
        __atomic_store_n(&is_pidfs, known, __ATOMIC_RELAXED);
    }
    struct stat status;
    uint64_t inode = known && fstat(descriptor, &status) == 0 ? status.st_ino : 0;
    (void)close(descriptor);
    return inode;
}

uint64_t fm_process_key(pid_t pid) {
    if (pid <= 0) {
        return 0;
    }
    uint64_t inode = pidfs_inode(pid);
    return inode != 0 ? inode : fm_process_start_key(pid);
}

static struct fm_identity *make(pid_t pid, const struct fm_credentials *credentials) {
    struct fm_identity *identity = calloc(1, sizeof(*identity));
    if (identity == NULL) {
        return NULL;
    }
    identity->references = 1;
    identity->pidfd = -1;
    fm_requestor *requestor = &identity->requestor;
    requestor->process_id = (uint64_t)pid;
    requestor->thread_id = (uint64_t)pid;
    requestor->process_key = fm_process_key(pid);
    struct fm_sids sids = {.count = 0};
    bool complete = credentials == NULL || fm_sids_of(credentials, geteuid(), &sids);
    identity->sids = sids.sids;
    requestor->sids = sids.sids;
    requestor->sid_count = (uint32_t)sids.count;
    requestor->process = complete ? fm_process_acquire((uint64_t)pid, requestor->process_key) : NULL;
    requestor->thread = requestor->process != NULL ? fm_thread_object_create(requestor->process, (uint64_t)pid) : NULL;
    if (requestor->thread == NULL) {
        fm_identity_release(identity);
        errno = ENOMEM;
        return NULL;
    }
    return identity;
}

struct fm_identity *fm_identity_of_peer(int socket) {
    struct fm_credentials credentials;
    pid_t pid;
    if (fm_credentials_of_peer(socket, &credentials, &pid) != 0) {
        return NULL;
    }
    struct fm_identity *identity = make(pid, &credentials);
    fm_credentials_fini(&credentials);
    return identity;
}

/*
 * Who has opened something will soon open something else. What is known of a process is kept with a descriptor that goes
 * on meaning this process, whoever gets its number afterwards.
 */
enum { places = 64 };

static struct {
    pthread_mutex_t lock;
    struct fm_identity *places[places];
} openers = {.lock = PTHREAD_MUTEX_INITIALIZER};

static bool lives(int pidfd) {
    return syscall(SYS_pidfd_send_signal, pidfd, 0, NULL, 0) == 0 || errno == EPERM;
}

static struct fm_identity *recall(pid_t pid) {
    pthread_mutex_lock(&openers.lock);
    struct fm_identity *identity = openers.places[pid % places];
    if (identity != NULL && identity->requestor.process_id == (uint64_t)pid) {
        fm_identity_reference(identity);
    } else {
        identity = NULL;
    }
    pthread_mutex_unlock(&openers.lock);
    if (identity != NULL && !lives(identity->pidfd)) {
        fm_identity_release(identity);
        identity = NULL;
    }
    return identity;
}

static struct fm_identity *put(pid_t pid, struct fm_identity *identity) {
    pthread_mutex_lock(&openers.lock);
    struct fm_identity *former = openers.places[pid % places];
    openers.places[pid % places] = identity;
    pthread_mutex_unlock(&openers.lock);
    return former;
}

static void remember(pid_t pid, struct fm_identity *identity) {
    uint64_t key = identity->requestor.process_key;
    identity->pidfd = key == 0 ? -1 : (int)syscall(SYS_pidfd_open, pid, 0);
    /* Between the key and the descriptor the number may have become another process's. */
    if (identity->pidfd >= 0 && fm_process_key(pid) == key && lives(identity->pidfd)) {
        fm_identity_reference(identity);
        fm_identity_release(put(pid, identity));
    }
}

struct fm_identity *fm_identity_of_opener(pid_t pid) {
    if (pid <= 0) {
        return make(pid, NULL);
    }
    struct fm_identity *identity = recall(pid);
    if (identity == NULL) {
        identity = make(pid, NULL);
        if (identity != NULL) {
            remember(pid, identity);
        }
    }
    return identity;
}

struct fm_identity *fm_identity_of_user(pid_t pid, uid_t uid, gid_t gid) {
    struct fm_credentials credentials = {.uid = uid, .gid = gid};
    return make(pid, &credentials);
}

void fm_identity_reference(struct fm_identity *identity) {
    __atomic_add_fetch(&identity->references, 1, __ATOMIC_RELAXED);
}

void fm_identity_release(struct fm_identity *identity) {
    if (identity == NULL || __atomic_sub_fetch(&identity->references, 1, __ATOMIC_ACQ_REL) != 0) {
        return;
    }
    if (identity->requestor.thread != NULL) {
        fm_object_dereference(identity->requestor.thread);
    }
    if (identity->requestor.process != NULL) {
        fm_object_dereference(identity->requestor.process);
    }
    if (identity->pidfd >= 0) {
        (void)close(identity->pidfd);
    }
    free(identity->sids);
    free(identity);
}

static fm_requestor system_requestor = {.kernel = true};

void fm_requestors_init(void) {
    pid_t pid = getpid();
    system_requestor.process_id = (uint64_t)pid;
    system_requestor.thread_id = (uint64_t)pid;
    system_requestor.process_key = fm_process_key(pid);
    system_requestor.process = fm_process_acquire((uint64_t)pid, system_requestor.process_key);
    system_requestor.thread = fm_thread_object_create(system_requestor.process, (uint64_t)pid);
}

void fm_requestors_fini(void) {
    for (pid_t place = 0; place < places; place++) {
        fm_identity_release(put(place, NULL));
    }
    if (system_requestor.process != NULL) {
        fm_object_dereference(system_requestor.thread);
        fm_object_dereference(system_requestor.process);
        system_requestor.process = NULL;
        system_requestor.thread = NULL;
    }
}

const fm_requestor *fm_system_requestor(void) {
    return &system_requestor;
}
