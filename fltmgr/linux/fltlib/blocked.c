/* SPDX-License-Identifier: Apache-2.0 */
#include "internal.h"

#include <stdlib.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

static pthread_mutex_t blocked_lock = PTHREAD_MUTEX_INITIALIZER;
static struct fl_blocked *blocked_list;

struct thread_object {
    struct fl_object object;
    uint32_t thread;
};

uint32_t fl_thread_id(void) {
    static __thread uint32_t id;
    if (id == 0)
        id = (uint32_t)syscall(SYS_gettid); /* glibc has gettid only since 2.30 */
    return id;
}

void fl_blocked_enter(struct fl_blocked *blocked) {
    blocked->thread = fl_thread_id();
    blocked->previous = NULL;
    pthread_mutex_lock(&blocked_lock);
    blocked->next = blocked_list;
    if (blocked_list != NULL)
        blocked_list->previous = blocked;
    blocked_list = blocked;
    pthread_mutex_unlock(&blocked_lock);
}

void fl_blocked_leave(struct fl_blocked *blocked) {
    pthread_mutex_lock(&blocked_lock);
    if (blocked->previous != NULL)
        blocked->previous->next = blocked->next;
    else
        blocked_list = blocked->next;
    if (blocked->next != NULL)
        blocked->next->previous = blocked->previous;
    pthread_mutex_unlock(&blocked_lock);
}

DWORD WINAPI GetCurrentThreadId(VOID) {
    return fl_thread_id();
}

static void thread_destroy(struct fl_object *object) {
    free(object);
}

HANDLE WINAPI OpenThread(DWORD dwDesiredAccess, BOOL bInheritHandle, DWORD dwThreadId) {
    (void)dwDesiredAccess;
    (void)bInheritHandle;
    DWORD error = ERROR_INVALID_PARAMETER;
    HANDLE handle = NULL;
    if (atomic_load_explicit(&fl_forked, memory_order_relaxed)) {
        error = ERROR_INVALID_HANDLE;
    } else if (dwThreadId != 0 && syscall(SYS_tgkill, getpid(), (int)dwThreadId, 0) == 0) {
        struct thread_object *thread = calloc(1, sizeof *thread);
        error = ERROR_NOT_ENOUGH_MEMORY;
        if (thread != NULL) {
            fl_object_init(&thread->object, FL_THREAD, NULL, thread_destroy);
            thread->thread = dwThreadId;
            NTSTATUS status = fl_handle_create(&thread->object, &handle);
            if (status == STATUS_SUCCESS)
                return handle;
            error = fl_win32_from_status(status);
            fl_object_release(&thread->object);
        }
    }
    fl_fail_win32("OpenThread", error);
    return NULL;
}

BOOL WINAPI CancelSynchronousIo(HANDLE hThread) {
    static const char call[] = "CancelSynchronousIo";
    struct thread_object *thread = (struct thread_object *)fl_handle_enter(hThread, FL_THREAD);
    if (thread == NULL)
        return fl_fail_win32(call, ERROR_INVALID_HANDLE);
    struct fl_connection *connection = NULL;
    struct fpw_control_request request = {.kind = FPW_CANCEL};
    bool found = false;
    pthread_mutex_lock(&blocked_lock);
    for (struct fl_blocked *blocked = blocked_list; blocked != NULL && !found; blocked = blocked->next) {
        if (blocked->thread == thread->thread && !blocked->cancelled) {
            found = true;
            if (blocked->lane >= 0) {
                blocked->cancelled = true;
                shutdown(blocked->lane, SHUT_RDWR);
            } else {
                connection = blocked->connection;
                request.number = blocked->cookie;
                fl_object_reference(&connection->object);
            }
        }
    }
    pthread_mutex_unlock(&blocked_lock);
    fl_handle_leave(hThread);
    if (connection != NULL) {
        struct fpw_control_answer answer = {.value = 0};
        fl_control_call(connection, &request, &answer, NULL);
        found = answer.value != 0;
        fl_object_release(&connection->object);
    }
    return found ? TRUE : fl_fail_win32(call, ERROR_NOT_FOUND);
}
