/* SPDX-License-Identifier: Apache-2.0 */
#include "internal.h"

#include <stdlib.h>

struct user {
    struct user *next;
    uid_t uid;
    uint64_t used[FMT_QUOTAS];
};

enum { ROOT_FACTOR = 16 };

static struct {
    pthread_mutex_t lock;
    struct user *first;
    uint64_t most[FMT_QUOTAS];
} quotas = {.lock = PTHREAD_MUTEX_INITIALIZER,
            .most = {[FMT_CONNECTIONS] = 1024, [FMT_LANES] = 2048, [FMT_BYTES] = UINT64_C(4) << 30}};

void fmt_quota_limit(enum fmt_quota quota, uint64_t most) {
    pthread_mutex_lock(&quotas.lock);
    quotas.most[quota] = most;
    pthread_mutex_unlock(&quotas.lock);
}

static struct user **find_locked(uid_t uid) {
    struct user **link = &quotas.first;
    while (*link != NULL && (*link)->uid != uid)
        link = &(*link)->next;
    return link;
}

bool fmt_quota_take(uid_t uid, enum fmt_quota quota, uint64_t amount) {
    pthread_mutex_lock(&quotas.lock);
    struct user **link = find_locked(uid);
    if (*link == NULL && (*link = calloc(1, sizeof **link)) != NULL)
        (*link)->uid = uid;
    uint64_t most = uid == 0 ? quotas.most[quota] * ROOT_FACTOR : quotas.most[quota];
    bool fits = *link != NULL && amount <= most && (*link)->used[quota] <= most - amount;
    if (fits)
        (*link)->used[quota] += amount;
    pthread_mutex_unlock(&quotas.lock);
    if (!fits)
        atomic_fetch_add(&fmt_counters.refused_by_limit, 1);
    return fits;
}

void fmt_quota_return(uid_t uid, enum fmt_quota quota, uint64_t amount) {
    pthread_mutex_lock(&quotas.lock);
    struct user **link = find_locked(uid);
    struct user *user = *link;
    user->used[quota] -= amount; // NOLINT(clang-analyzer-core.NullDereference): what is returned was taken
    bool empty = true;
    for (int i = 0; i < FMT_QUOTAS; i++)
        empty = empty && user->used[i] == 0;
    if (empty) {
        *link = user->next;
        free(user);
    }
    pthread_mutex_unlock(&quotas.lock);
}
