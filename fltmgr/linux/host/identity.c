/* SPDX-License-Identifier: Apache-2.0 */
#include "identity.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "log.h"

enum { longest_sid = 8 + 4 * 2 };

int fm_credentials_of_peer(int socket, struct fm_credentials *credentials, pid_t *pid) {
    struct ucred peer;
    socklen_t length = sizeof(peer);
    *credentials = (struct fm_credentials){.groups = NULL};
    if (getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &length) != 0) {
        return -1;
    }
    *pid = peer.pid;
    credentials->uid = peer.uid;
    credentials->gid = peer.gid;
    length = 0;
    if (getsockopt(socket, SOL_SOCKET, SO_PEERGROUPS, NULL, &length) != 0 && errno != ERANGE) {
        return -1;
    }
    if (length == 0) {
        return 0;
    }
    credentials->groups = malloc(length);
    if (credentials->groups == NULL) {
        errno = ENOMEM;
        return -1;
    }
    if (getsockopt(socket, SOL_SOCKET, SO_PEERGROUPS, credentials->groups, &length) != 0) {
        fm_credentials_fini(credentials);
        return -1;
    }
    credentials->group_count = length / sizeof(gid_t);
    return 0;
}

static FILE *open_of_process(pid_t pid, const char *name) {
    char path[48];
    (void)snprintf(path, sizeof(path), "/proc/%d/%s", pid, name);
    return fopen(path, "re");
}

static bool read_groups(char *text, struct fm_credentials *credentials) {
    size_t capacity = 0;
    for (char *number = strtok_r(text, " \t\n", &text); number != NULL; number = strtok_r(NULL, " \t\n", &text)) {
        if (credentials->group_count == capacity) {
            capacity = capacity == 0 ? 16 : capacity * 2;
            gid_t *groups = realloc(credentials->groups, capacity * sizeof(gid_t));
            if (groups == NULL) {
                return false;
            }
            credentials->groups = groups;
        }
        credentials->groups[credentials->group_count++] = (gid_t)strtoul(number, NULL, 10);
    }
    return true;
}

int fm_credentials_of_process(pid_t pid, struct fm_credentials *credentials) {
    *credentials = (struct fm_credentials){.groups = NULL};
    FILE *file = open_of_process(pid, "status");
    if (file == NULL) {
        return -1;
    }
    char *line = NULL;
    size_t capacity = 0;
    unsigned found = 0;
    bool memory = true;
    unsigned effective;
    while (found != 7 && memory && getline(&line, &capacity, file) > 0) {
        if (sscanf(line, "Uid: %*u %u", &effective) == 1) {
            credentials->uid = effective;
            found |= 1;
        } else if (sscanf(line, "Gid: %*u %u", &effective) == 1) {
            credentials->gid = effective;
            found |= 2;
        } else if (strncmp(line, "Groups:", 7) == 0) {
            memory = read_groups(line + 7, credentials);
            found |= 4;
        }
    }
    free(line);
    (void)fclose(file);
    if (found != 7 || !memory) {
        fm_credentials_fini(credentials);
        errno = memory ? ESRCH : ENOMEM;
        return -1;
    }
    return 0;
}

void fm_credentials_fini(struct fm_credentials *credentials) {
    free(credentials->groups);
    credentials->groups = NULL;
    credentials->group_count = 0;
}

static void write_sid(unsigned char *sid, unsigned authority, unsigned count, uint32_t first, uint32_t second) {
    memset(sid, 0, longest_sid);
    sid[0] = 1;
    sid[1] = (unsigned char)count;
    sid[7] = (unsigned char)authority;
    memcpy(sid + 8, &first, sizeof(first));
    memcpy(sid + 12, &second, sizeof(second));
}

bool fm_sids_of(const struct fm_credentials *credentials, uid_t owner, struct fm_sids *sids) {
    size_t most = credentials->group_count + 6;
    void *memory = malloc(most * (sizeof(void *) + longest_sid));
    if (memory == NULL) {
        *sids = (struct fm_sids){.count = 0};
        return false;
    }
    sids->sids = memory;
    unsigned char *next = (unsigned char *)memory + most * sizeof(void *);
    size_t count = 0;
    for (size_t i = 0; i < most; i++) {
        sids->sids[i] = next + i * longest_sid;
    }
#define NEXT ((unsigned char *)next + count++ * longest_sid)
    if (credentials->uid == 0 || credentials->uid == owner) {
        write_sid(NEXT, 5, 1, 18, 0);
        write_sid(NEXT, 5, 2, 32, 544);
    }
    if (credentials->uid != 0) {
        write_sid(NEXT, 22, 2, 1, credentials->uid);
    }
    write_sid(NEXT, 1, 1, 0, 0);
    write_sid(NEXT, 5, 1, 11, 0);
    write_sid(NEXT, 22, 2, 2, credentials->gid);
    for (size_t i = 0; i < credentials->group_count; i++) {
        if (credentials->groups[i] != credentials->gid) {
            write_sid(NEXT, 22, 2, 2, credentials->groups[i]);
        }
    }
#undef NEXT
    sids->count = count;
    return true;
}

void fm_sids_fini(struct fm_sids *sids) {
    free(sids->sids);
    sids->sids = NULL;
    sids->count = 0;
}

uint64_t fm_process_start_key(pid_t pid) {
    char path[32];
    char text[1024];
    (void)snprintf(path, sizeof(path), "/proc/%d/stat", pid);
    int descriptor = pid <= 0 ? -1 : open(path, O_RDONLY | O_CLOEXEC);
    if (descriptor < 0) {
        return 0;
    }
    ssize_t length = read(descriptor, text, sizeof(text) - 1);
    (void)close(descriptor);
    if (length <= 0) {
        return 0;
    }
    text[length] = '\0';
    /* The name in parentheses may hold anything, so count fields from the last one: field 3 follows it. */
    const char *field = strrchr(text, ')');
    for (int number = 2; field != NULL && number < 22; number++) {
        field = strchr(field + 1, ' ');
    }
    return field == NULL ? 0 : strtoull(field + 1, NULL, 10);
}

static int64_t boot_time;

static void read_boot_time(void) {
    struct timespec wall;
    struct timespec boot;
    (void)clock_gettime(CLOCK_REALTIME, &wall);
    (void)clock_gettime(CLOCK_BOOTTIME, &boot);
    boot_time = (wall.tv_sec - boot.tv_sec) * INT64_C(10000000) + (wall.tv_nsec - boot.tv_nsec) / 100 +
                INT64_C(116444736000000000);
}

uint64_t fm_process_start_time(uint64_t start_key) {
    /* Once: the system clock moves, and drivers compare these times to know a process again. */
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    (void)pthread_once(&once, read_boot_time);
    return (uint64_t)boot_time + start_key * (UINT64_C(10000000) / (uint64_t)sysconf(_SC_CLK_TCK));
}
