/* SPDX-License-Identifier: Apache-2.0 */
#include "counters.h"

#include "../../core/fltmgr_core.h"
#include "../kernel/pool.h"
#include "../kernel/process.h"
#include "../transport/server.h"
#include "../volume/volumes.h"
#include "drivers.h"

#define ADD(prefix, name) sink->add(sink, prefix "." #name, counters.name)

static void add_core(struct fm_counter_sink *sink) {
    fm_counters counters;
    fm_core_counters(&counters);
    ADD("core", sent);
    ADD("core", one_way);
    ADD("core", replied);
    ADD("core", reply_too_long);
    ADD("core", timed_out_queued);
    ADD("core", timed_out_delivered);
    ADD("core", disconnected);
    ADD("core", terminated);
    ADD("core", receives_too_small);
    ADD("core", receives_cancelled);
    ADD("core", refilled);
    ADD("core", queue_high);
    ADD("core", connects);
    ADD("core", connects_refused);
    ADD("core", user_messages);
    ADD("core", operations);
}

static void add_server(struct fm_counter_sink *sink) {
    struct fm_server_counters counters;
    fm_server_counters(&counters);
    ADD("server", connections);
    ADD("server", accepted);
    ADD("server", refused_by_limit);
    ADD("server", protocol_errors);
    ADD("server", calls);
    ADD("server", shared_bytes);
}

static void add_workers(struct fm_counter_sink *sink) {
    struct fm_worker_counters counters;
    fm_workers_counters(&counters);
    ADD("workers", threads);
    ADD("workers", threads_high_mark);
    ADD("workers", idle);
    ADD("workers", running_gated);
    ADD("workers", queued);
    ADD("workers", queued_high_mark);
    ADD("workers", jobs);
    ADD("workers", refused_threads);
}

static void add_pool(struct fm_counter_sink *sink) {
    struct fm_pool_counters counters;
    fm_pool_read_counters(&counters);
    ADD("pool", allocations);
    ADD("pool", bytes);
    ADD("pool", leaks);
}

void fm_counters_collect(struct fm_counter_sink *sink) {
    add_core(sink);
    add_server(sink);
    fm_volumes_counters(sink);
    add_workers(sink);
    add_pool(sink);
    sink->add(sink, "drivers.loaded", fm_drivers_count());
    sink->add(sink, "drivers.threads", fm_system_threads());
}
