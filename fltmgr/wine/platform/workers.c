/* SPDX-License-Identifier: Apache-2.0 */
#include "workers.h"

#include "thread.h"

enum { POOLS = FMW_CLOSES + 1, MOST_CALLS = 128, MOST_OPENS = 64, MOST_CLOSES = 32 };

static struct pool {
    ULONG most;
    FAST_MUTEX lock;
    KSEMAPHORE queued; /* counts the jobs in line */
    struct fmw_job *head;
    struct fmw_job **tail;
    ULONG threads; /* those that are being made included */
    ULONG waiting; /* jobs in line */
    ULONG running;
    ULONG64 jobs;
    ULONG64 refused_threads;
} pools[POOLS] = {{.most = MOST_CALLS}, {.most = MOST_OPENS}, {.most = MOST_CLOSES}};

bool fmw_thread_start(PKSTART_ROUTINE routine, PVOID context) {
    HANDLE handle;
    if (!NT_SUCCESS(PsCreateSystemThread(&handle, THREAD_ALL_ACCESS, NULL, NULL, NULL, routine, context))) {
        return false;
    }
    (void)ZwClose(handle);
    return true;
}

static struct fmw_job *take(struct pool *pool) {
    struct fmw_job *job;
    (void)KeWaitForSingleObject(&pool->queued, Executive, KernelMode, FALSE, NULL);
    ExAcquireFastMutex(&pool->lock);
    job = pool->head;
    pool->head = job->next;
    if (pool->head == NULL) {
        pool->tail = &pool->head;
    }
    pool->jobs++;
    pool->waiting--;
    pool->running++;
    ExReleaseFastMutex(&pool->lock);
    return job;
}

static VOID NTAPI worker(PVOID context) {
    struct pool *pool = context;
    struct fmw_thread *self = fmw_thread_begin();
    for (;;) {
        struct fmw_job *job = take(pool);
        fmw_thread_begin_job(self);
        job->run(job);
        fmw_thread_end_job(self);
        ExAcquireFastMutex(&pool->lock);
        pool->running--;
        ExReleaseFastMutex(&pool->lock);
    }
}

/* With the lock held: more to do than threads, and room for one more. */
static bool wants_thread(const struct pool *pool) {
    return pool->running + pool->waiting > pool->threads && pool->threads < pool->most;
}

static bool add_thread(struct pool *pool) {
    if (fmw_thread_start(worker, pool)) {
        return true;
    }
    ExAcquireFastMutex(&pool->lock);
    pool->threads--;
    pool->refused_threads++;
    ExReleaseFastMutex(&pool->lock);
    return false;
}

bool fmw_workers_start(void) {
    bool started = true;
    for (ULONG i = 0; i < POOLS; i++) {
        struct pool *pool = &pools[i];
        ExInitializeFastMutex(&pool->lock);
        KeInitializeSemaphore(&pool->queued, 0, MAXLONG);
        pool->tail = &pool->head;
        pool->threads = 1;
        started = add_thread(pool) && started;
    }
    return started;
}

void fmw_workers_submit(struct fmw_job *job, enum fmw_pool which) {
    struct pool *pool = &pools[which];
    bool grow;
    job->next = NULL;
    ExAcquireFastMutex(&pool->lock);
    *pool->tail = job;
    pool->tail = &job->next;
    pool->waiting++;
    grow = wants_thread(pool);
    if (grow) {
        pool->threads++;
    }
    ExReleaseFastMutex(&pool->lock);
    (void)KeReleaseSemaphore(&pool->queued, IO_NO_INCREMENT, 1, FALSE);
    if (grow) {
        (void)add_thread(pool);
    }
}

void fmw_workers_counters(struct fmw_worker_counters *counters) {
    RtlZeroMemory(counters, sizeof(*counters));
    for (ULONG i = 0; i < POOLS; i++) {
        ExAcquireFastMutex(&pools[i].lock);
        counters->threads += pools[i].threads;
        counters->running += pools[i].running;
        counters->jobs += pools[i].jobs;
        counters->refused_threads += pools[i].refused_threads;
        ExReleaseFastMutex(&pools[i].lock);
    }
}
