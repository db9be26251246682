/* SPDX-License-Identifier: Apache-2.0 */
/* FilterConnectCommunicationPort: the private control code, and the transport that the core gets. */
#include "client.h"

#include "kernel/complete.h"
#include "wire.h"

static void collect(void *transport) {
    UNREFERENCED_PARAMETER(transport);
}

/* User calls ask the core; there is nothing to tell the client. */
static void disconnected(void *transport) {
    UNREFERENCED_PARAMETER(transport);
}

static void released(void *transport) {
    fmw_client_release(transport);
}

const fm_transport_ops fmw_operations = {
    .collect = collect,
    .fill = fmw_fill,
    .open_reply = fmw_open_reply,
    .no_reply_id = fmw_no_reply_id,
    .close_reply = fmw_close_reply,
    .prepare_sleep = fmw_prepare_sleep,
    .sleep = fmw_sleep,
    .wake = fmw_wake,
    .drop = fmw_drop,
    .disconnected = disconnected,
    .released = released,
};

static bool parse(const struct fmw_call *call, fm_connect_request *request) {
    const ULONG length = IoGetCurrentIrpStackLocation(call->irp)->Parameters.DeviceIoControl.InputBufferLength;
    const fm_wire_connect *wire = call->irp->AssociatedIrp.SystemBuffer;
    const UCHAR *bytes = (const UCHAR *)(wire + 1);
    if (wire == NULL || length < sizeof(*wire) || wire->magic != FM_WIRE_CONNECT_MAGIC ||
        wire->version != FM_WIRE_VERSION || wire->name_length > length - sizeof(*wire) ||
        wire->context_length > length - sizeof(*wire) - wire->name_length || wire->name_length % sizeof(WCHAR) != 0 ||
        wire->name_length > MAXUSHORT - 1) {
        return false;
    }
    RtlZeroMemory(request, sizeof(*request));
    request->name.Buffer = (PWCH)(ULONG_PTR)bytes;
    request->name.Length = request->name.MaximumLength = (USHORT)wire->name_length;
    request->context = wire->context_length != 0 ? bytes + wire->name_length : NULL;
    request->context_length = wire->context_length;
    request->options = wire->options;
    return true;
}

static fm_status run_core(struct fmw_call *call, fm_connection **connection) {
    struct fmw_client *client = call->client;
    fm_connect_request request;
    bool was_released = false;
    fm_status status;
    if (!parse(call, &request)) {
        return STATUS_INVALID_PARAMETER;
    }
    request.requestor = &call->identity->requestor;
    request.transport = client;
    request.ops = &fmw_operations;
    fmw_client_reference(client); /* the core's, until released() */
    status = fm_port_connect(&request, connection, &was_released);
    if (!was_released) {
        fmw_client_release(client);
    }
    return status;
}

static bool begin_connecting(struct fmw_client *client, struct fmw_identity *identity) {
    bool begun;
    ExAcquireFastMutex(&client->lock);
    begun = client->state == FMW_OPEN;
    if (begun) {
        client->state = FMW_CONNECTING;
        fmw_identity_release(client->identity);
        client->identity = identity;
        fmw_identity_reference(identity);
    }
    ExReleaseFastMutex(&client->lock);
    return begun;
}

static void run_connect(struct fmw_job *job) {
    struct fmw_call *call = CONTAINING_RECORD(job, struct fmw_call, job);
    struct fmw_client *client = call->client;
    fm_connection *connection = NULL;
    bool closed;
    fm_status status;
    fmw_call_begin(call);
    fmw_closing_wait(call->identity->requestor.process_id, call->closes);
    if (!begin_connecting(client, call->identity)) {
        fmw_call_complete(call, STATUS_INVALID_DEVICE_REQUEST, 0); /* connected already, or closed */
        return;
    }
    status = run_core(call, &connection);
    ExAcquireFastMutex(&client->lock);
    closed = client->state == FMW_CLOSED;
    if (!closed) {
        client->state = NT_SUCCESS(status) ? FMW_CONNECTED : FMW_OPEN;
        client->connection = NT_SUCCESS(status) ? connection : NULL;
    }
    ExReleaseFastMutex(&client->lock);
    if (closed && NT_SUCCESS(status)) {
        fm_connection_close_user(connection); /* nobody waits for it any more */
        status = STATUS_PORT_DISCONNECTED;
    }
    /* The driver's own success codes mean nothing to a client. */
    fmw_call_complete(call, NT_SUCCESS(status) ? STATUS_SUCCESS : status, 0);
}

NTSTATUS fmw_dispatch_connect(struct fmw_client *client, PIRP irp) {
    struct fmw_call *call = fmw_call_create(client, irp, run_connect);
    (void)InterlockedIncrement64(&fmw_requests.connect);
    if (call == NULL) {
        return fmw_complete_at_once(irp, STATUS_INSUFFICIENT_RESOURCES);
    }
    call->closes = fmw_closing_last();
    fmw_call_submit(call, FMW_CALLS);
    return STATUS_PENDING;
}
