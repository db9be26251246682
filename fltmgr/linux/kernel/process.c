/* SPDX-License-Identifier: Apache-2.0 */
/* Processes, threads, references, handles. */
#include "process.h"

#include <ntifs.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

#include "../../core/platform.h"
#include "../host/core_threads.h"
#include "../host/identity.h"
#include "../host/log.h"
#include "../host/thread.h"
#include "dispatcher.h"
#include "futex_word.h"
#include "kernel_stop.h"
#include "section.h"

struct _KPROCESS {
    DISPATCHER_HEADER Header;
    LONG references;
    uint64_t pid;
    uint64_t key;
    LONGLONG create_time;   /* 0: not asked for yet */
    struct _KPROCESS *next; /* of the table */
};

struct _ETHREAD {
    DISPATCHER_HEADER Header;
    LONG references;
    PEPROCESS process;
    uint64_t tid;          /* Linux' number of the thread; 0 until a driver's own thread runs */
    PKSTART_ROUTINE start; /* a driver's own thread; NULL: of another process */
    PVOID context;
    struct _ETHREAD *next; /* of the list of running system threads */
    jmp_buf leave;
};

struct _OBJECT_TYPE {
    UCHAR type;
};

static struct _OBJECT_TYPE thread_type = {FM_OBJECT_THREAD};
static struct _OBJECT_TYPE process_type = {FM_OBJECT_PROCESS};
static struct _OBJECT_TYPE event_type = {FM_OBJECT_NOTIFICATION_EVENT};
static POBJECT_TYPE thread_type_pointer = &thread_type;
static POBJECT_TYPE process_type_pointer = &process_type;
static POBJECT_TYPE event_type_pointer = &event_type;
POBJECT_TYPE *PsThreadType = &thread_type_pointer;
POBJECT_TYPE *PsProcessType = &process_type_pointer;
POBJECT_TYPE *ExEventObjectType = &event_type_pointer;

enum { buckets = 256, first_handle = 4, handle_step = 4 };

static struct {
    pthread_mutex_t lock;
    struct _KPROCESS *table[buckets];
} processes = {.lock = PTHREAD_MUTEX_INITIALIZER};

static struct {
    pthread_mutex_t lock;
    struct _ETHREAD *running;
} system_threads = {.lock = PTHREAD_MUTEX_INITIALIZER};

static struct {
    pthread_mutex_t lock;
    void **objects;
    size_t capacity;
} handles = {.lock = PTHREAD_MUTEX_INITIALIZER};

static __thread PETHREAD own_thread; /* of a system thread */

/* Processes */

void *fm_process_acquire(uint64_t pid, uint64_t key) {
    pthread_mutex_lock(&processes.lock);
    struct _KPROCESS **bucket = &processes.table[(pid ^ key) % buckets];
    PEPROCESS process = *bucket;
    while (process != NULL && (process->pid != pid || process->key != key)) {
        process = process->next;
    }
    if (process != NULL) {
        process->references++;
    } else {
        process = malloc(sizeof(*process));
        if (process != NULL) {
            *process = (struct _KPROCESS){.references = 1, .pid = pid, .key = key, .next = *bucket};
            fm_dispatcher_init(&process->Header, FM_OBJECT_PROCESS, 0);
            *bucket = process;
        }
    }
    pthread_mutex_unlock(&processes.lock);
    return process;
}

static LONG process_reference(PEPROCESS process, LONG change) {
    pthread_mutex_lock(&processes.lock);
    LONG references = process->references += change;
    if (references == 0) {
        struct _KPROCESS **link = &processes.table[(process->pid ^ process->key) % buckets];
        while (*link != process) {
            link = &(*link)->next;
        }
        *link = process->next;
    }
    pthread_mutex_unlock(&processes.lock);
    if (references == 0) {
        free(process);
    }
    return references;
}

HANDLE NTAPI PsGetProcessId(PEPROCESS Process) {
    return (HANDLE)(ULONG_PTR)Process->pid;
}

LONGLONG NTAPI PsGetProcessCreateTimeQuadPart(PEPROCESS Process) {
    LONGLONG time = __atomic_load_n(&Process->create_time, __ATOMIC_RELAXED);
    if (time == 0) {
        uint64_t start = fm_process_start_key((pid_t)Process->pid);
        time = start == 0 ? 0 : (LONGLONG)fm_process_start_time(start);
        __atomic_store_n(&Process->create_time, time, __ATOMIC_RELAXED);
    }
    return time;
}

PEPROCESS NTAPI PsGetCurrentProcess(void) {
    return fm_current_requestor()->process;
}

HANDLE NTAPI PsGetCurrentProcessId(void) {
    return (HANDLE)(ULONG_PTR)fm_current_requestor()->process_id;
}

