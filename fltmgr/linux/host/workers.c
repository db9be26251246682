/* SPDX-License-Identifier: Apache-2.0 */
#include "workers.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "log.h"
#include "park.h"
#include "thread.h"

enum {
    most_idle = 64,
    stack_size = 512 * 1024, /* drivers are compiled with a frame warning at 2 KiB; sanitizers need far more */
};

struct worker {
    struct worker *next_idle;
    struct fm_job *job; /* pool.lock; handed over while the worker is idle */
    enum fm_job_class job_class;
    bool leave;
    struct fm_park park;
};

struct queue {
    struct fm_job *head;
    struct fm_job **tail;
};

static struct {
    pthread_mutex_t lock;
    pthread_cond_t quiet; /* stop waits: nothing queued, nothing running; later no thread left */
    struct queue queues[2];
    struct worker *idle; /* last in, first out: the warmest worker works */
    uint32_t most_gated;
    uint32_t most_threads;
    uint32_t running;
    uint32_t arriving;    /* threads that are being created and have not asked for work yet */
    bool creation_failed; /* nobody is left who would try again: the next submit does */
    bool stopping;
    struct fm_worker_counters counters;
} pool = {.lock = PTHREAD_MUTEX_INITIALIZER, .quiet = PTHREAD_COND_INITIALIZER};

static void *worker_main(void *argument);

static struct fm_job *take(enum fm_job_class *job_class) {
    for (int class = FM_JOB_CLIENT; class >= FM_JOB_GATED; class --) {
        struct queue *queue = &pool.queues[class];
        struct fm_job *job = queue->head;
        if (job == NULL || (class == FM_JOB_GATED && pool.counters.running_gated >= pool.most_gated)) {
            continue;
        }
        queue->head = job->next;
        if (queue->head == NULL) {
            queue->tail = &queue->head;
        }
        pool.counters.queued--;
        pool.counters.jobs++;
        pool.running++;
        if (class == FM_JOB_GATED) {
            pool.counters.running_gated++;
        }
        *job_class = (enum fm_job_class) class;
        return job;
    }
    return NULL;
}

static void finished(enum fm_job_class job_class) {
    pool.running--;
    if (job_class == FM_JOB_GATED) {
        pool.counters.running_gated--;
    }
}

static bool wants_thread(void) {
    return pool.arriving == 0 && pool.idle == NULL && pool.counters.threads < pool.most_threads &&
           !(pool.stopping && pool.counters.queued == 0);
}

/* With the lock held, which it gives up meanwhile. */
static void start_thread(void) {
    pool.arriving++;
    pool.counters.threads++;
    if (pool.counters.threads > pool.counters.threads_high_mark) {
        pool.counters.threads_high_mark = pool.counters.threads;
    }
    pthread_mutex_unlock(&pool.lock);
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
    pthread_attr_setstacksize(&attributes, stack_size);
#endif
    pthread_t thread;
    int error = pthread_create(&thread, &attributes, worker_main, NULL);
    pthread_attr_destroy(&attributes);
    pthread_mutex_lock(&pool.lock);
    pool.creation_failed = error != 0;
    if (error != 0) {
        pool.arriving--;
        pool.counters.threads--;
        if (pool.counters.refused_threads++ == 0) {
            fm_log("workers: pthread_create failed with %u threads: %s; jobs wait for the threads there are",
                   pool.counters.threads, strerror(error));
        }
    }
}

static void *worker_main(void *argument) {
    (void)argument;
    struct worker self = {.next_idle = NULL};
    fm_park_init(&self.park);
    struct fm_host_thread *thread = fm_host_thread_begin("fm-worker");
    pthread_mutex_lock(&pool.lock);
    pool.arriving--;
    for (;;) {
        enum fm_job_class job_class;
        struct fm_job *job = take(&job_class);
        if (job == NULL) {
            if (pool.stopping || pool.counters.idle >= most_idle) {
                break;
            }
            if (pool.running == 0) {
                pthread_cond_broadcast(&pool.quiet);
            }
            self.job = NULL;
            self.next_idle = pool.idle;
            pool.idle = &self;
            pool.counters.idle++;
            pthread_mutex_unlock(&pool.lock);
            fm_park_wait(&self.park);
            pthread_mutex_lock(&pool.lock);
            if (self.leave) {
                break;
            }
            job = self.job;
            job_class = self.job_class;
        }
        if (wants_thread()) {
            start_thread();
        }
        pthread_mutex_unlock(&pool.lock);
        fm_host_thread_begin_job(thread);
        job->run(job);
        fm_host_thread_end_job(thread);
        pthread_mutex_lock(&pool.lock);
        finished(job_class);
    }
    pool.counters.threads--;
    pthread_cond_broadcast(&pool.quiet);
    pthread_mutex_unlock(&pool.lock);
    fm_host_thread_end(thread);
    return NULL;
}

