/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the suite and its test driver say to each other over the control port.
 *
 * One command is one FilterSendMessage: CONFORMANCE_REQUEST in, CONFORMANCE_ANSWER out. The driver's MessageNotify
 * always succeeds for a well-formed request; the outcome of the command itself is Answer.Status, so that no command
 * depends on the status translation that the suite tests. Fixed widths, explicit padding, no pointers; names are
 * counted UTF-16. Included after <fltKernel.h> by the driver and after <windows.h> by the suite.
 */
#ifndef FILTERPORT_CONFORMANCE_PROTOCOL_H
#define FILTERPORT_CONFORMANCE_PROTOCOL_H

/* CONFORMANCE_TEXT(L, …) in the driver, CONFORMANCE_TEXT(u, …) in the suite: both are 16-bit text. */
#define CONFORMANCE_PASTE(Prefix, Literal) Prefix##Literal
#define CONFORMANCE_TEXT(Prefix, Literal) CONFORMANCE_PASTE(Prefix, Literal)

#define CONFORMANCE_CONTROL_PORT "\\ConformanceControl"
#define CONFORMANCE_VERSION 1u

#define CONFORMANCE_MAX_PORTS 16u
#define CONFORMANCE_MAX_CLIENTS 128u
#define CONFORMANCE_MAX_SENDERS 512u
#define CONFORMANCE_MAX_EVENTS 2048u
#define CONFORMANCE_NAME_CHARS 96u
#define CONFORMANCE_EVENT_BYTES 64u

/* No port, client or sender. */
#define CONFORMANCE_NONE 0xFFFFFFFFu
/* In a prepared sender: the connection in whose callback it runs. */
#define CONFORMANCE_SELF 0xFFFFFFFEu

/* Every reply buffer is filled with this before the send and followed by CONFORMANCE_GUARD_BYTES more of it. */
#define CONFORMANCE_FILL_BYTE 0xA5u
#define CONFORMANCE_GUARD_BYTES 32u

/*
 * Commands. `Target` is a port, client or sender index; what else is read stands behind each.
 */
enum {
    /* Answer.Value = CONFORMANCE_VERSION, Number = how often the driver has registered its filter. */
    CONFORMANCE_HELLO = 1,
    /* Opens every gate, closes all ports and client ports, waits for senders and callbacks, empties the journal.
       Answer.Value = senders that did not return in time (0 when clean). */
    CONFORMANCE_RESET,
    /* Body.Port. Answer: Status of FltCreateCommunicationPort, Value = port index, Number = the PFLT_PORT. */
    CONFORMANCE_CREATE_PORT,
    /* Target = port. FltCloseCommunicationPort. */
    CONFORMANCE_CLOSE_PORT,
    /* Target = port, Body.Hook: what the callbacks do from now on. Closes the gate if asked for one. */
    CONFORMANCE_HOOK_CONNECT,
    CONFORMANCE_HOOK_DISCONNECT,
    CONFORMANCE_HOOK_MESSAGE,
    /* Target = port, Body.Select.Kind = CONFORMANCE_CALLBACK_…: lets waiting and later callbacks pass. */
    CONFORMANCE_OPEN_GATE,
    /* Target = port (or NONE: all). Answer followed by CONFORMANCE_COUNTERS. */
    CONFORMANCE_QUERY_COUNTERS,
    /* Target = port, Body.Select {Kind = counter, Count, Milliseconds}: until the counter is at least Count.
       Answer.Status = STATUS_SUCCESS or STATUS_IO_TIMEOUT, Value = the counter. */
    CONFORMANCE_WAIT_COUNTER,
    /* Target = index in the journal. Answer followed by CONFORMANCE_EVENT; STATUS_NO_MORE_ENTRIES at the end. */
    CONFORMANCE_QUERY_EVENT,
    /* Body.Send: reserves Count senders. Answer.Value = first index. Unless PREPARE_ONLY, starts a thread for each. */
    CONFORMANCE_START_SENDERS,
    /* Target = first sender, Body.Select {Kind = CONFORMANCE_SENDER_…, Count, Milliseconds}: until all are in that
       state or a later one. Answer.Value = how many are. */
    CONFORMANCE_WAIT_SENDERS,
    /* As WAIT_SENDERS, but until any one of them is. */
    CONFORMANCE_WAIT_ANY_SENDER,
    /* Target = sender. Answer followed by CONFORMANCE_SENDER and then its reply buffer with the guard bytes. */
    CONFORMANCE_QUERY_SENDER,
    /* Target = first sender, Body.Select.Count: gives returned or never started senders back. */
    CONFORMANCE_RELEASE_SENDERS,
    /* Target = client. FltCloseClientPort. Answer.Number = the driver's variable afterwards. */
    CONFORMANCE_CLOSE_CLIENT,
    /* Target = client. Answer followed by CONFORMANCE_CLIENT. */
    CONFORMANCE_QUERY_CLIENT,
    /* Body.Descriptor: FltBuildDefaultSecurityDescriptor, FltFreeSecurityDescriptor. Answer.Status of the first. */
    CONFORMANCE_BUILD_DESCRIPTOR,
    /* Answer followed by CONFORMANCE_CONSTANTS. */
    CONFORMANCE_QUERY_CONSTANTS,
    /* Body.Register: a thread of the driver closes the ports, unregisters the filter and registers it anew. The control
       connection ends with it; the journal and the counters stay. */
    CONFORMANCE_REREGISTER,
    /* FltStartFiltering. Answer.Status. */
    CONFORMANCE_START_FILTERING,
    /* Body.Unload: what the unload callback does. */
    CONFORMANCE_PLAN_UNLOAD,
    CONFORMANCE_COMMAND_COUNT
};

