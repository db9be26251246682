/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The C client: what jni/engine.cpp and a Java reader do together, in C alone. Overlapped receives on one completion
 * port, taken in batches; each message is answered where it lies; the handled receives are armed again before the next
 * wait.
 *
 *   bench_client MANAGER NUMBER CONNECTIONS IN-FLIGHT READERS SPIN-NANOSECONDS HANDLER-NANOSECONDS
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <filterport_linux.h>

#include "../common/clock.h"
#include "../common/protocol.h"

enum { BATCH = 64, PAYLOAD = BENCH_LONGEST };

struct slot {
    _Alignas(64) OVERLAPPED overlapped; /* written here only: a line of its own */
    _Alignas(64) FILTER_MESSAGE_HEADER header;
    unsigned char payload[PAYLOAD];
    _Alignas(64) FILTER_REPLY_HEADER reply;
    uint32_t answer[4];
};

struct connection {
    HANDLE handle;
    HANDLE completion;
    struct slot *slots;
};

static uint64_t handler_nanoseconds;
static ULONG batch = BATCH;

_Noreturn static void fail(const char *call) {
    fprintf(stderr, "bench_client: %s: %s\n", call, FpLastErrorText());
    exit(1);
}

static void arm(const struct connection *connection, struct slot *slot) {
    memset(&slot->overlapped, 0, sizeof slot->overlapped);
    HRESULT result = FilterGetMessage(connection->handle, &slot->header, sizeof slot->header + sizeof slot->payload,
                                      &slot->overlapped);
    if (result != HRESULT_FROM_WIN32(ERROR_IO_PENDING))
        fail("FilterGetMessage");
}

static void handle(const struct connection *connection, struct slot *slot) {
    uint32_t number;
    memcpy(&number, slot->payload, sizeof number);
    if (handler_nanoseconds != 0) {
        uint64_t end = bench_now() + handler_nanoseconds;
        while (bench_now() < end)
            ;
    }
    if (slot->header.ReplyLength == 0)
        return;
    slot->reply.Status = 0;
    slot->reply.MessageId = slot->header.MessageId;
    slot->answer[0] = ~number;
    if (FilterReplyMessage(connection->handle, &slot->reply, sizeof slot->reply + sizeof slot->answer) != S_OK)
        fail("FilterReplyMessage");
}

static void *serve(void *argument) {
    const struct connection *connection = argument;
    OVERLAPPED_ENTRY entries[BATCH];
    struct slot *handled[BATCH];
    unsigned count = 0;
    for (;;) {
        for (unsigned i = 0; i < count; i++)
            arm(connection, handled[i]);
        ULONG taken = 0;
        if (!GetQueuedCompletionStatusEx(connection->completion, entries, batch, &taken, INFINITE, FALSE))
            fail("GetQueuedCompletionStatusEx");
        count = 0;
        for (ULONG i = 0; i < taken; i++) {
            struct slot *slot = CONTAINING_RECORD(entries[i].lpOverlapped, struct slot, overlapped);
            if (entries[i].Internal != 0)
                exit(0); /* the driver has ended the connection */
            handle(connection, slot);
            handled[count++] = slot;
        }
    }
    return NULL;
}

static void connect_to(struct connection *connection, const char *manager, uint32_t number, unsigned in_flight,
                       ULONG spin) {
    BENCH_CONNECT context = {BENCH_MAGIC, number};
    PVOID arena;
    if (FpConnectCommunicationPortAt(manager, u"\\Bench", 0, &context, sizeof context, &connection->handle) != S_OK)
        fail("FilterConnectCommunicationPort");
    if (FpArenaAllocate(connection->handle, sizeof(struct slot) * in_flight, &arena, NULL) != S_OK)
        fail("FpArenaAllocate");
    connection->completion = CreateIoCompletionPort(connection->handle, NULL, 1, 1);
    if (connection->completion == NULL)
        fail("CreateIoCompletionPort");
    if (FpSetWaitPolicy(connection->handle, spin) != S_OK)
        fail("FpSetWaitPolicy");
    connection->slots = arena;
    for (unsigned i = 0; i < in_flight; i++)
        arm(connection, &connection->slots[i]);
}

int main(int count, char **arguments) {
    if (count != 8) {
        fprintf(stderr, "usage: bench_client MANAGER NUMBER CONNECTIONS IN-FLIGHT READERS SPIN HANDLER\n");
        return 2;
    }
    uint32_t number = (uint32_t)strtoul(arguments[2], NULL, 10);
    unsigned connections = (unsigned)strtoul(arguments[3], NULL, 10);
    unsigned in_flight = (unsigned)strtoul(arguments[4], NULL, 10);
    unsigned readers = (unsigned)strtoul(arguments[5], NULL, 10);
    ULONG spin = (ULONG)strtoul(arguments[6], NULL, 10);
    handler_nanoseconds = strtoull(arguments[7], NULL, 10);
    struct connection *all = calloc(connections, sizeof *all);
    if (all == NULL)
        return 1;
    for (unsigned i = 0; i < connections; i++)
        connect_to(&all[i], arguments[1], number + i, in_flight, spin);
    /* What one has taken no other can: several readers take one by one, as a pump's do. */
    batch = readers > 1 ? 1 : BATCH;
    for (unsigned i = 0; i < readers; i++) {
        pthread_t thread;
        if (pthread_create(&thread, NULL, serve, &all[0]) != 0)
            return 1;
    }
    printf("ready\n");
    fflush(stdout);
    while (getchar() != EOF)
        ;
    return 0;
}
