/* SPDX-License-Identifier: Apache-2.0 */
#include "volumes.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../kernel/utf.h"
#include "direct_volume.h"
#include "fanotify_volume.h"

enum { most_counters = 64 };

struct entry {
    struct entry *next;
    char id[FM_VOLUME_ID_LENGTH];
    struct fm_fanotify_volume *fanotify; /* one of both */
    struct fm_direct_volume *direct;
    unsigned users;
    bool removing;
};

/* Counters by name, added up: the sum over volumes, and what removed ones leave behind. */
struct tally {
    struct fm_counter_sink sink; /* first */
    unsigned count;
    struct {
        const char *name;
        uint64_t value;
    } counters[most_counters];
};

static struct {
    pthread_mutex_t lock;
    pthread_cond_t unused;
    const struct fm_options *options;
    struct entry *list;
    unsigned made;
    struct tally removed;
} volumes = {.lock = PTHREAD_MUTEX_INITIALIZER, .unused = PTHREAD_COND_INITIALIZER};

static void tally_add(struct fm_counter_sink *sink, const char *name, uint64_t value) {
    struct tally *tally = (struct tally *)sink;
    unsigned i = 0;
    while (i < tally->count && strcmp(tally->counters[i].name, name) != 0) {
        i++;
    }
    if (i == tally->count) {
        if (i == most_counters) {
            return;
        }
        tally->counters[i].name = name;
        tally->counters[i].value = 0;
        tally->count++;
    }
    tally->counters[i].value += value;
}

static void add_counters(const struct entry *entry, struct fm_counter_sink *sink) {
    if (entry->fanotify != NULL) {
        fm_fanotify_volume_counters(entry->fanotify, sink);
    } else {
        fm_direct_volume_counters(entry->direct, sink);
    }
}

void fm_volumes_init(const struct fm_options *options) {
    volumes.options = options;
    volumes.removed.sink.add = tally_add;
}

