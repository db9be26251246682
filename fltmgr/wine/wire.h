/* SPDX-License-Identifier: Apache-2.0 */
/**
 * What fltlib.dll and fltmgr.sys say to each other under Wine: device names, control codes, buffers.
 *
 * Get, reply and send are Windows' own control codes. Windows connects by an extended attribute of the create request; Wine
 * hands no attribute to a driver and cannot let a create request wait or fail, so connecting is a control code of our own on a
 * handle that is open but not connected yet. It may wait as long as ConnectNotify does and gives any NTSTATUS back.
 *
 * Both sides are 64-bit; integers are little-endian; nothing in here holds a pointer.
 */
#ifndef FILTERPORT_WINE_WIRE_H
#define FILTERPORT_WINE_WIRE_H

/** What CreateFile opens; fltmgr.sys makes the link to FM_WIRE_DEVICE. */
#define FM_WIRE_PATH L"\\\\.\\FltMgrMsg"
#define FM_WIRE_DEVICE L"\\FileSystem\\Filters\\FltMgrMsg"
#define FM_WIRE_LINK L"\\??\\FltMgrMsg"

/** type 8 (disk file system), any access; method 3: neither, method 0: buffered */
#define FM_WIRE_CODE(function, method) ((8u << 16) | ((function) << 2) | (method))

/** FilterSendMessage: input and output are the message and its answer. 0x8801B */
#define FM_WIRE_SEND FM_WIRE_CODE(6u, 3u)
/** FilterGetMessage: the output buffer is FILTER_MESSAGE_HEADER and payload. 0x8801F */
#define FM_WIRE_GET FM_WIRE_CODE(7u, 3u)
/** FilterReplyMessage: the input buffer is FILTER_REPLY_HEADER and payload. 0x88023 */
#define FM_WIRE_REPLY FM_WIRE_CODE(8u, 3u)
/** FilterConnectCommunicationPort: the input buffer is a fm_wire_connect, its name, its context. */
#define FM_WIRE_CONNECT FM_WIRE_CODE(0x900u, 0u)

#define FM_WIRE_CONNECT_MAGIC 0x43504D46u /* "FMPC" */
#define FM_WIRE_VERSION 1u

typedef struct fm_wire_connect {
    unsigned int magic;
    unsigned int version;
    unsigned int options;
    unsigned int name_length;    /**< bytes of UTF-16, no terminator; at sizeof(fm_wire_connect) */
    unsigned int context_length; /**< bytes; right behind the name */
} fm_wire_connect;

/**
 * The host's device: what fltmgrd's standard input is on Linux. One WriteFile is one command line in UTF-8, words separated by
 * spaces, arguments percent-encoded, no tag; it returns when the command is done. The next ReadFile on the same handle gives the
 * answer: `ok key=value…` or `error 0xSTATUS text`. Verbs: hello, load, unload, volume direct DIR, unvolume, open, counters.
 * Only administrators may open it.
 */
#define FM_WIRE_HOST_PATH L"\\\\.\\FilterportHost"
#define FM_WIRE_HOST_DEVICE L"\\FileSystem\\Filters\\FilterportHost"
#define FM_WIRE_HOST_LINK L"\\??\\FilterportHost"
#define FM_WIRE_HOST_LINE_MAX 4096u

#endif
