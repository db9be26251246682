/* SPDX-License-Identifier: Apache-2.0 */
/* Requests that a worker serves, and FilterSendMessage, which is one of them. */
#include "client.h"

#include "kernel/complete.h"

struct fmw_call *fmw_call_create(struct fmw_client *client, PIRP irp, void (*run)(struct fmw_job *job)) {
    struct fmw_call *call = fm_allocate(sizeof(*call));
    if (call == NULL) {
        return NULL;
    }
    call->job.run = run;
    call->irp = irp;
    call->client = client;
    call->identity = fmw_identity_of_client();
    if (call->identity == NULL || !fmw_request_begin(client)) {
        fmw_identity_release(call->identity);
        fm_release(call);
        return NULL;
    }
    return call;
}

void fmw_call_submit(struct fmw_call *call, enum fmw_pool pool) {
    struct fmw_client *client = call->client;
    IoMarkIrpPending(call->irp);
    ExAcquireFastMutex(&client->lock);
    call->next = client->calls;
    client->calls = call;
    ExReleaseFastMutex(&client->lock);
    fmw_workers_submit(&call->job, pool);
}

void fmw_call_begin(struct fmw_call *call) {
    struct fmw_client *client = call->client;
    struct fmw_thread *self = fmw_thread_current();
    bool closed;
    fmw_impersonate(&call->identity->requestor);
    ExAcquireFastMutex(&client->lock);
    call->worker = self;
    closed = client->state == FMW_CLOSED;
    ExReleaseFastMutex(&client->lock);
    if (closed) {
        fmw_thread_alert(self);
    }
}

void fmw_calls_alert(struct fmw_client *client) {
    for (struct fmw_call *call = client->calls; call != NULL; call = call->next) {
        if (call->worker != NULL) {
            fmw_thread_alert(call->worker);
        }
    }
}

void fmw_call_complete(struct fmw_call *call, fm_status status, ULONG_PTR information) {
    struct fmw_client *client = call->client;
    struct fmw_call **link = &client->calls;
    ExAcquireFastMutex(&client->lock);
    while (*link != call) {
        link = &(*link)->next;
    }
    *link = call->next;
    ExReleaseFastMutex(&client->lock);
    fmw_impersonate(NULL);
    if (call->connection != NULL) {
        fm_connection_release(call->connection);
    }
    fmw_request_complete(client, call->irp, status, information);
    fmw_identity_release(call->identity);
    fm_release(call);
}

/* FilterSendMessage ------------------------------------------------------------------------------------------------- */

/* Wine hands both buffers over as copies that live as long as the request; one of no length may have any address. */
static void run_send(struct fmw_job *job) {
    struct fmw_call *call = CONTAINING_RECORD(job, struct fmw_call, job);
    const IO_STACK_LOCATION *stack = IoGetCurrentIrpStackLocation(call->irp);
    const ULONG input_length = stack->Parameters.DeviceIoControl.InputBufferLength;
    const ULONG capacity = stack->Parameters.DeviceIoControl.OutputBufferLength;
    uint32_t returned = 0;
    fm_status status;
    fmw_call_begin(call);
    status =
        fm_user_message(call->connection, input_length != 0 ? stack->Parameters.DeviceIoControl.Type3InputBuffer : NULL,
                        input_length, capacity != 0 ? call->irp->UserBuffer : NULL, capacity, &returned);
    fmw_call_complete(call, status, returned);
}

NTSTATUS fmw_dispatch_send(struct fmw_client *client, PIRP irp) {
    fm_connection *connection = fmw_client_connection(client);
    struct fmw_call *call = NULL;
    NTSTATUS status = STATUS_PORT_DISCONNECTED;
    (void)InterlockedIncrement64(&fmw_requests.send);
    if (connection != NULL) {
        call = fmw_call_create(client, irp, run_send);
        status = STATUS_INSUFFICIENT_RESOURCES;
    }
    if (call != NULL) {
        call->connection = connection;
        fmw_call_submit(call, FMW_CALLS);
        return STATUS_PENDING;
    }
    if (connection != NULL) {
        fm_connection_release(connection);
    }
    return fmw_complete_at_once(irp, status);
}
