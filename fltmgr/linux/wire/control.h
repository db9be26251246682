/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FLTMGR_LINUX_WIRE_CONTROL_H
#define FLTMGR_LINUX_WIRE_CONTROL_H

#include <assert.h>
#include <stdint.h>

/*
 * Messages of the two kinds of sockets between libfltlib and fltmgrd.
 *
 * Control: one SOCK_SEQPACKET connection per port connection, to the manager's socket. The first request is CONNECT;
 * its end of file, by close or by death, is the closing of the user's handle. The client sends one request and reads
 * its answer before the next. Descriptors come with the answer that announces them (SCM_RIGHTS).
 *
 * Lane: a SOCK_STREAM socket handed out over the control socket. One caller at a time: a request with its bytes, then
 * an answer with its bytes. End of file while a request runs: its caller is gone. Before that answer the host may ask
 * back, any number of times: FPW_LANE_MAP and FPW_LANE_UNMAP, each followed by a fpw_lane_view and answered by a
 * fpw_lane_viewed. That is how a driver maps a section into its client.
 */

enum fpw_control_kind {
    FPW_CONNECT = 1,    /* name and context follow; answer: region descriptor */
    FPW_LANE = 2,       /* answer: lane descriptor */
    FPW_ARENA = 3,      /* value: bytes; answer: arena descriptor, arena number, value: bytes */
    FPW_ARENA_FREE = 4, /* number */
    FPW_CANCEL = 5,     /* number: cookie, or FPW_ALL; answer: value: how many were ended */
    FPW_WAIT = 6,       /* value: how long the host may spin for this client, nanoseconds; 0: not at all */
    FPW_CLOSE = 7       /* answered after DisconnectNotify has returned; then the client closes */
};

#define FPW_ALL UINT32_MAX

struct fpw_control_request {
    uint32_t magic;
    uint16_t version;
    uint16_t kind;
    uint32_t number;
    uint32_t thread; /* caller's thread id */
    uint64_t value;
    uint32_t options;        /* CONNECT: dwOptions */
    uint16_t name_length;    /* CONNECT: bytes of UTF-16 that follow, without terminator */
    uint16_t context_length; /* CONNECT: bytes that follow the name */
};

struct fpw_control_answer {
    int32_t status; /* NTSTATUS */
    uint32_t number;
    uint64_t value;
};

enum fpw_lane_kind {
    FPW_LANE_SEND = 1, /* FilterSendMessage */
    FPW_LANE_REPLY = 2 /* FilterReplyMessage longer than FPW_INLINE_REPLY */
};

enum { FPW_INPUT_IS_NULL = 1, FPW_OUTPUT_IS_NULL = 2 };

struct fpw_lane_request {
    uint32_t magic;
    uint32_t kind;
    uint32_t thread;
    uint32_t flags;
    uint32_t input_length; /* bytes that follow */
    uint32_t output_capacity;
    uint64_t message_id; /* REPLY */
    int32_t status;      /* REPLY */
    uint32_t reserved;
};

enum fpw_lane_answer_kind {
    FPW_LANE_DONE = 0,
    FPW_LANE_MAP = 1,  /* with a descriptor */
    FPW_LANE_UNMAP = 2 /* address */
};

struct fpw_lane_answer {
    int32_t status;
    uint32_t information;   /* SEND: what the driver says it returned */
    uint32_t output_length; /* bytes that follow, at most output_capacity */
    uint32_t kind;
};

struct fpw_lane_view {
    uint64_t address;
    uint64_t length;
    uint32_t writable;
    uint32_t reserved;
};

struct fpw_lane_viewed {
    int32_t status;
    uint32_t reserved;
    uint64_t address;
};

enum {
    FPW_LONGEST_NAME = 0x7FFE, /* bytes */
    FPW_LONGEST_CONTEXT = 0xFFE7,
    FPW_LONGEST_CONTROL = (int)sizeof(struct fpw_control_request) + FPW_LONGEST_NAME + FPW_LONGEST_CONTEXT
};

static_assert(sizeof(struct fpw_control_request) == 32, "layout");
static_assert(sizeof(struct fpw_control_answer) == 16, "layout");
static_assert(sizeof(struct fpw_lane_request) == 40, "layout");
static_assert(sizeof(struct fpw_lane_answer) == 16, "layout");
static_assert(sizeof(struct fpw_lane_view) == 24, "layout");
static_assert(sizeof(struct fpw_lane_viewed) == 16, "layout");

#endif
