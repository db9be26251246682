/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FLTMGR_LINUX_HOST_IDENTITY_H
#define FLTMGR_LINUX_HOST_IDENTITY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * Who a Linux process is in Windows' terms.
 *
 *   uid 0            S-1-5-18 (SYSTEM), and the group S-1-5-32-544 (Administrators)
 *   fltmgrd's own    the same: who can run and trace fltmgrd cannot be kept out of its ports
 *   other uids       S-1-22-1-uid, as Samba has it
 *   each group       S-1-22-2-gid
 *   everybody        S-1-1-0 (Everyone) and S-1-5-11 (Authenticated Users)
 *
 * A uid or gid of another user name space counts as the kernel maps it into ours: root in a container is not SYSTEM.
 */

/** Uids and gids of a process at one moment. */
struct fm_credentials {
    uid_t uid;
    gid_t gid;
    size_t group_count;
    gid_t *groups; /* malloc; fm_credentials_fini */
};

/** Of the peer of a connected Unix socket, as they were when it connected. 0 or -1 with errno. */
int fm_credentials_of_peer(int socket, struct fm_credentials *credentials, pid_t *pid);

/** Effective ones of a running process. Opens files of /proc. 0 or -1 with errno. */
int fm_credentials_of_process(pid_t pid, struct fm_credentials *credentials);

void fm_credentials_fini(struct fm_credentials *credentials);

/** Binary SIDs, one malloc: the user first, then the groups. */
struct fm_sids {
    size_t count;
    const void **sids;
};

/** owner: the uid that fltmgrd runs as. False when there is no memory. */
bool fm_sids_of(const struct fm_credentials *credentials, uid_t owner, struct fm_sids *sids);
void fm_sids_fini(struct fm_sids *sids);

/**
 * When the process started, in clock ticks since the machine did: with the pid it names one process, which the pid alone
 * does not. 0 when there is no such process. Opens a file of /proc.
 */
uint64_t fm_process_start_key(pid_t pid);

/** The same as a system time, 100 ns since 1601 UTC; always the same for the same key. */
uint64_t fm_process_start_time(uint64_t start_key);

#endif