HANDLE NTAPI PsGetCurrentThreadId(void) {
    return own_thread != NULL ? (HANDLE)(ULONG_PTR)own_thread->tid
                              : (HANDLE)(ULONG_PTR)fm_current_requestor()->thread_id;
}

PETHREAD NTAPI PsGetCurrentThread(void) {
    return own_thread != NULL ? own_thread : fm_current_requestor()->thread;
}

KPROCESSOR_MODE NTAPI ExGetPreviousMode(void) {
    return fm_current_requestor()->kernel ? KernelMode : UserMode;
}

/* Threads */

void *fm_thread_object_create(void *process, uint64_t tid) {
    PETHREAD thread = malloc(sizeof(*thread));
    if (thread == NULL) {
        return NULL;
    }
    thread->references = 1;
    thread->process = process;
    thread->tid = tid;
    thread->start = NULL;
    fm_dispatcher_init(&thread->Header, FM_OBJECT_THREAD, 0);
    (void)process_reference(process, 1);
    return thread;
}

HANDLE NTAPI PsGetThreadId(PETHREAD Thread) {
    return (HANDLE)(ULONG_PTR)__atomic_load_n(&Thread->tid, __ATOMIC_ACQUIRE);
}

PEPROCESS NTAPI IoThreadToProcess(PETHREAD Thread) {
    return Thread->process;
}

BOOLEAN NTAPI PsIsSystemThread(PETHREAD Thread) {
    return Thread->start != NULL || Thread->process == fm_system_requestor()->process;
}

static void leave_list(PETHREAD thread) {
    pthread_mutex_lock(&system_threads.lock);
    struct _ETHREAD **link = &system_threads.running;
    while (*link != thread) {
        link = &(*link)->next;
    }
    *link = thread->next;
    pthread_mutex_unlock(&system_threads.lock);
}

static void *system_thread_main(void *argument) {
    PETHREAD thread = argument;
    struct fm_host_thread *host_thread = fm_host_thread_begin("fm-driver");
    __atomic_store_n(&thread->tid, (uint64_t)gettid(), __ATOMIC_RELEASE);
    fm_word_wake_all(&thread->tid);
    own_thread = thread;
    if (setjmp(thread->leave) == 0) {
        thread->start(thread->context);
    }
    own_thread = NULL;
    fm_host_thread_end(host_thread);
    leave_list(thread);
    (void)fm_dispatcher_signal(&thread->Header, 1);
    fm_object_dereference(thread);
    return NULL;
}

