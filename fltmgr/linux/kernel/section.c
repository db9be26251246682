/* SPDX-License-Identifier: Apache-2.0 */
/* Sections: a memfd each. What a client gets to see of one goes through host/client_memory.h. */
#include "section.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../host/client_memory.h"
#include "../host/core_threads.h"
#include "../host/requestor.h"
#include "dispatcher.h"
#include "process.h"

struct section {
    DISPATCHER_HEADER Header;
    LONG references;
    int descriptor;
    uint64_t length;
    bool writable;
};

struct view {
    struct view *next;
    void *base;
    size_t length;
    struct section *section; /* referenced */
};

/* The system's own. */
static struct {
    pthread_mutex_t lock;
    struct view *first;
} views = {.lock = PTHREAD_MUTEX_INITIALIZER};

LONG fm_section_reference(void *object, LONG change) {
    struct section *section = object;
    LONG references = __atomic_add_fetch(&section->references, change, __ATOMIC_ACQ_REL);
    if (references == 0) {
        (void)close(section->descriptor);
        free(section);
    }
    return references;
}

/*
 * Sealed, so that no client can shrink it and have this process fault; never on huge pages, which can run out on touch;
 * allocated at once, so that a driver never faults for want of memory later.
 */
static int sealed_memory(uint64_t length) {
    int descriptor = memfd_create("filterport-section", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (descriptor < 0) {
        return -1;
    }
    if (fallocate(descriptor, 0, 0, (off_t)length) != 0 ||
        fcntl(descriptor, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW) != 0) {
        (void)close(descriptor);
        return -1;
    }
    return descriptor;
}

NTSTATUS NTAPI ZwCreateSection(PHANDLE SectionHandle, ACCESS_MASK DesiredAccess, POBJECT_ATTRIBUTES ObjectAttributes,
                               PLARGE_INTEGER MaximumSize, ULONG SectionPageProtection, ULONG AllocationAttributes,
                               HANDLE FileHandle) {
    UNREFERENCED_PARAMETER(DesiredAccess);
    static const uint64_t longest = UINT64_C(1) << 40;
    *SectionHandle = NULL;
    if (FileHandle != NULL || (ObjectAttributes != NULL && ObjectAttributes->ObjectName != NULL)) {
        return STATUS_NOT_SUPPORTED;
    }
    if (MaximumSize == NULL || MaximumSize->QuadPart <= 0 || (uint64_t)MaximumSize->QuadPart > longest ||
        (SectionPageProtection != PAGE_READWRITE && SectionPageProtection != PAGE_READONLY) ||
        AllocationAttributes != SEC_COMMIT) {
        return STATUS_INVALID_PARAMETER;
    }
    struct section *section = calloc(1, sizeof(*section));
    if (section == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
    fm_dispatcher_init(&section->Header, FM_OBJECT_SECTION, 0);
    section->references = 1;
    section->length = ((uint64_t)MaximumSize->QuadPart + page - 1) & ~(page - 1);
    section->writable = SectionPageProtection == PAGE_READWRITE;
    section->descriptor = sealed_memory(section->length);
    if (section->descriptor < 0) {
        free(section);
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    *SectionHandle = fm_handle_open(section);
    if (*SectionHandle == NULL) {
        (void)fm_section_reference(section, -1);
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    return STATUS_SUCCESS;
}

/* 0: the size asked for is more than there is. */
static size_t view_length(const struct section *section, SIZE_T asked) {
    uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
    if (asked > section->length) {
        return 0;
    }
    return asked == 0 ? section->length : (asked + page - 1) & ~(page - 1);
}

static NTSTATUS map_here(struct section *section, PVOID *base, PSIZE_T size, bool writable) {
    size_t length = view_length(section, *size);
    if (length == 0) {
        return STATUS_INVALID_PARAMETER;
    }
    struct view *view = malloc(sizeof(*view));
    if (view == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    void *memory =
        mmap(NULL, length, PROT_READ | (writable ? PROT_WRITE : 0), MAP_SHARED | MAP_POPULATE, section->descriptor, 0);
    if (memory == MAP_FAILED) {
        NTSTATUS status = errno == EPERM ? STATUS_ACCESS_DENIED : STATUS_INSUFFICIENT_RESOURCES;
        free(view);
        return status;
    }
    (void)fm_section_reference(section, 1);
    pthread_mutex_lock(&views.lock);
    *view = (struct view){.next = views.first, .base = memory, .length = length, .section = section};
    views.first = view;
    pthread_mutex_unlock(&views.lock);
    *base = memory;
    *size = length;
    return STATUS_SUCCESS;
}

static NTSTATUS unmap_here(PVOID base) {
    pthread_mutex_lock(&views.lock);
    struct view **link = &views.first;
    while (*link != NULL && (*link)->base != base) {
        link = &(*link)->next;
    }
    struct view *view = *link;
    if (view != NULL) {
        *link = view->next;
    }
    pthread_mutex_unlock(&views.lock);
    if (view == NULL) {
        return STATUS_INVALID_PARAMETER;
    }
    (void)munmap(view->base, view->length);
    (void)fm_section_reference(view->section, -1);
    free(view);
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI MmMapViewInSystemSpace(PVOID Section, PVOID *MappedBase, PSIZE_T ViewSize) {
    struct section *section = Section;
    return map_here(section, MappedBase, ViewSize, section->writable);
}

NTSTATUS NTAPI MmUnmapViewInSystemSpace(PVOID MappedBase) {
    return unmap_here(MappedBase);
}

/* A client holds the descriptor, so what it must not do has to be forbidden by the memory itself. */
static NTSTATUS map_into_client(struct fm_client_memory *client, struct section *section, PVOID *base, PSIZE_T size,
                                bool writable) {
    size_t length = view_length(section, *size);
    int seals = F_SEAL_SEAL | (writable ? 0 : F_SEAL_FUTURE_WRITE);
    int present = fcntl(section->descriptor, F_GET_SEALS);
    uint64_t address = 0;

    if (length == 0) {
        return STATUS_INVALID_PARAMETER;
    }
    if (writable && (!section->writable || (present & F_SEAL_FUTURE_WRITE) != 0)) {
        return STATUS_ACCESS_DENIED;
    }
    if ((present & seals) != seals && fcntl(section->descriptor, F_ADD_SEALS, seals) != 0) {
        return STATUS_ACCESS_DENIED; /* somebody has had a writable view */
    }
    NTSTATUS status = client->map(client, section->descriptor, length, writable, &address);
    if (status == STATUS_SUCCESS) {
        *base = (PVOID)(ULONG_PTR)address;
        *size = length;
    }
    return status;
}

/* The process behind a handle, with a reference: its object, or NULL. */
static PEPROCESS process_of(HANDLE handle) {
    PVOID process = NULL;
    if (handle == NtCurrentProcess()) {
        process = PsGetCurrentProcess();
        ObReferenceObject(process);
    } else if (!NT_SUCCESS(ObReferenceObjectByHandle(handle, PROCESS_VM_OPERATION, *PsProcessType, KernelMode, &process,
                                                     NULL))) {
        return NULL;
    }
    return process;
}

static struct fm_client_memory *client_of(PEPROCESS process) {
    struct fm_client_memory *client = fm_offered_client_memory();
    return client != NULL && client->process == process ? client : NULL;
}

NTSTATUS NTAPI ZwMapViewOfSection(HANDLE SectionHandle, HANDLE ProcessHandle, PVOID *BaseAddress, ULONG_PTR ZeroBits,
                                  SIZE_T CommitSize, PLARGE_INTEGER SectionOffset, PSIZE_T ViewSize,
                                  SECTION_INHERIT InheritDisposition, ULONG AllocationType, ULONG Win32Protect) {
    UNREFERENCED_PARAMETER(CommitSize);
    PVOID section;
    bool writable = Win32Protect == PAGE_READWRITE;
    if (Win32Protect != PAGE_READWRITE && Win32Protect != PAGE_READONLY) {
        return STATUS_INVALID_PARAMETER;
    }
    if (*BaseAddress != NULL || ZeroBits != 0 || AllocationType != 0 || InheritDisposition != ViewUnmap ||
        (SectionOffset != NULL && SectionOffset->QuadPart != 0)) {
        return STATUS_NOT_SUPPORTED;
    }
    NTSTATUS status = ObReferenceObjectByHandle(SectionHandle, SECTION_MAP_READ | (writable ? SECTION_MAP_WRITE : 0),
                                                NULL, KernelMode, &section, NULL);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    PEPROCESS process = process_of(ProcessHandle);
    struct fm_client_memory *client = client_of(process);
    if (((DISPATCHER_HEADER *)section)->Type != FM_OBJECT_SECTION) {
        status = STATUS_OBJECT_TYPE_MISMATCH;
    } else if (process == NULL) {
        status = STATUS_INVALID_HANDLE;
    } else if (client != NULL) {
        status = map_into_client(client, section, BaseAddress, ViewSize, writable);
    } else {
        status = process == fm_system_requestor()->process ? map_here(section, BaseAddress, ViewSize, writable)
                                                           : STATUS_NOT_SUPPORTED;
    }
    if (process != NULL) {
        ObDereferenceObject(process);
    }
    /* A handle that another thread closes meanwhile takes only its own reference. */
    ObDereferenceObject(section); // NOLINT(clang-analyzer-unix.Malloc)
    return status;
}

NTSTATUS NTAPI ZwUnmapViewOfSection(HANDLE ProcessHandle, PVOID BaseAddress) {
    PEPROCESS process = process_of(ProcessHandle);
    if (process == NULL) {
        return STATUS_INVALID_HANDLE;
    }
    struct fm_client_memory *client = client_of(process);
    NTSTATUS status = client != NULL ? client->unmap(client, (uint64_t)(ULONG_PTR)BaseAddress)
                      : process == fm_system_requestor()->process ? unmap_here(BaseAddress)
                                                                  : STATUS_NOT_SUPPORTED;
    ObDereferenceObject(process);
    return status;
}

NTSTATUS NTAPI ZwOpenProcess(PHANDLE ProcessHandle, ACCESS_MASK DesiredAccess, POBJECT_ATTRIBUTES ObjectAttributes,
                             PCLIENT_ID ClientId) {
    UNREFERENCED_PARAMETER(DesiredAccess);
    UNREFERENCED_PARAMETER(ObjectAttributes);
    *ProcessHandle = NULL;
    if (ClientId == NULL || ClientId->UniqueThread != NULL) {
        return STATUS_INVALID_PARAMETER;
    }
    pid_t pid = (pid_t)(ULONG_PTR)ClientId->UniqueProcess;
    const fm_requestor *current = fm_current_requestor();
    uint64_t key = current->process_id == (uint64_t)pid ? current->process_key : fm_process_key(pid);
    if (key == 0) {
        return STATUS_INVALID_CID;
    }
    void *process = fm_process_acquire((uint64_t)pid, key);
    if (process == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    *ProcessHandle = fm_handle_open(process);
    if (*ProcessHandle == NULL) {
        fm_object_dereference(process);
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    return STATUS_SUCCESS;
}
