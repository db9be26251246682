/* SPDX-License-Identifier: Apache-2.0 */
#include "counters.h"

#include "transport/client.h"
#include "volume/volumes.h"

#define ADD(prefix, name) fmw_answer_number(answer, prefix "." #name, (ULONG64)counters.name)

static void add_core(struct fmw_answer *answer) {
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

static void add_requests(struct fmw_answer *answer) {
    const struct fmw_request_counters counters = fmw_requests;
    ADD("requests", get);
    ADD("requests", reply);
    ADD("requests", send);
    ADD("requests", connect);
}

static void add_workers(struct fmw_answer *answer) {
    struct fmw_worker_counters counters;
    fmw_workers_counters(&counters);
    ADD("workers", threads);
    ADD("workers", running);
    ADD("workers", jobs);
    ADD("workers", refused_threads);
}

static void add_volumes(struct fmw_answer *answer) {
    struct fmw_volume_counters counters;
    fmw_volumes_counters(&counters);
    ADD("direct", opens);
    ADD("direct", succeeded);
    ADD("direct", refused);
}

void fmw_counters_collect(struct fmw_answer *answer) {
    add_core(answer);
    add_requests(answer);
    add_volumes(answer);
    add_workers(answer);
}
