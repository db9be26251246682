/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FLTMGR_LINUX_VOLUME_ANCESTRY_H
#define FLTMGR_LINUX_VOLUME_ANCESTRY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Is an opened file below the gated directory?
 *
 * The mark covers the whole file system, because a mark on a mount is walked around with a private mount namespace.
 * So events come for files elsewhere on that file system too, and by mounts this process does not see. A path is
 * believed only if the file was opened through the very mount the gated directory lies on; through any other mount it
 * could be made to read like anything. Then the file is looked up again by its handle through our mount.
 */

enum fm_ancestry_answer { FM_ANCESTRY_INSIDE, FM_ANCESTRY_OUTSIDE, FM_ANCESTRY_FOREIGN_MOUNT };

struct fm_ancestry {
    int directory; /* O_PATH of the gated directory */
    int mount;     /* a readable descriptor on it, for open_by_handle_at */
    uint64_t mount_id;
    bool whole; /* the directory is the root of its file system: everything is inside */
};

/** Opens the directory. 0, or -1 with errno. Call before the directory is gated: it opens files. */
int fm_ancestry_init(struct fm_ancestry *ancestry, const char *directory);
void fm_ancestry_fini(struct fm_ancestry *ancestry);

/** Opens no file, takes no lock; for the reader thread. */
enum fm_ancestry_answer fm_ancestry_ask(const struct fm_ancestry *ancestry, int descriptor);

/** Where a file lies. */
struct fm_place {
    const char
        *relative; /* into path: what follows the directory, "" for itself; the whole path if that is not known */
    bool inside;
    char path[4096 + 16]; /* as this process sees it, zero-terminated; empty when the kernel does not say */
};

/** A file that cannot be looked up counts as inside, with the path it was opened by. May open files. */
void fm_ancestry_locate(const struct fm_ancestry *ancestry, int descriptor, struct fm_place *place);

#endif