int32_t fm_volumes_add(const char *kind, const char *directory, const struct fm_gate_scope *scope,
                       char id[FM_VOLUME_ID_LENGTH], char *text, size_t capacity) {
    bool fanotify = strcmp(kind, "fanotify") == 0;
    if (!fanotify && strcmp(kind, "direct") != 0) {
        (void)snprintf(text, capacity, "a volume is of kind fanotify or direct, not %s", kind);
        return STATUS_INVALID_PARAMETER;
    }
    struct entry *entry = calloc(1, sizeof(*entry));
    if (entry == NULL) {
        (void)snprintf(text, capacity, "no memory for a volume");
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    pthread_mutex_lock(&volumes.lock);
    (void)snprintf(entry->id, sizeof(entry->id), "%s%u", fanotify ? "Fanotify" : "Direct", ++volumes.made);
    pthread_mutex_unlock(&volumes.lock);
    char device[FM_VOLUME_ID_LENGTH + 16];
    WCHAR wide[sizeof(device)];
    int length = snprintf(device, sizeof(device), "\\Device\\%s", entry->id);
    UNICODE_STRING name = {.Buffer = wide, .MaximumLength = sizeof(wide)};
    name.Length = (USHORT)(fm_utf8_to_utf16(device, (size_t)length, (uint16_t *)wide, sizeof(device)) * sizeof(WCHAR));
    NTSTATUS status =
        fanotify ? fm_fanotify_volume_create(directory, &name, scope, volumes.options, &entry->fanotify, text, capacity)
                 : fm_direct_volume_create(directory, &name, &entry->direct, text, capacity);
    if (!NT_SUCCESS(status)) {
        free(entry);
        return status;
    }
    memcpy(id, entry->id, sizeof(entry->id));
    pthread_mutex_lock(&volumes.lock);
    entry->next = volumes.list;
    volumes.list = entry;
    pthread_mutex_unlock(&volumes.lock);
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

/* With the lock held, which it gives up. */
static void remove_entry(struct entry *entry) {
    entry->removing = true;
    while (entry->users != 0) {
        pthread_cond_wait(&volumes.unused, &volumes.lock);
    }
    struct entry **link = &volumes.list;
    while (*link != entry) {
        link = &(*link)->next;
    }
    *link = entry->next;
    pthread_mutex_unlock(&volumes.lock);
    struct tally last = {.sink = {.add = tally_add}};
    if (entry->fanotify != NULL) {
        fm_fanotify_volume_destroy(entry->fanotify, &last.sink);
    } else {
        fm_direct_volume_counters(entry->direct, &last.sink);
        fm_direct_volume_destroy(entry->direct);
    }
    free(entry);
    pthread_mutex_lock(&volumes.lock);
    for (unsigned i = 0; i < last.count; i++) {
        tally_add(&volumes.removed.sink, last.counters[i].name, last.counters[i].value);
    }
    pthread_mutex_unlock(&volumes.lock);
}

static int32_t no_volume(const char *id, char *text, size_t capacity) {
    (void)snprintf(text, capacity, "there is no volume %s", id);
    return STATUS_FLT_VOLUME_NOT_FOUND;
}

int32_t fm_volumes_remove(const char *id, char *text, size_t capacity) {
    pthread_mutex_lock(&volumes.lock);
    struct entry *entry = find(id);
    if (entry == NULL) {
        pthread_mutex_unlock(&volumes.lock);
        return no_volume(id, text, capacity);
    }
    remove_entry(entry);
    return STATUS_SUCCESS;
}

static void remove_those(bool gates_only) {
    for (;;) {
        pthread_mutex_lock(&volumes.lock);
        struct entry *entry = volumes.list;
        while (entry != NULL && (entry->removing || (gates_only && entry->fanotify == NULL))) {
            entry = entry->next;
        }
        if (entry == NULL) {
            pthread_mutex_unlock(&volumes.lock);
            return;
        }
        remove_entry(entry);
    }
}

void fm_volumes_remove_all(void) {
    remove_those(false);
}

void fm_volumes_remove_gates(void) {
    remove_those(true);
}

bool fm_volumes_open(const char *id, const char *path, const char *access, const fm_requestor *requestor,
                     int32_t *status, char *text, size_t capacity) {
    if (access[0] == '\0' || access[strspn(access, "rwcx")] != '\0') {
        (void)snprintf(text, capacity, "access must consist of the letters r w c x, got %s", access);
        *status = STATUS_INVALID_PARAMETER;
        return false;
    }
    pthread_mutex_lock(&volumes.lock);
    struct entry *entry = find(id);
    if (entry != NULL && entry->direct != NULL) {
        entry->users++;
    }
    pthread_mutex_unlock(&volumes.lock);
    if (entry == NULL) {
        *status = no_volume(id, text, capacity);
        return false;
    }
    if (entry->direct == NULL) {
        (void)snprintf(text, capacity, "volume %s is no direct volume: open its files as any process does", id);
        *status = STATUS_INVALID_DEVICE_REQUEST;
        return false;
    }
    struct fm_direct_open open = {.path = path,
                                  .read = strchr(access, 'r') != NULL,
                                  .write = strchr(access, 'w') != NULL,
                                  .create = strchr(access, 'c') != NULL,
                                  .execute = strchr(access, 'x') != NULL};
    *status = fm_direct_volume_open(entry->direct, &open, requestor);
    pthread_mutex_lock(&volumes.lock);
    if (--entry->users == 0) {
        pthread_cond_broadcast(&volumes.unused);
    }
    pthread_mutex_unlock(&volumes.lock);
    return true;
}

void fm_volumes_counters(struct fm_counter_sink *sink) {
    pthread_mutex_lock(&volumes.lock);
    struct tally sum = volumes.removed;
    for (const struct entry *entry = volumes.list; entry != NULL; entry = entry->next) {
        add_counters(entry, &sum.sink);
    }
    pthread_mutex_unlock(&volumes.lock);
    for (unsigned i = 0; i < sum.count; i++) {
        sink->add(sink, sum.counters[i].name, sum.counters[i].value);
    }
}
