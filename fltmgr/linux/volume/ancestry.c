/* SPDX-License-Identifier: Apache-2.0 */
#include "ancestry.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static long path_of(int descriptor, char *path, size_t capacity) {
    char link[40];
    (void)snprintf(link, sizeof(link), "/proc/self/fd/%d", descriptor);
    ssize_t length = readlink(link, path, capacity - 1);
    if (length >= 0) {
        path[length] = '\0';
        if ((size_t)length == capacity - 1) {
            errno = ENAMETOOLONG;
            return -1;
        }
    }
    return length;
}

static bool same_mount(const struct fm_ancestry *ancestry, int descriptor) {
    struct statx status;
    return statx(descriptor, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_MNT_ID, &status) == 0 &&
           (status.stx_mask & STATX_MNT_ID) != 0 && status.stx_mnt_id == ancestry->mount_id;
}

static bool is_below(const char *path, const char *directory) {
    size_t length = strlen(directory);
    if (length == 1) { /* "/" */
        return true;
    }
    return strncmp(path, directory, length) == 0 && (path[length] == '/' || path[length] == '\0');
}

/* Whether the mount shows the root of its file system: field 4 of its line in mountinfo. */
static bool mount_shows_whole_file_system(uint64_t mount_id) {
    FILE *file = fopen("/proc/self/mountinfo", "re");
    if (file == NULL) {
        return false;
    }
    char *line = NULL;
    size_t capacity = 0;
    bool whole = false;
    while (getline(&line, &capacity, file) > 0) {
        unsigned long long id;
        char root[4];
        if (sscanf(line, "%llu %*s %*s %3s", &id, root) == 2 && id == mount_id) {
            whole = strcmp(root, "/") == 0;
            break;
        }
    }
    free(line);
    (void)fclose(file);
    return whole;
}

int fm_ancestry_init(struct fm_ancestry *ancestry, const char *directory) {
    *ancestry = (struct fm_ancestry){.directory = -1, .mount = -1};
    struct statx status;
    ancestry->directory = open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
    ancestry->mount = ancestry->directory < 0 ? -1 : open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (ancestry->mount < 0 ||
        statx(ancestry->directory, "", AT_EMPTY_PATH, STATX_BASIC_STATS | STATX_MNT_ID, &status) != 0) {
        int error = errno;
        fm_ancestry_fini(ancestry);
        errno = error;
        return -1;
    }
    ancestry->mount_id = status.stx_mnt_id;
    ancestry->whole =
        (status.stx_attributes & STATX_ATTR_MOUNT_ROOT) != 0 && mount_shows_whole_file_system(ancestry->mount_id);
    return 0;
}

void fm_ancestry_fini(struct fm_ancestry *ancestry) {
    if (ancestry->directory >= 0) {
        (void)close(ancestry->directory);
    }
    if (ancestry->mount >= 0) {
        (void)close(ancestry->mount);
    }
    ancestry->directory = -1;
    ancestry->mount = -1;
}

enum fm_ancestry_answer fm_ancestry_ask(const struct fm_ancestry *ancestry, int descriptor) {
    if (ancestry->whole) {
        return FM_ANCESTRY_INSIDE;
    }
    if (!same_mount(ancestry, descriptor)) {
        return FM_ANCESTRY_FOREIGN_MOUNT;
    }
    /* Both are read each time: somebody may rename the directory or one above it. */
    char path[PATH_MAX + 16];
    char directory[PATH_MAX + 16];
    if (path_of(descriptor, path, sizeof(path)) < 0 || path_of(ancestry->directory, directory, sizeof(directory)) < 0) {
        return FM_ANCESTRY_INSIDE;
    }
    return is_below(path, directory) ? FM_ANCESTRY_INSIDE : FM_ANCESTRY_OUTSIDE;
}

static int reopen_through_our_mount(const struct fm_ancestry *ancestry, int descriptor) {
    union {
        struct file_handle handle;
        char storage[sizeof(struct file_handle) + MAX_HANDLE_SZ];
    } u;
    int mount_id;
    memset(&u, 0, sizeof(u));
    u.handle.handle_bytes = MAX_HANDLE_SZ;
    if (name_to_handle_at(descriptor, "", &u.handle, &mount_id, AT_EMPTY_PATH) != 0) {
        return -1;
    }
    return open_by_handle_at(ancestry->mount, &u.handle, O_PATH | O_CLOEXEC);
}

void fm_ancestry_locate(const struct fm_ancestry *ancestry, int descriptor, struct fm_place *place) {
    bool believed = same_mount(ancestry, descriptor);
    int ours = believed ? -1 : reopen_through_our_mount(ancestry, descriptor);
    place->inside = true;
    place->relative = place->path;
    place->path[0] = '\0';
    long length = path_of(ours >= 0 ? ours : descriptor, place->path, sizeof(place->path));
    if (ours >= 0) {
        believed = true;
        (void)close(ours);
    }
    char directory[PATH_MAX + 16];
    if (length < 0 || !believed || path_of(ancestry->directory, directory, sizeof(directory)) < 0) {
        return;
    }
    if (is_below(place->path, directory)) {
        place->relative += directory[1] == '\0' ? 0 : strlen(directory);
    } else {
        place->inside = ancestry->whole;
    }
}
