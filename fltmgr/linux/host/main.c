/* SPDX-License-Identifier: Apache-2.0 */
#include "host.h"

static int run(void *context, struct fm_heartbeat *heartbeat) {
    return fm_host_run(context, heartbeat);
}

int main(int argc, char **argv) {
    struct fm_options options;
    int exit_status;
    if (!fm_options_read(&options, argc, argv, &exit_status)) {
        return exit_status;
    }
    return fm_supervise(options.heartbeat_ms, run, &options);
}
