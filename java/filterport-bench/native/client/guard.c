/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The C guard: a decider of the bundled minifilter that allows each open, with the same pattern as client.c.
 *
 *   bench_guard MANAGER
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <filterport_linux.h>

#include "protocol.h" /* the minifilter's */

enum { IN_FLIGHT = 16, PAYLOAD = 4096 };

struct slot {
    _Alignas(64) OVERLAPPED overlapped; /* written here only: a line of its own */
    _Alignas(64) FILTER_MESSAGE_HEADER header;
    unsigned char payload[PAYLOAD];
    _Alignas(64) FILTER_REPLY_HEADER reply;
    FP_VERDICT verdict;
};

static HANDLE port;
static HANDLE completion;

_Noreturn static void fail(const char *call) {
    fprintf(stderr, "bench_guard: %s: %s\n", call, FpLastErrorText());
    exit(1);
}

static void arm(struct slot *slot) {
    memset(&slot->overlapped, 0, sizeof slot->overlapped);
    HRESULT result =
        FilterGetMessage(port, &slot->header, sizeof slot->header + sizeof slot->payload, &slot->overlapped);
    if (result != HRESULT_FROM_WIN32(ERROR_IO_PENDING))
        fail("FilterGetMessage");
}

static void decide(struct slot *slot) {
    FP_EVENT event;
    memcpy(&event, slot->payload, sizeof event);
    if (slot->header.ReplyLength == 0)
        return;
    slot->reply.Status = 0;
    slot->reply.MessageId = slot->header.MessageId;
    slot->verdict = (FP_VERDICT){FP_VERDICT_MAGIC, FP_VERDICT_ALLOW, event.Sequence};
    if (FilterReplyMessage(port, &slot->reply, sizeof slot->reply + sizeof slot->verdict) != S_OK)
        fail("FilterReplyMessage");
}

static void *serve(void *argument) {
    OVERLAPPED_ENTRY entries[IN_FLIGHT];
    struct slot *handled[IN_FLIGHT];
    ULONG count = 0;
    (void)argument;
    for (;;) {
        for (ULONG i = 0; i < count; i++)
            arm(handled[i]);
        if (!GetQueuedCompletionStatusEx(completion, entries, IN_FLIGHT, &count, INFINITE, FALSE))
            fail("GetQueuedCompletionStatusEx");
        for (ULONG i = 0; i < count; i++) {
            handled[i] = CONTAINING_RECORD(entries[i].lpOverlapped, struct slot, overlapped);
            if (entries[i].Internal != 0)
                exit(0); /* the driver has ended the connection */
            decide(handled[i]);
        }
    }
    return NULL;
}

int main(int count, char **arguments) {
    const FP_CONNECT context = {FP_MAGIC, FP_PROTOCOL_VERSION, FP_ROLE_DECIDER, FP_CONNECT_EXEMPT, PAYLOAD};
    pthread_t thread;
    PVOID arena;
    if (count != 2)
        return 2;
    if (FpConnectCommunicationPortAt(arguments[1], u"\\Filterport", 0, &context, sizeof context, &port) != S_OK)
        fail("FilterConnectCommunicationPort");
    if (FpArenaAllocate(port, sizeof(struct slot) * IN_FLIGHT, &arena, NULL) != S_OK)
        fail("FpArenaAllocate");
    completion = CreateIoCompletionPort(port, NULL, 1, 1);
    if (completion == NULL)
        fail("CreateIoCompletionPort");
    for (unsigned i = 0; i < IN_FLIGHT; i++)
        arm((struct slot *)arena + i);
    if (pthread_create(&thread, NULL, serve, NULL) != 0)
        return 1;
    printf("ready\n");
    fflush(stdout);
    while (getchar() != EOF)
        ;
    return 0;
}
