/* SPDX-License-Identifier: Apache-2.0 */
#include "thread.h"

enum { MOST_THREADS = 256 };

struct fmw_thread {
    fm_thread core; /* initialised once, for all lives */
    PVOID teb;      /* atomic: whose it is; NULL: free */
    const fm_requestor *requestor;
    PVOID own_object; /* PETHREAD of this thread itself */
    bool known;
};

static struct {
    struct fmw_thread table[MOST_THREADS];
    ULONG used; /* atomic: entries that ever had an owner */
    FAST_MUTEX lock;
    ULONG current_object; /* offset in the TEB where Wine keeps the current thread's object; 0: not found */
    fm_requestor system;
} threads;

static PVOID current_teb(void) {
    PVOID teb;
    __asm__("movq %%gs:0x30, %0" : "=r"(teb));
    return teb;
}

/* Wine keeps the object in a slot of the TEB and makes it on first use: the one slot that holds it is the place. */
static ULONG find_current_object(void) {
    enum { FIRST = 0x100, END = 0x1800 };
    const ULONG_PTR object = (ULONG_PTR)PsGetCurrentThread();
    ULONG found = 0;
    for (ULONG offset = FIRST; offset < END; offset += sizeof(PVOID)) {
        if (*(const volatile ULONG_PTR *)((const char *)current_teb() + offset) == object) {
            if (found != 0) {
                return 0;
            }
            found = offset;
        }
    }
    return found;
}

void fmw_threads_start(void) {
    ExInitializeFastMutex(&threads.lock);
    threads.current_object = find_current_object();
    if (threads.current_object == 0) {
        DbgPrint("fltmgr: this Wine keeps the current thread elsewhere: drivers see the host as the current process\n");
    }
    threads.system.kernel = true;
    threads.system.process_id = (uint64_t)(ULONG_PTR)PsGetCurrentProcessId();
    threads.system.process = PsGetCurrentProcess();
    threads.system.thread = PsGetCurrentThread();
    ObReferenceObject(threads.system.thread);
    threads.system.thread_id = (uint64_t)(ULONG_PTR)PsGetCurrentThreadId();
}

struct fmw_thread *fmw_thread_current(void) {
    const PVOID teb = current_teb();
    const ULONG used = __atomic_load_n(&threads.used, __ATOMIC_ACQUIRE);
    for (ULONG i = 0; i < used; i++) {
        if (__atomic_load_n(&threads.table[i].teb, __ATOMIC_RELAXED) == teb) {
            return &threads.table[i];
        }
    }
    return NULL;
}

struct fmw_thread *fmw_thread_begin(void) {
    struct fmw_thread *thread = NULL;
    ExAcquireFastMutex(&threads.lock);
    for (ULONG i = 0; i < MOST_THREADS && thread == NULL; i++) {
        if (threads.table[i].teb == NULL) {
            thread = &threads.table[i];
            if (!thread->known) {
                fm_thread_init(&thread->core);
                thread->known = true;
            }
            thread->requestor = NULL;
            thread->own_object = PsGetCurrentThread();
            __atomic_store_n(&thread->teb, current_teb(), __ATOMIC_RELEASE);
            if (i >= threads.used) {
                __atomic_store_n(&threads.used, i + 1, __ATOMIC_RELEASE);
            }
        }
    }
    ExReleaseFastMutex(&threads.lock);
    return thread;
}

void fmw_thread_end(struct fmw_thread *thread) {
    fmw_impersonate(NULL);
    __atomic_store_n(&thread->teb, NULL, __ATOMIC_RELEASE);
}

void fmw_thread_begin_job(struct fmw_thread *thread) {
    fm_thread_reset(&thread->core);
}

void fmw_thread_end_job(struct fmw_thread *thread) {
    UNREFERENCED_PARAMETER(thread);
    fmw_impersonate(NULL);
}

void fmw_impersonate(const fm_requestor *requestor) {
    struct fmw_thread *thread = fmw_thread_current();
    if (thread == NULL) {
        return;
    }
    thread->requestor = requestor;
    if (threads.current_object != 0) {
        PVOID object = requestor != NULL && requestor->thread != NULL ? requestor->thread : thread->own_object;
        *(PVOID volatile *)((char *)thread->teb + threads.current_object) = object;
    }
}

void fmw_thread_alert(struct fmw_thread *thread) {
    fm_alert_thread(&thread->core);
}

const fm_requestor *fm_current_requestor(void) {
    const struct fmw_thread *thread = fmw_thread_current();
    return thread != NULL && thread->requestor != NULL ? thread->requestor : &threads.system;
}

fm_thread *fm_current_thread(void) {
    struct fmw_thread *thread = fmw_thread_current();
    return thread != NULL ? &thread->core : NULL;
}
