/* SPDX-License-Identifier: Apache-2.0 */
#include "thread.h"

#include <pthread.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "core_threads.h"
#include "log.h"

struct fm_host_thread {
    fm_thread core;
    const fm_requestor *requestor;
    struct fm_host_thread *next_free;
    pthread_mutex_t alert_lock;        /* an alert is carried out, or the job changes: not both at once */
    uint64_t job;                      /* alert_lock: number of the job, odd while one runs */
    struct fm_host_thread *next_alert; /* alerts.lock, as the two below */
    uint64_t alerted_job;
    bool alert_queued;
};

static __thread struct fm_host_thread *current;

static struct {
    pthread_mutex_t lock;
    struct fm_host_thread *free;
} threads = {.lock = PTHREAD_MUTEX_INITIALIZER};

static struct {
    pthread_mutex_t lock;
    pthread_cond_t rung;
    pthread_t thread;
    struct fm_host_thread *queue;
    bool running;
    bool stopping;
} alerts = {.lock = PTHREAD_MUTEX_INITIALIZER, .rung = PTHREAD_COND_INITIALIZER};

struct fm_host_thread *fm_host_thread_begin(const char *name) {
    pthread_mutex_lock(&threads.lock);
    struct fm_host_thread *thread = threads.free;
    if (thread != NULL) {
        threads.free = thread->next_free;
    }
    pthread_mutex_unlock(&threads.lock);
    if (thread == NULL) {
        thread = fm_allocate(sizeof(*thread));
        if (thread == NULL) {
            fm_log("threads: no memory for a thread object; the host ends");
            abort();
        }
        pthread_mutex_init(&thread->alert_lock, NULL);
        fm_thread_init(&thread->core);
    }
    (void)pthread_setname_np(pthread_self(), name);
    thread->requestor = NULL;
    current = thread;
    return thread;
}

void fm_host_thread_end(struct fm_host_thread *thread) {
    current = NULL;
    thread->requestor = NULL;
    pthread_mutex_lock(&threads.lock);
    thread->next_free = threads.free;
    threads.free = thread;
    pthread_mutex_unlock(&threads.lock);
}

struct fm_host_thread *fm_host_thread_current(void) {
    return current;
}

static void next_job(struct fm_host_thread *thread) {
    pthread_mutex_lock(&thread->alert_lock);
    /* alerts.lock reads it too */
    __atomic_store_n(&thread->job, thread->job + 1, __ATOMIC_RELAXED);
    pthread_mutex_unlock(&thread->alert_lock);
}

void fm_host_thread_begin_job(struct fm_host_thread *thread) {
    next_job(thread);
    fm_thread_reset(&thread->core);
}

void fm_host_thread_end_job(struct fm_host_thread *thread) {
    thread->requestor = NULL;
    next_job(thread);
}

void fm_impersonate(const fm_requestor *requestor) {
    if (current != NULL) {
        current->requestor = requestor;
    }
}

const fm_requestor *fm_current_requestor(void) {
    return current != NULL && current->requestor != NULL ? current->requestor : fm_system_requestor();
}

fm_thread *fm_current_thread(void) {
    return current != NULL ? &current->core : NULL;
}

void fm_host_thread_alert(struct fm_host_thread *thread) {
    pthread_mutex_lock(&alerts.lock);
    thread->alerted_job = __atomic_load_n(&thread->job, __ATOMIC_RELAXED);
    if (!thread->alert_queued) {
        thread->alert_queued = true;
        thread->next_alert = alerts.queue;
        alerts.queue = thread;
        pthread_cond_signal(&alerts.rung);
    }
    pthread_mutex_unlock(&alerts.lock);
}

static void *alerts_main(void *argument) {
    (void)argument;
    (void)pthread_setname_np(pthread_self(), "fm-alerts");
    pthread_mutex_lock(&alerts.lock);
    while (!alerts.stopping || alerts.queue != NULL) {
        struct fm_host_thread *thread = alerts.queue;
        if (thread == NULL) {
            pthread_cond_wait(&alerts.rung, &alerts.lock);
            continue;
        }
        alerts.queue = thread->next_alert;
        thread->alert_queued = false;
        uint64_t job = thread->alerted_job;
        pthread_mutex_unlock(&alerts.lock);
        pthread_mutex_lock(&thread->alert_lock);
        if (thread->job == job) {
            fm_alert_thread(&thread->core);
        }
        pthread_mutex_unlock(&thread->alert_lock);
        pthread_mutex_lock(&alerts.lock);
    }
    pthread_mutex_unlock(&alerts.lock);
    return NULL;
}

bool fm_alerts_start(void) {
    alerts.stopping = false;
    int error = pthread_create(&alerts.thread, NULL, alerts_main, NULL);
    if (error != 0) {
        fm_log("alerts: pthread_create failed: %s", fm_errno_text(error));
    }
    alerts.running = error == 0;
    return alerts.running;
}

void fm_alerts_stop(void) {
    if (!alerts.running) {
        return;
    }
    pthread_mutex_lock(&alerts.lock);
    alerts.stopping = true;
    pthread_cond_signal(&alerts.rung);
    pthread_mutex_unlock(&alerts.lock);
    (void)pthread_join(alerts.thread, NULL);
    alerts.running = false;
}
