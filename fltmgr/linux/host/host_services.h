/* SPDX-License-Identifier: Apache-2.0 */
/**
 * The seam between the host and the transport that serves clients. Plain C types, so either side's compiler flags do.
 *
 * A request of a client becomes a job:
 *
 *     identity = fm_identity_of_peer(socket)             once per connection; SIDs, process object (requestor.h)
 *     fm_clients_add(pid)                                this process has workers in reserve (clients.h)
 *     fm_workers_submit(&request->job, FM_JOB_CLIENT)    → on a worker: run(job)  (workers.h)
 *         fm_impersonate(&identity->requestor)           for whom the driver's callback runs (thread.h)
 *         under the request's own lock: request->thread = fm_host_thread_current()
 *         … fm_user_message(), fm_port_connect(), fm_connection_close_user() …
 *         under that lock: request->thread = NULL
 *     the calling thread went away: under that lock, fm_host_thread_alert(request->thread) if there is one
 *
 * The worker forgets the requestor by itself when run() returns.
 */
#ifndef FLTMGR_LINUX_HOST_HOST_SERVICES_H
#define FLTMGR_LINUX_HOST_HOST_SERVICES_H

#include <stdbool.h>
#include <stdint.h>

#include "clients.h"
#include "log.h"
#include "requestor.h"
#include "thread.h"
#include "workers.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What the host does for clients beyond ports ------------------------------------------------------------------------ */

/**
 * FilterLoad and FilterUnload: only for uid 0 (the requestor's first SID is SYSTEM) or the system itself. Runs driver code in the
 * calling thread. name is UTF-8. Returns an NTSTATUS; why it failed stands on stderr too. Thread-safe.
 */
int32_t fm_driver_load(const char *name, const fm_requestor *requestor);
int32_t fm_driver_unload(const char *name, const fm_requestor *requestor);

/* Counters ------------------------------------------------------------------------------------------------------------ */

/** For the verb `counters`: called once per counter; names consist of a-z, 0-9, _ and dots. */
struct fm_counter_sink {
    void (*add)(struct fm_counter_sink *sink, const char *name, uint64_t value);
};

#ifdef __cplusplus
}
#endif

#endif