/* Gives waiting jobs to idle workers. Returns those to wake, linked by next_idle, after the lock is released. */
static struct worker *match(void) {
    struct worker *woken = NULL;
    while (pool.idle != NULL) {
        enum fm_job_class job_class;
        struct fm_job *job = take(&job_class);
        if (job == NULL) {
            break;
        }
        struct worker *worker = pool.idle;
        pool.idle = worker->next_idle;
        pool.counters.idle--;
        worker->job = job;
        worker->job_class = job_class;
        worker->next_idle = woken;
        woken = worker;
    }
    return woken;
}

static void wake_all(struct worker *woken) {
    while (woken != NULL) {
        struct worker *next = woken->next_idle; /* read before it runs: the worker may be gone afterwards */
        fm_park_wake(&woken->park);
        woken = next;
    }
}

bool fm_workers_start(uint32_t most_gated) {
    pthread_mutex_lock(&pool.lock);
    for (int class = 0; class < 2; class ++) {
        pool.queues[class].head = NULL;
        pool.queues[class].tail = &pool.queues[class].head;
    }
    pool.most_gated = most_gated;
    pool.most_threads = most_gated + (most_gated / 4 > 16 ? most_gated / 4 : 16);
    pool.stopping = false;
    memset(&pool.counters, 0, sizeof(pool.counters));
    for (int i = 0; i < 2; i++) {
        start_thread();
    }
    bool started = pool.counters.threads > 0;
    pthread_mutex_unlock(&pool.lock);
    return started;
}

void fm_workers_submit(struct fm_job *job, enum fm_job_class job_class) {
    job->next = NULL;
    pthread_mutex_lock(&pool.lock);
    struct queue *queue = &pool.queues[job_class];
    *queue->tail = job;
    queue->tail = &job->next;
    if (++pool.counters.queued > pool.counters.queued_high_mark) {
        pool.counters.queued_high_mark = pool.counters.queued;
    }
    struct worker *woken = match();
    if (woken == NULL && pool.creation_failed && wants_thread()) {
        start_thread();
    }
    pthread_mutex_unlock(&pool.lock);
    wake_all(woken);
}

bool fm_workers_stop(uint32_t limit_ms) {
    struct timespec limit;
    clock_gettime(CLOCK_REALTIME, &limit);
    limit.tv_sec += limit_ms / 1000;
    limit.tv_nsec += (long)(limit_ms % 1000) * 1000000;
    if (limit.tv_nsec >= 1000000000) {
        limit.tv_sec++;
        limit.tv_nsec -= 1000000000;
    }
    pthread_mutex_lock(&pool.lock);
    pool.stopping = true;
    struct worker *woken = pool.idle;
    for (struct worker *worker = woken; worker != NULL; worker = worker->next_idle) {
        worker->leave = true;
    }
    pool.idle = NULL;
    pool.counters.idle = 0;
    pthread_mutex_unlock(&pool.lock);
    wake_all(woken);
    pthread_mutex_lock(&pool.lock);
    int error = 0;
    while (pool.counters.threads > 0 && error == 0) {
        error = pthread_cond_timedwait(&pool.quiet, &pool.lock, &limit);
    }
    bool stopped = pool.counters.threads == 0;
    pthread_mutex_unlock(&pool.lock);
    return stopped;
}

void fm_workers_counters(struct fm_worker_counters *counters) {
    pthread_mutex_lock(&pool.lock);
    *counters = pool.counters;
    pthread_mutex_unlock(&pool.lock);
}