/* Callbacks of a server port. */
enum { CONFORMANCE_CALLBACK_CONNECT = 0, CONFORMANCE_CALLBACK_DISCONNECT, CONFORMANCE_CALLBACK_MESSAGE };
#define CONFORMANCE_CALLBACK_COUNT 3u

/* Counters of a server port: calls entered and calls returned. */
enum {
    CONFORMANCE_CONNECT_ENTERED = 0,
    CONFORMANCE_CONNECT_RETURNED,
    CONFORMANCE_DISCONNECT_ENTERED,
    CONFORMANCE_DISCONNECT_RETURNED,
    CONFORMANCE_MESSAGE_ENTERED,
    CONFORMANCE_MESSAGE_RETURNED
};
#define CONFORMANCE_COUNTER_COUNT 6u

/* States of a sender. SENDING: the next thing its thread does is to call FltSendMessage. */
enum {
    CONFORMANCE_SENDER_FREE = 0,
    CONFORMANCE_SENDER_PREPARED,
    CONFORMANCE_SENDER_SENDING,
    CONFORMANCE_SENDER_RETURNED
};

/* Kinds of journal entries. */
enum {
    CONFORMANCE_EVENT_CONNECT = 1,
    CONFORMANCE_EVENT_CONNECT_END,
    CONFORMANCE_EVENT_DISCONNECT,
    CONFORMANCE_EVENT_DISCONNECT_END,
    CONFORMANCE_EVENT_MESSAGE,
    CONFORMANCE_EVENT_MESSAGE_END,
    CONFORMANCE_EVENT_CLOSE_PORT,
    CONFORMANCE_EVENT_CLOSE_CLIENT,
    CONFORMANCE_EVENT_UNREGISTER,
    CONFORMANCE_EVENT_UNREGISTER_END,
    CONFORMANCE_EVENT_CREATE_INSIDE
};

/* CONFORMANCE_PORT_OPTIONS.Callbacks */
#define CONFORMANCE_HAS_CONNECT 0x1u
#define CONFORMANCE_HAS_DISCONNECT 0x2u
#define CONFORMANCE_HAS_MESSAGE 0x4u
#define CONFORMANCE_HAS_ALL 0x7u

/* CONFORMANCE_PORT_OPTIONS.Descriptor */
enum {
    /* FltBuildDefaultSecurityDescriptor(DescriptorAccess), freed as soon as the create has returned. */
    CONFORMANCE_DESCRIPTOR_DEFAULT = 0,
    /* None in the object attributes. */
    CONFORMANCE_DESCRIPTOR_ABSENT,
    /* The default one with its access list set to NULL: everybody may do everything. */
    CONFORMANCE_DESCRIPTOR_EVERYBODY,
    /* The one descriptor that the driver built when it was loaded and keeps. */
    CONFORMANCE_DESCRIPTOR_SHARED
};

typedef struct _CONFORMANCE_PORT_OPTIONS {
    ULONG Attributes; /* OBJ_… */
    ULONG Descriptor;
    ULONG DescriptorAccess;
    ULONG Callbacks;
    LONG MaxConnections;
    ULONG NameChars;
    ULONGLONG Cookie;
    USHORT Name[CONFORMANCE_NAME_CHARS];
} CONFORMANCE_PORT_OPTIONS;

