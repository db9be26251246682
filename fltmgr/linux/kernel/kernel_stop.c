/* SPDX-License-Identifier: Apache-2.0 */
#include "kernel_stop.h"

#include <stdlib.h>

#include "../host/log.h"

void fm_kernel_stop(const char *what) {
    fm_log("stop: %s. This is a bug in a driver; the host ends", what);
    abort();
}

void *fm_thread_token(void) {
    static __thread char token;
    return &token;
}
