/* SPDX-License-Identifier: Apache-2.0 */
/*
 * FilterGetMessage: an armed receive is a pending request.
 *
 * Whoever takes the request's cancel routine away owns its completion. fill: if the routine was still set, the receive is ours and
 * completes as success; if not, the client has cancelled it meanwhile, and it completes so. The cancel routine asks the core to
 * drop the receive, which succeeds unless a message has been matched with it already. Wine looks at the request until its cancel
 * routine returns; so in that case both give the receive back, the routine and the core, and the second one completes it.
 */
#include "client.h"

#include "kernel/complete.h"

enum { FM_RECEIVE_SLOT = 0 }; /* of the request's DriverContext */

void fmw_receive_release(struct fmw_receive *receive) {
    if (InterlockedDecrement(&receive->references) == 0) {
        fm_release(receive);
    }
}

/* True: no cancel routine is running or will run. Then its reference is ours to give back, which is done here. */
static bool disarm(struct fmw_receive *receive) {
    if (IoSetCancelRoutine(receive->irp, NULL) == NULL) {
        return false;
    }
    fmw_receive_release(receive);
    return true;
}

static bool is_receive(const fm_receive *receive, const void *wanted) {
    return receive == wanted;
}

static void cancel(struct fmw_receive *receive) {
    fm_connection *connection = fmw_client_connection(receive->client);
    InterlockedExchange(&receive->cancelled, TRUE);
    if (connection != NULL) {
        (void)fm_receive_cancel(connection, is_receive, &receive->core, false);
        fm_connection_release(connection);
    }
}

static bool given_back_by_both(struct fmw_receive *receive) {
    return InterlockedIncrement(&receive->given_back) == 2;
}

/* No lock may be held. The reference was the core's. */
static void complete_dropped(struct fmw_receive *receive) {
    fmw_request_complete(receive->client, receive->irp, receive->status, 0);
    fmw_receive_release(receive);
}

static VOID NTAPI on_cancel(PDEVICE_OBJECT device, PIRP irp) {
    struct fmw_receive *receive = irp->Tail.DriverContext[FM_RECEIVE_SLOT];
    struct fmw_client *client = receive->client;
    UNREFERENCED_PARAMETER(device);
    fmw_client_reference(client);
    IoReleaseCancelSpinLock(irp->CancelIrql);
    cancel(receive);
    if (given_back_by_both(receive)) {
        complete_dropped(receive);
    }
    fmw_receive_release(receive);
    fmw_client_release(client);
}

static NTSTATUS arm(struct fmw_client *client, fm_connection *connection, PIRP irp, ULONG capacity) {
    struct fmw_receive *receive = fm_allocate(sizeof(*receive));
    if (receive == NULL) {
        return fmw_complete_at_once(irp, STATUS_INSUFFICIENT_RESOURCES);
    }
    if (!fmw_request_begin(client)) {
        fm_release(receive);
        return fmw_complete_at_once(irp, STATUS_PORT_DISCONNECTED);
    }
    receive->references = 3;
    receive->irp = irp;
    receive->client = client;
    receive->core.capacity = capacity;
    irp->Tail.DriverContext[FM_RECEIVE_SLOT] = receive;
    IoMarkIrpPending(irp);
    (void)IoSetCancelRoutine(irp, on_cancel);
    fm_receive_submit(connection, &receive->core);
    /* Cancelled before it was armed: the cancel routine found nothing to drop, or nobody called it. */
    if (__atomic_load_n(&receive->cancelled, __ATOMIC_SEQ_CST) != 0) {
        (void)fm_receive_cancel(connection, is_receive, &receive->core, false);
    }
    fmw_receive_release(receive);
    return STATUS_PENDING;
}

NTSTATUS fmw_dispatch_get(struct fmw_client *client, PIRP irp) {
    const ULONG capacity = IoGetCurrentIrpStackLocation(irp)->Parameters.DeviceIoControl.OutputBufferLength;
    fm_connection *connection = fmw_client_connection(client);
    NTSTATUS status;
    (void)InterlockedIncrement64(&fmw_requests.get);
    if (connection == NULL) {
        return fmw_complete_at_once(irp, STATUS_PORT_DISCONNECTED);
    }
    if (fm_connection_is_disconnected(connection)) {
        status = fmw_complete_at_once(irp, STATUS_PORT_DISCONNECTED);
    } else if (capacity < FM_HEADER_LENGTH || irp->UserBuffer == NULL) {
        status = fmw_complete_at_once(irp, STATUS_INVALID_PARAMETER);
    } else {
        status = arm(client, connection, irp, capacity);
    }
    fm_connection_release(connection);
    return status;
}

/* Operations of the core -------------------------------------------------------------------------------------------- */

fm_fill_result fmw_fill(void *transport, fm_receive *core, const fm_message_view *message) {
    struct fmw_receive *receive = CONTAINING_RECORD(core, struct fmw_receive, core);
    PIRP irp = receive->irp;
    PUCHAR target = irp->UserBuffer;
    FILTER_MESSAGE_HEADER header;
    UNREFERENCED_PARAMETER(transport);
    if (!disarm(receive)) {
        receive->status = STATUS_CANCELLED;
        if (given_back_by_both(receive)) {
            complete_dropped(receive);
        }
        return FM_FILL_CANCELLED;
    }
    RtlZeroMemory(&header, sizeof(header));
    header.ReplyLength = message->reply_length;
    header.MessageId = message->message_id;
    RtlCopyMemory(target, &header, sizeof(header));
    RtlCopyMemory(target + sizeof(header), message->payload, message->length);
    fmw_request_complete(receive->client, irp, STATUS_SUCCESS, sizeof(header) + message->length);
    fmw_receive_release(receive);
    return FM_FILL_OK;
}

void fmw_drop(void *transport, fm_receive *core, fm_status status) {
    struct fmw_receive *receive = CONTAINING_RECORD(core, struct fmw_receive, core);
    UNREFERENCED_PARAMETER(transport);
    receive->status = status;
    if (disarm(receive) || given_back_by_both(receive)) {
        fmw_complete_later(receive);
    }
}
