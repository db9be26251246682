/* SPDX-License-Identifier: Apache-2.0 */
/*
 * FilterReplyMessage. A window is open from the moment a message is matched until its sender stops waiting, and takes one reply.
 * Windows hang in a table by MessageId, in the core's lock, linked through their reply slots; the slot's data is
 *   0 the next window of its bucket   1 the sender's capacity   2 the reply that came, or 0
 */
#include "client.h"

#include "kernel/complete.h"

enum { NEXT, CAPACITY, REPLY };

struct reply {
    fm_status status;
    uint32_t length;
    UCHAR bytes[];
};

static fm_reply_slot **bucket_of(struct fmw_client *client, uint64_t id) {
    return &client->windows[id % FMW_WINDOW_BUCKETS];
}

static fm_reply_slot *next_of(const fm_reply_slot *slot) {
    return (fm_reply_slot *)(uintptr_t)slot->data[NEXT];
}

fm_status fmw_open_reply(void *transport, fm_reply_slot *slot, uint32_t capacity) {
    struct fmw_client *client = transport;
    fm_reply_slot **bucket;
    slot->message_id = ++client->last_id;
    bucket = bucket_of(client, slot->message_id);
    slot->data[NEXT] = (uintptr_t)*bucket;
    slot->data[CAPACITY] = capacity;
    slot->data[REPLY] = 0;
    fmw_unanswered(CONTAINING_RECORD(slot, fm_send, slot));
    *bucket = slot;
    return STATUS_SUCCESS;
}

uint64_t fmw_no_reply_id(void *transport) {
    struct fmw_client *client = transport;
    return ++client->last_id;
}

static void remove_window(struct fmw_client *client, const fm_reply_slot *slot) {
    fm_reply_slot **bucket = bucket_of(client, slot->message_id);
    fm_reply_slot *previous = *bucket;
    if (previous == slot) {
        *bucket = next_of(slot);
        return;
    }
    while (next_of(previous) != slot) {
        previous = next_of(previous);
    }
    previous->data[NEXT] = slot->data[NEXT];
}

fm_reply_result fmw_close_reply(void *transport, fm_reply_slot *slot, void *buffer, uint32_t capacity, uint32_t *length,
                                fm_status *status) {
    struct reply *reply = (struct reply *)(uintptr_t)slot->data[REPLY];
    remove_window(transport, slot);
    if (reply == NULL) {
        return FM_GONE;
    }
    *length = reply->length;
    *status = reply->status;
    if (reply->length != 0 && reply->length <= capacity) {
        RtlCopyMemory(buffer, reply->bytes, reply->length);
    }
    fm_release(reply);
    return FM_REPLIED;
}

/* In the core's lock. STATUS_SUCCESS and STATUS_BUFFER_OVERFLOW: the window has taken the reply. */
static NTSTATUS publish(struct fmw_client *client, uint64_t id, struct reply *reply) {
    fm_reply_slot *slot = *bucket_of(client, id);
    while (slot != NULL && slot->message_id != id) {
        slot = next_of(slot);
    }
    if (slot == NULL || slot->data[REPLY] != 0) {
        return STATUS_FLT_NO_WAITER_FOR_REPLY;
    }
    slot->data[REPLY] = (uintptr_t)reply;
    fmw_answered(CONTAINING_RECORD(slot, fm_send, slot));
    return reply->length > slot->data[CAPACITY] ? STATUS_BUFFER_OVERFLOW : STATUS_SUCCESS;
}

static NTSTATUS reply_with(struct fmw_client *client, fm_connection *connection, const UCHAR *input, ULONG length) {
    FILTER_REPLY_HEADER header;
    struct reply *reply;
    NTSTATUS status;
    RtlCopyMemory(&header, input, sizeof(header));
    length -= (ULONG)sizeof(header);
    reply = fm_allocate(sizeof(*reply) + length);
    if (reply == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    reply->status = header.Status;
    reply->length = length;
    RtlCopyMemory(reply->bytes, input + sizeof(header), length);
    fm_connection_lock(connection);
    status =
        fm_connection_is_disconnected(connection) ? STATUS_PORT_DISCONNECTED : publish(client, header.MessageId, reply);
    fm_connection_unlock(connection);
    if (status != STATUS_SUCCESS && status != STATUS_BUFFER_OVERFLOW) {
        fm_release(reply);
    }
    return status;
}

NTSTATUS fmw_dispatch_reply(struct fmw_client *client, PIRP irp) {
    const IO_STACK_LOCATION *stack = IoGetCurrentIrpStackLocation(irp);
    const UCHAR *input = stack->Parameters.DeviceIoControl.Type3InputBuffer;
    const ULONG length = stack->Parameters.DeviceIoControl.InputBufferLength;
    fm_connection *connection = fmw_client_connection(client);
    NTSTATUS status;
    (void)InterlockedIncrement64(&fmw_requests.reply);
    if (connection == NULL) {
        status = STATUS_PORT_DISCONNECTED;
    } else if (input == NULL || length < sizeof(FILTER_REPLY_HEADER)) {
        status = STATUS_INVALID_PARAMETER;
    } else {
        status = reply_with(client, connection, input, length);
    }
    if (connection != NULL) {
        fm_connection_release(connection);
    }
    return fmw_complete_at_once(irp, status);
}
