/* SPDX-License-Identifier: Apache-2.0 */
/* FilterSendMessage: the user asks the driver. */
#include "internal.h"

fm_status fm_user_message(fm_connection *connection, void *input, uint32_t input_length, void *output,
                          uint32_t output_capacity, uint32_t *returned) {
    PFLT_MESSAGE_NOTIFY notify;
    ULONG length = 0;
    NTSTATUS status;
    bool last;

    *returned = 0;
    if (input == NULL) {
        input_length = 0; /* USER-06 */
    }
    if (output == NULL) {
        output_capacity = 0; /* USER-05 */
    }

    fm_mutex_lock(&connection->lock);
    if (connection->disconnected) {
        fm_mutex_unlock(&connection->lock);
        return STATUS_PORT_DISCONNECTED;
    }
    notify = connection->server->message;
    if (notify == NULL) {
        fm_mutex_unlock(&connection->lock);
        return STATUS_NOT_SUPPORTED; /* OPEN-08 */
    }
    connection->messages++;
    connection->attached++;
    connection->counters.user_messages++;
    PVOID cookie = connection->cookie;
    fm_mutex_unlock(&connection->lock);

    status = notify(cookie, input, input_length, output, output_capacity, &length);
    *returned = length < output_capacity ? length : output_capacity;

    fm_mutex_lock(&connection->lock);
    if (--connection->messages == 0 && connection->rundown != NULL) {
        fm_waiter_wake(connection->rundown); /* under the lock: the waiter cannot go before we have left */
    }
    last = --connection->attached == 0;
    fm_mutex_unlock(&connection->lock);
    if (last) {
        fm_connection_detach(connection);
    }
    return status;
}
