/* SPDX-License-Identifier: Apache-2.0 */
#include "client_memory.h"

#include <stddef.h>

static __thread struct fm_client_memory *offered;

void fm_offer_client_memory(struct fm_client_memory *memory) {
    offered = memory;
}

struct fm_client_memory *fm_offered_client_memory(void) {
    return offered;
}
