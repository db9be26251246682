/* SPDX-License-Identifier: Apache-2.0 */
#include "internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

/*
 * Created here and sealed, so that no client can shrink it and have this process fault. Punching holes remains
 * possible and reads as zeroes, which is harmless. Without MFD_HUGETLB: huge pages can run out on touch.
 */
static int sealed_memfd(const char *name, uint64_t length) {
    int descriptor = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (descriptor < 0)
        return -1;
    if (ftruncate(descriptor, (off_t)length) != 0 ||
        fcntl(descriptor, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) != 0) {
        close(descriptor);
        return -1;
    }
    return descriptor;
}

struct fmt_memory *fmt_memory_create(uid_t uid, const char *name, uint64_t length, int *descriptor) {
    uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
    if (length == 0 || length > UINT64_MAX - page)
        return NULL;
    length = (length + page - 1) & ~(page - 1);
    if (!fmt_quota_take(uid, FMT_BYTES, length))
        return NULL;
    struct fmt_memory *memory = calloc(1, sizeof *memory);
    *descriptor = sealed_memfd(name, length);
    void *base = MAP_FAILED;
    if (memory != NULL && *descriptor >= 0)
        base = mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_SHARED, *descriptor, 0);
    if (base == MAP_FAILED) {
        if (*descriptor >= 0)
            close(*descriptor);
        *descriptor = -1;
        free(memory);
        fmt_quota_return(uid, FMT_BYTES, length);
        return NULL;
    }
    atomic_store(&memory->references, 1);
    memory->uid = uid;
    memory->base = base;
    memory->length = length;
    atomic_fetch_add(&fmt_counters.shared_bytes, length);
    return memory;
}

void fmt_memory_reference(struct fmt_memory *memory) {
    atomic_fetch_add_explicit(&memory->references, 1, memory_order_relaxed);
}

void fmt_memory_release(struct fmt_memory *memory) {
    if (atomic_fetch_sub_explicit(&memory->references, 1, memory_order_acq_rel) != 1)
        return;
    munmap(memory->base, memory->length);
    atomic_fetch_sub(&fmt_counters.shared_bytes, memory->length);
    fmt_quota_return(memory->uid, FMT_BYTES, memory->length);
    free(memory);
}