/* CONFORMANCE_HOOK.Flags */
#define CONFORMANCE_HOOK_GATE 0x1u          /* wait inside until the gate is opened */
#define CONFORMANCE_HOOK_CLOSE_CLIENT 0x2u  /* connect, message: FltCloseClientPort inside */
#define CONFORMANCE_HOOK_KEEP_CLIENT 0x4u   /* disconnect: do not call FltCloseClientPort */
#define CONFORMANCE_HOOK_CLOSE_TWICE 0x8u   /* disconnect: call it twice */
#define CONFORMANCE_HOOK_NULL_COOKIE 0x10u  /* connect: store NULL as the connection's cookie */
#define CONFORMANCE_HOOK_SET_RETURNED 0x20u /* message: set *ReturnOutputBufferLength to Returned */
#define CONFORMANCE_HOOK_ECHO 0x40u         /* message: input to output, as much as fits; sets the length */
#define CONFORMANCE_HOOK_CREATE_PORT 0x80u  /* disconnect: try to create a server port; status to the journal */

typedef struct _CONFORMANCE_HOOK {
    LONG Status; /* connect, message: what the callback returns */
    ULONG Flags;
    ULONG Sender;     /* a prepared sender that runs inside the callback, or NONE */
    ULONG Returned;   /* message: value for *ReturnOutputBufferLength */
    ULONG WriteBytes; /* message: bytes to write into the output buffer, never more than it holds */
    ULONG WriteByte;  /* message: their value */
    ULONG Limit;      /* number of calls it is for; 0: all. Later calls do the default */
    ULONG Reserved;
} CONFORMANCE_HOOK;

/* CONFORMANCE_SEND.Reply */
enum {
    CONFORMANCE_REPLY_NONE = 0,    /* ReplyBuffer NULL, ReplyLength NULL */
    CONFORMANCE_REPLY_LENGTH_ONLY, /* ReplyBuffer NULL, ReplyLength given */
    CONFORMANCE_REPLY_SEPARATE,    /* a buffer of its own */
    CONFORMANCE_REPLY_SAME_BUFFER  /* the sender buffer is the reply buffer */
};

/* CONFORMANCE_SEND.TimeoutKind */
enum {
    CONFORMANCE_TIMEOUT_NULL = 0, /* Timeout NULL */
    CONFORMANCE_TIMEOUT_VALUE,    /* *Timeout = Timeout */
    CONFORMANCE_TIMEOUT_FROM_NOW  /* *Timeout = system time + Timeout (absolute) */
};

#define CONFORMANCE_SEND_PREPARE_ONLY 0x1u

typedef struct _CONFORMANCE_SEND {
    ULONG Client; /* or SELF */
    ULONG Count;
    ULONG Flags;
    ULONG Length;
    ULONG Reply;
    ULONG Capacity; /* *ReplyLength on entry */
    ULONG TimeoutKind;
    ULONG Reserved;
    LONGLONG Timeout; /* 100 ns */
} CONFORMANCE_SEND;

typedef struct _CONFORMANCE_SELECT {
    ULONG Kind;
    ULONG Count;
    ULONG Milliseconds;
    ULONG Reserved;
} CONFORMANCE_SELECT;

typedef struct _CONFORMANCE_DESCRIPTOR_OPTIONS {
    ULONG Access;
    ULONG Reserved;
} CONFORMANCE_DESCRIPTOR_OPTIONS;

/* CONFORMANCE_REGISTER.Flags */
#define CONFORMANCE_REGISTER_KEEP_PORTS 0x1u /* server ports are closed only after FltUnregisterFilter was called */
#define CONFORMANCE_REGISTER_NO_START 0x2u   /* FltStartFiltering only on command */
#define CONFORMANCE_REGISTER_NO_UNLOAD 0x4u  /* no unload callback */
#define CONFORMANCE_REGISTER_NO_SERVICE_STOP 0x8u /* FLTFL_REGISTRATION_DO_NOT_SUPPORT_SERVICE_STOP */

typedef struct _CONFORMANCE_REGISTER {
    ULONG Flags;
    ULONG GateMilliseconds; /* how long gates stay closed after the unregister began; then they are opened */
} CONFORMANCE_REGISTER;

