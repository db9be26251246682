/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FLTMGR_LINUX_HOST_REQUESTOR_H
#define FLTMGR_LINUX_HOST_REQUESTOR_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "../../core/platform.h"

/*
 * Requestors: on whose behalf driver code runs. Reference counted and constant once made; thread-safe.
 * While a thread works for one, fm_impersonate(&identity->requestor) says so and the caller keeps a reference.
 */
struct fm_identity {
    fm_requestor requestor;
    /* the rest is private to requestor.c */
    void *sids;
    int pidfd; /* of a remembered opener; -1 */
    int references;
};

/** In the host process, before driver code runs; and after the last has run. */
void fm_requestors_init(void);
void fm_requestors_fini(void);

/** Of the peer of a connected Unix socket, with its user and groups. NULL with errno. */
struct fm_identity *fm_identity_of_peer(int socket);

/**
 * Of a process whose operation is gated: pid, process and thread objects, no SIDs. NULL with errno. The last few are
 * remembered, as long as the process lives.
 */
struct fm_identity *fm_identity_of_opener(pid_t pid);

/** As given: for operations issued through the direct volume. NULL with errno. */
struct fm_identity *fm_identity_of_user(pid_t pid, uid_t uid, gid_t gid);

void fm_identity_reference(struct fm_identity *identity);
/** NULL is ignored. */
void fm_identity_release(struct fm_identity *identity);

/** Tells two processes with the same pid apart; 0 when there is no such process (any more). */
uint64_t fm_process_key(pid_t pid);

#endif
