/* SPDX-License-Identifier: Apache-2.0 */
#include "client.h"

#include "kernel/complete.h"

struct fmw_request_counters fmw_requests;

struct fmw_client *fmw_client_create(void) {
    struct fmw_client *client = fm_allocate(sizeof(*client));
    if (client != NULL) {
        client->references = 1;
        ExInitializeFastMutex(&client->lock);
    }
    return client;
}

void fmw_client_reference(struct fmw_client *client) {
    (void)InterlockedIncrement(&client->references);
}

void fmw_client_release(struct fmw_client *client) {
    if (InterlockedDecrement(&client->references) == 0) {
        fmw_identity_release(client->identity);
        fm_release(client);
    }
}

fm_connection *fmw_client_connection(struct fmw_client *client) {
    fm_connection *connection = NULL;
    ExAcquireFastMutex(&client->lock);
    if (client->state == FMW_CONNECTED) {
        connection = client->connection;
        fm_connection_reference(connection);
    }
    ExReleaseFastMutex(&client->lock);
    return connection;
}

bool fmw_request_begin(struct fmw_client *client) {
    bool begun;
    ExAcquireFastMutex(&client->lock);
    begun = client->state != FMW_CLOSED;
    if (begun) {
        client->requests++;
        fmw_client_reference(client);
    }
    ExReleaseFastMutex(&client->lock);
    return begun;
}

void fmw_request_complete(struct fmw_client *client, PIRP irp, fm_status status, ULONG_PTR information) {
    PIRP close = NULL;
    fmw_complete(irp, status, information);
    ExAcquireFastMutex(&client->lock);
    if (--client->requests == 0) {
        close = client->close;
        client->close = NULL;
    }
    ExReleaseFastMutex(&client->lock);
    if (close != NULL) {
        fmw_complete(close, STATUS_SUCCESS, 0);
    }
    fmw_client_release(client);
}

static void run_close(struct fmw_job *job) {
    struct fmw_client *client = CONTAINING_RECORD(job, struct fmw_client, close_job);
    fmw_impersonate(&client->identity->requestor);
    fm_connection_close_user(client->connection);
    fmw_impersonate(NULL);
    fmw_closing_end(&client->closing);
    fmw_client_release(client);
}

NTSTATUS fmw_client_close(struct fmw_client *client, PIRP irp) {
    fm_connection *connection = NULL;
    bool pending;

    ExAcquireFastMutex(&client->lock);
    if (client->state == FMW_CONNECTED) {
        connection = client->connection;
    }
    client->state = FMW_CLOSED;
    fmw_calls_alert(client);
    ExReleaseFastMutex(&client->lock);

    if (connection != NULL) {
        fm_connection_break(connection);
        fmw_completer_drain();
        client->close_job.run = run_close;
        fmw_closing_begin(&client->closing, client->identity->requestor.process_id);
        fmw_client_reference(client);
        fmw_workers_submit(&client->close_job, FMW_CLOSES);
    }

    ExAcquireFastMutex(&client->lock);
    pending = client->requests != 0;
    if (pending) {
        IoMarkIrpPending(irp);
        client->close = irp;
    }
    ExReleaseFastMutex(&client->lock);
    fmw_client_release(client);
    return pending ? STATUS_PENDING : fmw_complete_at_once(irp, STATUS_SUCCESS);
}