typedef struct _CONFORMANCE_UNLOAD {
    LONG Refuse;      /* status the callback refuses with; 0: unload */
    ULONG Sender;     /* prepared farewell that runs first, or NONE */
    ULONG EchoSender; /* prepared farewell that carries the reply to the first one, or NONE */
    ULONG Reserved;
} CONFORMANCE_UNLOAD;

typedef struct _CONFORMANCE_REQUEST {
    ULONG Command;
    ULONG Target;
    union {
        CONFORMANCE_PORT_OPTIONS Port;
        CONFORMANCE_HOOK Hook;
        CONFORMANCE_SEND Send;
        CONFORMANCE_SELECT Select;
        CONFORMANCE_DESCRIPTOR_OPTIONS Descriptor;
        CONFORMANCE_REGISTER Register;
        CONFORMANCE_UNLOAD Unload;
    } Body;
} CONFORMANCE_REQUEST;

typedef struct _CONFORMANCE_ANSWER {
    LONG Status;
    ULONG Value;
    ULONGLONG Number;
} CONFORMANCE_ANSWER;

typedef struct _CONFORMANCE_COUNTERS {
    ULONG Values[CONFORMANCE_COUNTER_COUNT];
    ULONG Clients;      /* connections accepted and not yet through DisconnectNotify, of all test ports */
    ULONG Events;       /* entries in the journal */
    ULONG NewestClient; /* of one port: the connection it accepted last, or NONE */
    ULONG Reserved;
} CONFORMANCE_COUNTERS;

typedef struct _CONFORMANCE_EVENT {
    ULONG Kind;
    ULONG Port;
    ULONG Client;         /* or NONE */
    LONG Status;          /* …_END: what the callback returned; CREATE_INSIDE: what that call returned */
    ULONGLONG ClientPort; /* connect: the argument */
    ULONGLONG Cookie;     /* connect: ServerPortCookie; the others: the connection's cookie they were given */
    ULONGLONG NewCookie;  /* connect: the cookie the callback stores */
    ULONG ProcessId;
    ULONG ThreadId;
    ULONG Irql;
    ULONG InputNull; /* context or input pointer was NULL */
    ULONG InputLength;
    ULONG OutputNull;
    ULONG OutputLength;
    ULONG ReturnedOnEntry; /* message: *ReturnOutputBufferLength when the callback began */
    ULONGLONG InputHash;   /* ConformanceHash of the whole input */
    UCHAR Input[CONFORMANCE_EVENT_BYTES];
} CONFORMANCE_EVENT;

typedef struct _CONFORMANCE_SENDER {
    ULONG State;
    LONG Status;
    ULONG ReplyLength; /* *ReplyLength after the return */
    ULONG Capacity;
    ULONG ProcessId;
    ULONG ThreadId;
    ULONGLONG Started;  /* interrupt time, 100 ns */
    ULONGLONG Returned; /* interrupt time, 100 ns */
} CONFORMANCE_SENDER;

typedef struct _CONFORMANCE_CLIENT {
    ULONG Port;
    ULONG Connected;      /* accepted and DisconnectNotify not yet returned */
    ULONGLONG ClientPort; /* the driver's variable now */
    ULONGLONG Cookie;
} CONFORMANCE_CLIENT;

typedef struct _CONFORMANCE_CONSTANTS {
    ULONG PortConnect;
    ULONG PortAllAccess;
    ULONG MessageHeaderSize;
    ULONG ReplyHeaderSize;
    ULONGLONG SystemTime; /* 100 ns since 1601 */
} CONFORMANCE_CONSTANTS;

/* Byte `Offset` of the payload of sender `Sender`: its index in the first four bytes, a pattern of its own behind. */
static inline UCHAR ConformancePayloadByte(ULONG Sender, ULONG Offset) {
    return (UCHAR)(Offset < 4 ? Sender >> (8 * Offset) : Sender * 7u + Offset * 13u + (Offset >> 8));
}

/* FNV-1a, to compare inputs too long for the journal. */
static inline ULONGLONG ConformanceHash(const void *Data, ULONGLONG Length) {
    const UCHAR *Bytes = (const UCHAR *)Data;
    ULONGLONG Hash = 0xCBF29CE484222325ull;
    for (ULONGLONG i = 0; i < Length; i++) {
        Hash = (Hash ^ Bytes[i]) * 0x100000001B3ull;
    }
    return Hash;
}

#endif
