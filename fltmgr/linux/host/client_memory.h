/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FLTMGR_LINUX_HOST_CLIENT_MEMORY_H
#define FLTMGR_LINUX_HOST_CLIENT_MEMORY_H

#include <stdbool.h>
#include <stdint.h>

/*
 * The address space of the client that the calling thread is serving: the transport offers it, the kernel run time uses
 * it for ZwMapViewOfSection. There is one only while a client's own request runs, because the client carries it out.
 */
struct fm_client_memory {
    void *process; /* the client's process object */
    /* Both return an NTSTATUS and may block for as long as a client needs to answer, with a limit. */
    int32_t (*map)(struct fm_client_memory *memory, int descriptor, uint64_t length, bool writable, uint64_t *address);
    int32_t (*unmap)(struct fm_client_memory *memory, uint64_t address);
};

/** For the calling thread, until it is called with NULL. */
void fm_offer_client_memory(struct fm_client_memory *memory);

/** The calling thread's, or NULL. */
struct fm_client_memory *fm_offered_client_memory(void);

#endif
