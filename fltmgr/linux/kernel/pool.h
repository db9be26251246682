/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FLTMGR_LINUX_KERNEL_POOL_H
#define FLTMGR_LINUX_KERNEL_POOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Who allocated what. A driver image registers the addresses of its code; an allocation belongs to the image its caller
 * lies in. At unload whatever is left is a leak, reported by tag.
 */

enum { FM_POOL_MOST_IMAGES = 64 };

/** Thread-safe. False when too many images are loaded. */
bool fm_pool_image_loaded(const char *name, uintptr_t start, uintptr_t end);

/**
 * Ends the registration. Says on stderr, a line for each tag, what the image allocated and did not free. Returns the
 * number of such allocations. The code must not run any more.
 */
size_t fm_pool_image_unloaded(uintptr_t start);

struct fm_pool_counters {
    uint64_t allocations;
    uint64_t bytes;
    uint64_t leaks; /* allocations left behind by images that were unloaded */
};
void fm_pool_read_counters(struct fm_pool_counters *counters);

#endif
