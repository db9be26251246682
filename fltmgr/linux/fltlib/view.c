/* SPDX-License-Identifier: Apache-2.0 */
#include "internal.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

/*
 * Views live until the program unmaps them: the driver's end, the connection's and the manager's leave them as they are,
 * since a thread may be reading. They are not in the child of a fork.
 */
struct view {
    struct view *next;
    char *base;
    size_t length;
    bool writable;
};

static pthread_mutex_t view_lock = PTHREAD_MUTEX_INITIALIZER;
static struct view *views;

static NTSTATUS view_map(const struct fpw_lane_view *wanted, int descriptor, void **base) {
    if (wanted->length == 0 || wanted->length > SIZE_MAX / 2)
        return STATUS_INVALID_PARAMETER;
    struct view *view = malloc(sizeof *view);
    if (view == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    int protection = PROT_READ | (wanted->writable != 0 ? PROT_WRITE : 0);
    void *memory = mmap(NULL, wanted->length, protection, MAP_SHARED, descriptor, 0);
    if (memory == MAP_FAILED) {
        free(view);
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    madvise(memory, wanted->length, MADV_DONTFORK);
    pthread_mutex_lock(&view_lock);
    *view = (struct view){views, memory, wanted->length, wanted->writable != 0};
    views = view;
    pthread_mutex_unlock(&view_lock);
    *base = memory;
    return STATUS_SUCCESS;
}

static bool view_unmap(const void *base) {
    pthread_mutex_lock(&view_lock);
    struct view **link = &views;
    while (*link != NULL && (*link)->base != base)
        link = &(*link)->next;
    struct view *view = *link;
    if (view != NULL)
        *link = view->next;
    pthread_mutex_unlock(&view_lock);
    if (view == NULL)
        return false;
    munmap(view->base, view->length);
    free(view);
    return true;
}

NTSTATUS fl_view_serve(const struct fpw_lane_answer *question, const struct fpw_lane_view *view, int descriptor,
                       struct fl_views *mine, uint64_t *address) {
    NTSTATUS status = STATUS_NOT_SUPPORTED;
    if (question->kind == FPW_LANE_MAP && descriptor >= 0) {
        void *base = NULL;
        status = mine->count < FL_VIEWS_MOST ? view_map(view, descriptor, &base) : STATUS_INSUFFICIENT_RESOURCES;
        if (status == STATUS_SUCCESS)
            mine->bases[mine->count++] = base;
        *address = (uint64_t)(uintptr_t)base;
    } else if (question->kind == FPW_LANE_UNMAP) {
        status = STATUS_INVALID_PARAMETER;
        for (unsigned i = 0; i < mine->count; i++) { /* only what this call has mapped: the rest is the program's */
            if ((uintptr_t)mine->bases[i] == view->address && view_unmap(mine->bases[i])) {
                mine->bases[i] = mine->bases[--mine->count];
                status = STATUS_SUCCESS;
                break;
            }
        }
    }
    if (descriptor >= 0)
        close(descriptor);
    return status;
}

void fl_view_undo(struct fl_views *mine) {
    while (mine->count != 0)
        view_unmap(mine->bases[--mine->count]);
}

BOOL WINAPI UnmapViewOfFile(LPCVOID lpBaseAddress) {
    if (atomic_load_explicit(&fl_forked, memory_order_relaxed) || !view_unmap(lpBaseAddress))
        return fl_fail_win32("UnmapViewOfFile", ERROR_INVALID_ADDRESS);
    return TRUE;
}

SIZE_T WINAPI VirtualQuery(LPCVOID lpAddress, PMEMORY_BASIC_INFORMATION lpBuffer, SIZE_T dwLength) {
    if (lpBuffer == NULL || dwLength < sizeof *lpBuffer)
        return 0;
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    char *from = (char *)((uintptr_t)lpAddress & ~(page - 1));
    *lpBuffer = (MEMORY_BASIC_INFORMATION){
        .BaseAddress = from, .RegionSize = page, .State = MEM_FREE, .Protect = PAGE_NOACCESS};
    if (atomic_load_explicit(&fl_forked, memory_order_relaxed))
        return sizeof *lpBuffer;
    pthread_mutex_lock(&view_lock);
    for (struct view *view = views; view != NULL; view = view->next) {
        uintptr_t distance = (uintptr_t)from - (uintptr_t)view->base;
        if (distance < view->length) {
            DWORD protection = view->writable ? PAGE_READWRITE : PAGE_READONLY;
            *lpBuffer = (MEMORY_BASIC_INFORMATION){.BaseAddress = from,
                                                   .AllocationBase = view->base,
                                                   .AllocationProtect = protection,
                                                   .RegionSize = view->length - distance,
                                                   .State = MEM_COMMIT,
                                                   .Protect = protection,
                                                   .Type = MEM_MAPPED};
        }
    }
    pthread_mutex_unlock(&view_lock);
    return sizeof *lpBuffer;
}
