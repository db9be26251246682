/* SPDX-License-Identifier: Apache-2.0 */
#include "volumes.h"

#include "direct_volume.h"
#include "platform/core_platform.h"
#include "platform/identity.h"

struct entry {
    struct entry *next;
    char id[FMW_VOLUME_ID_LENGTH];
    struct fmw_direct_volume *volume;
    ULONG users;
    bool removing;
    fm_waiter unused; /* the last user wakes who removes it */
};

static struct {
    FAST_MUTEX lock;
    struct entry *list;
    ULONG made;
    struct fmw_volume_counters counters;
} volumes;

void fmw_volumes_start(void) {
    ExInitializeFastMutex(&volumes.lock);
}

static void make_id(char id[FMW_VOLUME_ID_LENGTH], ULONG number) {
    static const char prefix[] = "Direct";
    char digits[12];
    ULONG count = 0;
    char *to = id + sizeof(prefix) - 1;
    RtlCopyMemory(id, prefix, sizeof(prefix));
    do {
        digits[count++] = (char)('0' + number % 10);
        number /= 10;
    } while (number != 0);
    while (count != 0) {
        *to++ = digits[--count];
    }
    *to = '\0';
}

NTSTATUS fmw_volumes_add(const char *directory, char id[FMW_VOLUME_ID_LENGTH], const char **text) {
    struct entry *entry = fm_allocate(sizeof(*entry));
    NTSTATUS status;
    if (entry == NULL) {
        *text = "no memory for a volume";
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    ExAcquireFastMutex(&volumes.lock);
    make_id(entry->id, ++volumes.made);
    ExReleaseFastMutex(&volumes.lock);
    fm_waiter_init(&entry->unused);
    status = fmw_direct_volume_create(entry->id, directory, &entry->volume, text);
    if (!NT_SUCCESS(status)) {
        fm_release(entry);
        return status;
    }
    RtlCopyMemory(id, entry->id, sizeof(entry->id));
    ExAcquireFastMutex(&volumes.lock);
    entry->next = volumes.list;
    volumes.list = entry;
    ExReleaseFastMutex(&volumes.lock);
    return STATUS_SUCCESS;
}

/* With the lock held. */
static struct entry *find(const char *id) {
    struct entry *entry = volumes.list;
    while (entry != NULL && (entry->removing || strcmp(entry->id, id) != 0)) {
        entry = entry->next;
    }
    return entry;
}

NTSTATUS fmw_volumes_remove(const char *id) {
    const fm_deadline forever = {FM_FOREVER, 0};
    struct entry **link = &volumes.list;
    struct entry *entry;
    bool used = false;

    ExAcquireFastMutex(&volumes.lock);
    entry = find(id);
    if (entry != NULL) {
        entry->removing = true;
        used = entry->users != 0;
    }
    ExReleaseFastMutex(&volumes.lock);
    if (entry == NULL) {
        return STATUS_FLT_VOLUME_NOT_FOUND;
    }
    if (used) {
        (void)fm_waiter_wait(&entry->unused, &forever);
    }
    fmw_direct_volume_destroy(entry->volume);
    ExAcquireFastMutex(&volumes.lock);
    while (*link != entry) {
        link = &(*link)->next;
    }
    *link = entry->next;
    ExReleaseFastMutex(&volumes.lock);
    fm_waiter_fini(&entry->unused);
    fm_release(entry);
    return STATUS_SUCCESS;
}

static bool parse_access(const char *access, struct fmw_direct_open *open) {
    if (*access == '\0') {
        return false;
    }
    for (; *access != '\0'; access++) {
        switch (*access) {
        case 'r':
            open->read = true;
            break;
        case 'w':
            open->write = true;
            break;
        case 'c':
            open->create = true;
            break;
        case 'x':
            open->execute = true;
            break;
        default:
            return false;
        }
    }
    return true;
}

static struct entry *enter(const char *id) {
    struct entry *entry;
    ExAcquireFastMutex(&volumes.lock);
    entry = find(id);
    if (entry != NULL) {
        entry->users++;
    }
    ExReleaseFastMutex(&volumes.lock);
    return entry;
}

static void leave(struct entry *entry, NTSTATUS status) {
    ExAcquireFastMutex(&volumes.lock);
    volumes.counters.opens++;
    if (NT_SUCCESS(status)) {
        volumes.counters.succeeded++;
    } else {
        volumes.counters.refused++;
    }
    if (--entry->users == 0 && entry->removing) {
        fm_waiter_wake(&entry->unused);
    }
    ExReleaseFastMutex(&volumes.lock);
}

bool fmw_volumes_open(const char *id, const char *path, const char *access, ULONG process_id, NTSTATUS *status,
                      const char **text) {
    struct fmw_direct_open open = {.path = path};
    struct fmw_identity *identity;
    struct entry *entry;
    if (!parse_access(access, &open)) {
        *text = "access must consist of the letters r w c x";
        *status = STATUS_INVALID_PARAMETER;
        return false;
    }
    identity = fmw_identity_of_process(process_id);
    if (identity == NULL) {
        *text = "no memory for a requestor";
        *status = STATUS_INSUFFICIENT_RESOURCES;
        return false;
    }
    entry = enter(id);
    if (entry == NULL) {
        fmw_identity_release(identity);
        *text = "there is no such volume";
        *status = STATUS_FLT_VOLUME_NOT_FOUND;
        return false;
    }
    *status = fmw_direct_volume_open(entry->volume, &open, &identity->requestor);
    leave(entry, *status);
    fmw_identity_release(identity);
    return true;
}

void fmw_volumes_counters(struct fmw_volume_counters *counters) {
    ExAcquireFastMutex(&volumes.lock);
    *counters = volumes.counters;
    ExReleaseFastMutex(&volumes.lock);
}