NTSTATUS NTAPI PsCreateSystemThread(PHANDLE ThreadHandle, ULONG DesiredAccess, POBJECT_ATTRIBUTES ObjectAttributes,
                                    HANDLE ProcessHandle, PCLIENT_ID ClientId, PKSTART_ROUTINE StartRoutine,
                                    PVOID StartContext) {
    UNREFERENCED_PARAMETER(DesiredAccess);
    UNREFERENCED_PARAMETER(ObjectAttributes);
    if (ProcessHandle != NULL && ProcessHandle != NtCurrentProcess()) {
        return STATUS_NOT_SUPPORTED;
    }
    PETHREAD thread = fm_thread_object_create(fm_system_requestor()->process, 0);
    if (thread == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    thread->start = StartRoutine;
    thread->context = StartContext;
    thread->references = 3; /* the thread's own, the handle's, ours */
    *ThreadHandle = fm_handle_open(thread);
    pthread_mutex_lock(&system_threads.lock);
    thread->next = system_threads.running;
    system_threads.running = thread;
    pthread_mutex_unlock(&system_threads.lock);
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    pthread_t id;
    int error = *ThreadHandle == NULL ? -1 : pthread_create(&id, &attributes, system_thread_main, thread);
    pthread_attr_destroy(&attributes);
    if (error != 0) {
        leave_list(thread);
        if (*ThreadHandle != NULL) {
            (void)ZwClose(*ThreadHandle);
            *ThreadHandle = NULL;
        }
        thread->references = 1; /* nobody else has ever seen it */
        fm_object_dereference(thread);
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    if (ClientId != NULL) {
        while (PsGetThreadId(thread) == NULL) {
            fm_word_wait(&thread->tid, 0);
        }
        *ClientId = (CLIENT_ID){PsGetProcessId(thread->process), PsGetThreadId(thread)};
    }
    fm_object_dereference(thread);
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI PsTerminateSystemThread(NTSTATUS ExitStatus) {
    UNREFERENCED_PARAMETER(ExitStatus);
    if (own_thread == NULL) {
        return STATUS_INVALID_PARAMETER;
    }
    longjmp(own_thread->leave, 1);
}

unsigned fm_system_threads_of(uintptr_t start, uintptr_t end) {
    unsigned count = 0;
    pthread_mutex_lock(&system_threads.lock);
    for (PETHREAD thread = system_threads.running; thread != NULL; thread = thread->next) {
        count += (uintptr_t)thread->start >= start && (uintptr_t)thread->start < end;
    }
    pthread_mutex_unlock(&system_threads.lock);
    return count;
}

unsigned fm_system_threads(void) {
    return fm_system_threads_of(0, UINTPTR_MAX);
}

/* References */

static LONG change_references(void *object, LONG change) {
    DISPATCHER_HEADER *header = object;
    if (header->Type == FM_OBJECT_PROCESS) {
        return process_reference(object, change);
    }
    if (header->Type == FM_OBJECT_THREAD) {
        PETHREAD thread = object;
        LONG references = __atomic_add_fetch(&thread->references, change, __ATOMIC_ACQ_REL);
        if (references == 0) {
            (void)process_reference(thread->process, -1);
            free(thread);
        }
        return references;
    }
    if (header->Type == FM_OBJECT_SECTION) {
        return fm_section_reference(object, change);
    }
    /* A file object lives as long as its operation; a driver's reference does not extend that here. */
    return 1;
}

void fm_object_dereference(void *object) {
    (void)change_references(object, -1);
}

LONG_PTR NTAPI ObfReferenceObject(PVOID Object) {
    return change_references(Object, 1);
}

LONG_PTR NTAPI ObfDereferenceObject(PVOID Object) {
    return change_references(Object, -1);
}

/* Handles: kernel handles of threads, processes and sections. A handle is an index that is a multiple of 4, as on Windows. */

HANDLE fm_handle_open(void *object) {
    HANDLE handle = NULL;
    pthread_mutex_lock(&handles.lock);
    size_t place = 0;
    while (place < handles.capacity && handles.objects[place] != NULL) {
        place++;
    }
    if (place == handles.capacity) {
        size_t capacity = handles.capacity == 0 ? 16 : handles.capacity * 2;
        void **objects = realloc(handles.objects, capacity * sizeof(void *));
        if (objects != NULL) {
            for (size_t i = handles.capacity; i < capacity; i++) {
                objects[i] = NULL;
            }
            handles.objects = objects;
            handles.capacity = capacity;
        }
    }
    if (place < handles.capacity) {
        handles.objects[place] = object;
        handle = (HANDLE)(ULONG_PTR)(first_handle + place * handle_step);
    }
    pthread_mutex_unlock(&handles.lock);
    return handle;
}

/* With the lock held. */
static void **place_of(HANDLE handle) {
    size_t value = (size_t)(ULONG_PTR)handle;
    size_t place = (value - first_handle) / handle_step;
    return value >= first_handle && value % handle_step == 0 && place < handles.capacity &&
                   handles.objects[place] != NULL
               ? &handles.objects[place]
               : NULL;
}

NTSTATUS NTAPI ObReferenceObjectByHandle(HANDLE Handle, ACCESS_MASK DesiredAccess, POBJECT_TYPE ObjectType,
                                         KPROCESSOR_MODE AccessMode, PVOID *Object,
                                         POBJECT_HANDLE_INFORMATION HandleInformation) {
    UNREFERENCED_PARAMETER(DesiredAccess);
    UNREFERENCED_PARAMETER(AccessMode);
    NTSTATUS status = STATUS_INVALID_HANDLE;
    *Object = NULL;
    pthread_mutex_lock(&handles.lock);
    void **place = place_of(Handle);
    if (place != NULL) {
        DISPATCHER_HEADER *header = *place;
        status = ObjectType != NULL && ObjectType->type != header->Type ? STATUS_OBJECT_TYPE_MISMATCH : STATUS_SUCCESS;
        if (status == STATUS_SUCCESS) {
            (void)change_references(*place, 1);
            *Object = *place;
        }
    }
    pthread_mutex_unlock(&handles.lock);
    if (HandleInformation != NULL) {
        *HandleInformation = (OBJECT_HANDLE_INFORMATION){0, THREAD_ALL_ACCESS};
    }
    return status;
}

NTSTATUS NTAPI ZwClose(HANDLE Handle) {
    void *object = NULL;
    pthread_mutex_lock(&handles.lock);
    void **place = place_of(Handle);
    if (place != NULL) {
        object = *place;
        *place = NULL;
    }
    pthread_mutex_unlock(&handles.lock);
    if (object == NULL) {
        return STATUS_INVALID_HANDLE;
    }
    fm_object_dereference(object);
    return STATUS_SUCCESS;
}
