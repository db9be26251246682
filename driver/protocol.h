/* SPDX-License-Identifier: Apache-2.0 */

/**
 * The wire format between the filterport minifilter and its clients.
 *
 * This header is the manual for both ends; Java's twin (package io.github.filterport.guard) is checked against it field
 * by field: the program `filterport_layout` prints each offset. It includes nothing and can be used from C and C++, in
 * kernel mode and in user mode.
 *
 * Rules that hold for every structure here
 *   - little-endian, fixed-width fields, each at a multiple of its size, all padding explicit and zero; no pointers;
 *   - the first eight bytes are Magic, Version and a number that says what follows; a receiver checks them first;
 *   - offsets count from the structure's first byte (payload byte 0: behind FILTER_MESSAGE_HEADER), lengths are bytes;
 *   - strings are UTF-16LE without terminator, in the Windows form of a path (\Device\HarddiskVolume2\dir\file.txt);
 *   - times are 100 ns units since 1601-01-01 UTC (FILETIME);
 *   - Reserved fields are sent as zero and not looked at by the receiver.
 *
 * The conversation
 *
 *   client                                                 driver
 *     | FilterConnectCommunicationPort(FP_CONNECT) --------> |  refused: see FP_CONNECT
 *     | FilterSendMessage(FP_COMMAND_HEADER...) -----------> |  answered at once in the output buffer
 *     | <---------------------- FP_EVENT + path + content -- |  to the decider: a question, the opener waits
 *     | FilterReplyMessage(FP_VERDICT) --------------------> |  must come before FP_EVENT.Deadline
 *     | <------------------------------- FP_EVENT + path --- |  to observers: a report, one-way, not repeated; through
 *     |                                                      |  the event ring (ring/ring_format.h) once there is one
 *
 * Version rule: the driver accepts exactly FP_PROTOCOL_VERSION. Fields are only ever added behind the last one,
 * together with a new version.
 */

#ifndef FILTERPORT_PROTOCOL_H
#define FILTERPORT_PROTOCOL_H

#ifdef __cplusplus
extern "C" {
#endif

typedef unsigned char FP_U8;
typedef unsigned short FP_U16;
typedef unsigned int FP_U32;
typedef unsigned long long FP_U64;

/** 'FPRT' when the bytes are read in order. */
#define FP_MAGIC 0x54525046u
/** 'FPVD': a verdict. Differs from FP_MAGIC so that an echoed event is not taken for a verdict. */
#define FP_VERDICT_MAGIC 0x44565046u
#define FP_PROTOCOL_VERSION 1u

/* ---- limits ---- */

/** Most bytes of file content that an event carries (64 KiB). */
#define FP_MAX_CONTENT_BYTES 65536u
/** Most bytes of path that an event carries (32767 characters, the longest path Windows knows). */
#define FP_MAX_PATH_BYTES 65534u
/** Longest event payload: structure, path padded to 8, content. A receive buffer adds FILTER_MESSAGE_HEADER (16). */
#define FP_MAX_EVENT_BYTES (128u + 65536u + FP_MAX_CONTENT_BYTES)
/** Least value of FP_CONNECT.EventCapacity other than 0. */
#define FP_MIN_EVENT_CAPACITY 512u
#define FP_MIN_TIMEOUT_MILLISECONDS 1u
#define FP_MAX_TIMEOUT_MILLISECONDS 60000u
#define FP_DEFAULT_TIMEOUT_MILLISECONDS 2000u
/** Questions that wait for a verdict at the same time; one more ends by FP_POLICY.OnOverload. */
#define FP_DEFAULT_MAX_IN_FLIGHT 4096u
#define FP_LIMIT_MAX_IN_FLIGHT 65536u
/** Connections: one decider and this many observers. */
#define FP_MAX_OBSERVERS 15u

/** FP_OPEN_RING.DataLength. */
#define FP_MIN_RING_BYTES 16384u
#define FP_MAX_RING_BYTES 67108864u

/* ---- connecting ---- */

/** Is asked and answers. One at a time. */
#define FP_ROLE_DECIDER 1u
/** Is told what was done, one-way. */
#define FP_ROLE_OBSERVER 2u

/**
 * Decider only: operations of the connecting process itself are not asked, so that a handler can open files on a
 * guarded volume. The process is the one the kernel sees in the connect call; the exemption ends with the connection.
 */
#define FP_CONNECT_EXEMPT 0x00000001u

/**
 * The connection context (lpContext of FilterConnectCommunicationPort), exactly 16 bytes. Refused with
 *   0x80070057  STATUS_INVALID_PARAMETER       no context, wrong length, Magic, Role, an unknown flag, EventCapacity
 * too small 0x8007051A  STATUS_REVISION_MISMATCH       Version is not FP_PROTOCOL_VERSION 0x800704D6
 * STATUS_CONNECTION_COUNT_LIMIT  there is a decider already, or FP_MAX_OBSERVERS observers 0x800705AA
 * STATUS_INSUFFICIENT_RESOURCES  out of memory 0x80070005  STATUS_ACCESS_DENIED           the caller is neither SYSTEM
 * nor an administrator (Filter Manager's own check)
 */
typedef struct FP_CONNECT {
    FP_U32 Magic;   /**< FP_MAGIC */
    FP_U16 Version; /**< FP_PROTOCOL_VERSION */
    FP_U16 Role;    /**< FP_ROLE_* */
    FP_U32 Flags;   /**< FP_CONNECT_* */
    /**
     * Payload bytes that the client's receive buffers hold (without FILTER_MESSAGE_HEADER); 0: FP_MAX_EVENT_BYTES. The
     * driver cuts content, then path, to fit, so that nobody can stop the decider with a long name.
     */
    FP_U32 EventCapacity;
} FP_CONNECT;

/* ---- events ---- */

/** An open or create of a file. Directories are not asked. */
#define FP_KIND_OPEN 1u
/** An open of a file with FILE_EXECUTE in DesiredAccess. */
#define FP_KIND_EXECUTE 2u
/** Kinds run from 1 to FP_KIND_COUNT. Later versions add more; a client allows what it does not know. */
#define FP_KIND_COUNT 2u

/** Report, not question: no reply is wanted, Deadline is 0, Outcome is set. */
#define FP_EVENT_REPORT 0x00000001u
/** Asked before the open (pre-create) since the open itself destroys data: no FileId, no FileSize, no content. */
#define FP_EVENT_BEFORE_OPEN 0x00000002u
/** The path did not fit (FP_CONNECT.EventCapacity) and was cut at its end. */
#define FP_EVENT_PATH_CUT 0x00000004u
/** The file has more bytes than the content field. */
#define FP_EVENT_CONTENT_CUT 0x00000008u
/** Content was asked for and could not be read; ContentLength is 0. */
#define FP_EVENT_CONTENT_FAILED 0x00000010u
/** The path is as the opener gave it; links and short names in it are not resolved. */
#define FP_EVENT_PATH_NOT_NORMALIZED 0x00000020u
/** FileId and FileSize are valid. */
#define FP_EVENT_HAS_FILE_ID 0x00000040u
/** This open created the file. */
#define FP_EVENT_CREATED 0x00000080u
/** Report only: the requestor is the kernel. */
#define FP_EVENT_KERNEL 0x00000100u

/** Question: Outcome is not known yet. */
#define FP_OUTCOME_NONE 0u
/** The decider said so. */
#define FP_OUTCOME_ALLOWED 1u
#define FP_OUTCOME_DENIED 2u
/** The policy said so, because of ... */
#define FP_OUTCOME_TIMED_OUT 3u
#define FP_OUTCOME_NO_CLIENT 4u
#define FP_OUTCOME_OVERLOAD 5u
#define FP_OUTCOME_FAILED 6u
#define FP_OUTCOME_INVALID_REPLY 7u
/** Not asked: kernel-mode requestor (FP_EVENT_KERNEL). */
#define FP_OUTCOME_NOT_ASKED 8u

/**
 * One operation. Followed by the path and, padded to a multiple of 8, the content.
 *
 *    0 | Magic          | Version|  Kind  |        64 | FileIdHigh                      |
 *    8 | Size           | Flags           |        72 | FileSize                        |
 *   16 | Sequence                         |        80 | DesiredAccess  | Disposition     |
 *   24 | Time                             |        88 | CreateOptions  | Outcome         |
 *   32 | Deadline                         |        96 | PathOffset     | PathLength      |
 *   40 | ProcessId                        |       104 | ContentOffset  | ContentLength   |
 *   48 | ThreadId                         |       112 | ProcessStart                     |
 *   56 | FileId                           |       120 | Reserved                         |
 *  128   path, UTF-16LE ... content
 */
typedef struct FP_EVENT {
    FP_U32 Magic;   /**< FP_MAGIC */
    FP_U16 Version; /**< FP_PROTOCOL_VERSION */
    FP_U16 Kind;    /**< FP_KIND_* */
    FP_U32 Size;    /**< all bytes of this payload */
    FP_U32 Flags;   /**< FP_EVENT_* */
    /**
     * Counts the operations that were to be asked or reported, from 1 since the driver was loaded. A gap is an
     * operation that this client did not hear of (no client, overload, lost report, kind not reported). The report
     * about a question carries the question's number.
     */
    FP_U64 Sequence;
    FP_U64 Time;          /**< when the event was built */
    FP_U64 Deadline;      /**< when the opener goes on without a verdict; 0 in a report */
    FP_U64 ProcessId;     /**< of the opener; 0: unknown */
    FP_U64 ThreadId;      /**< of the opener; 0: unknown */
    FP_U64 FileId;        /**< names the file on its volume, whatever its path is later; see FP_EVENT_HAS_FILE_ID */
    FP_U64 FileIdHigh;    /**< high 64 bits, 0 where the file system has 64-bit ids */
    FP_U64 FileSize;      /**< end of file in bytes */
    FP_U32 DesiredAccess; /**< ACCESS_MASK of the open */
    FP_U32 Disposition;   /**< SUPERSEDE 0, OPEN 1, CREATE 2, OPEN_IF 3, OVERWRITE 4, OVERWRITE_IF 5 */
    FP_U32 CreateOptions; /**< FILE_* create options, without the disposition */
    FP_U32 Outcome;       /**< FP_OUTCOME_* */
    FP_U32 PathOffset;
    FP_U32 PathLength;    /**< even */
    FP_U32 ContentOffset; /**< 0 without content, else a multiple of 8 */
    FP_U32 ContentLength; /**< the first bytes of the file; at most FP_POLICY.ContentBytes */
    FP_U64 ProcessStart;  /**< with ProcessId names a process for ever; only equality means something; 0: unknown */
    FP_U64 Reserved;
} FP_EVENT;

/* ---- verdicts ---- */

#define FP_VERDICT_ALLOW 1u
/** The opener sees STATUS_ACCESS_DENIED. */
#define FP_VERDICT_DENY 2u
/**
 * Allow, and do not ask again while the file stays as it is: the verdict rests on the file's content alone, whatever its path
 * and whoever opens it. A permission, not an order: see FP_POLICY_CACHE for what is remembered. Where it is not, the same
 * as FP_VERDICT_ALLOW.
 */
#define FP_VERDICT_ALLOW_CACHED 3u

/**
 * The answer to a question: the payload behind FILTER_REPLY_HEADER (whose Status is 0), exactly 16 bytes. Anything else
 * (other length, magic, sequence or verdict, another Status) is no verdict: counted as InvalidReply, ended by
 * FP_POLICY.OnFailure.
 */
typedef struct FP_VERDICT {
    FP_U32 Magic;    /**< FP_VERDICT_MAGIC */
    FP_U32 Verdict;  /**< FP_VERDICT_* */
    FP_U64 Sequence; /**< of the event that is answered */
} FP_VERDICT;

/* ---- commands ---- */

/** in FP_COMMAND_HEADER, out FP_HELLO */
#define FP_COMMAND_HELLO 1u
/** in FP_POLICY, no output; decider only */
#define FP_COMMAND_SET_POLICY 2u
/** in FP_COMMAND_HEADER with Kind, out FP_POLICY */
#define FP_COMMAND_GET_POLICY 3u
/** in FP_COMMAND_HEADER, out FP_COUNTERS */
#define FP_COMMAND_GET_COUNTERS 4u
/** in FP_LIMITS, no output; decider only */
#define FP_COMMAND_SET_LIMITS 5u
/** in FP_OPEN_RING, out RING_VIEWS (ring/ring_format.h) and no FP_COMMAND_HEADER; observer only */
#define FP_COMMAND_OPEN_RING 6u
#define FP_COMMAND_COUNT 6u

/**
 * First bytes of each command and of each answer. Both buffers start at a multiple of 8. The input has exactly the
 * length of its structure, the output at least. Refused with
 *   0x80070057  STATUS_INVALID_PARAMETER     length, Magic, Size, Command, Kind or a value out of range; nothing is
 * changed 0x8007051A  STATUS_REVISION_MISMATCH     Version 0x800703E6  STATUS_DATATYPE_MISALIGNMENT,
 * STATUS_ACCESS_VIOLATION  a buffer that is not aligned or cannot be touched 0x8007007A  STATUS_BUFFER_TOO_SMALL the
 * answer does not fit 0x80070005  STATUS_ACCESS_DENIED         the command is for the other role
 */
typedef struct FP_COMMAND_HEADER {
    FP_U32 Magic;   /**< FP_MAGIC */
    FP_U16 Version; /**< FP_PROTOCOL_VERSION */
    FP_U16 Command; /**< FP_COMMAND_* */
    FP_U32 Size;    /**< of the whole structure */
    FP_U32 Kind;    /**< FP_KIND_* where the command wants one, else 0 */
} FP_COMMAND_HEADER;

/** What the driver is. */
typedef struct FP_HELLO {
    FP_COMMAND_HEADER Header;
    FP_U32 KindCount;       /**< the driver's FP_KIND_COUNT */
    FP_U32 Role;            /**< of the connection that asks, FP_ROLE_* */
    FP_U32 MaxContentBytes; /**< FP_MAX_CONTENT_BYTES */
    FP_U32 MaxInFlight;     /**< in force, see FP_LIMITS */
    FP_U64 Sequence;        /**< the last one given out */
    FP_U64 Time;            /**< the driver's clock now; with it a client turns Deadline into its own clock */
    FP_U32 EventCapacity;   /**< in force for this connection */
    FP_U32 Flags;           /**< FP_CONNECT_* in force for this connection */
} FP_HELLO;

/** Operations of this kind are asked. Without it they pass. */
#define FP_POLICY_ASK 0x00000001u
/** Operations of this kind that were asked are reported to observers, with their outcome. */
#define FP_POLICY_REPORT 0x00000002u
/**
 * FP_VERDICT_ALLOW_CACHED is heeded for this kind: later opens of that file, of this kind, pass without being asked, counted or
 * reported, until the file changes, the decider disconnects or any policy is set. Remembered only where the volume can do
 * that (Linux: a fanotify volume), and never for a file that somebody has open for writing or that others than the system's
 * administrator may write. docs/how-it-works.md says what a remembered verdict does not notice.
 */
#define FP_POLICY_CACHE 0x00000004u

#define FP_ACTION_ALLOW 1u
/** The opener sees STATUS_ACCESS_DENIED. */
#define FP_ACTION_DENY 2u
/**
 * The opener sees an error that tells the cause: STATUS_IO_TIMEOUT (time-out), STATUS_DEVICE_NOT_READY (no client),
 * STATUS_INSUFFICIENT_RESOURCES (overload), STATUS_UNSUCCESSFUL (failure).
 */
#define FP_ACTION_ERROR 3u

/**
 * What is asked about one kind and what happens without a verdict. In force for operations that begin afterwards, until
 * the driver is unloaded: it outlives the connection, since what happens without a client is a part of it. After
 * loading: ASK | REPORT, FP_DEFAULT_TIMEOUT_MILLISECONDS, every action ALLOW, no content.
 */
typedef struct FP_POLICY {
    FP_COMMAND_HEADER Header;
    FP_U32 Flags;               /**< FP_POLICY_* */
    FP_U32 TimeoutMilliseconds; /**< FP_MIN_... to FP_MAX_TIMEOUT_MILLISECONDS: delivery, decision and reply together */
    FP_U32 OnTimeout;           /**< FP_ACTION_*: no verdict in time */
    FP_U32 OnNoClient;          /**< FP_ACTION_*: no decider, or it went while it was asked */
    FP_U32 OnOverload;          /**< FP_ACTION_*: FP_LIMITS.MaxInFlight questions wait already */
    FP_U32 OnFailure;           /**< FP_ACTION_*: an invalid reply, no memory, the opener's thread is being ended */
    FP_U32 ContentBytes;        /**< 0 to FP_MAX_CONTENT_BYTES: first bytes of the file in each question */
    FP_U32 Reserved;
} FP_POLICY;

typedef struct FP_LIMITS {
    FP_COMMAND_HEADER Header;
    FP_U32 MaxInFlight; /**< 1 to FP_LIMIT_MAX_IN_FLIGHT */
    FP_U32 Reserved;
} FP_LIMITS;

/**
 * Makes an event ring and maps it into the client. From then on this connection's reports are the ring's events, with
 * FP_EVENT.Kind as their kind, and no messages but those that wake the reader. When the ring is full a report is lost,
 * counted (ReportsLost) and seen as a gap in the ring's own sequence numbers. The ring ends with the connection.
 *   0x80070020  STATUS_SHARING_VIOLATION  the connection has its ring already
 */
typedef struct FP_OPEN_RING {
    FP_COMMAND_HEADER Header;
    FP_U32 DataLength; /**< bytes for events: a power of two, FP_MIN_RING_BYTES to FP_MAX_RING_BYTES */
    FP_U32 Reserved;
} FP_OPEN_RING;

/**
 * Counters since the driver was loaded, one consistent snapshot. They add up:
 *   Seen  = Asked + NotAskedFailed + NotAskedUnsafe + NotAskedKernel + NotAskedExempt + NotAskedDirectory + NotAskedOff
 *   Asked = Allowed + Denied + TimedOut + NoClient + Overload + Failed + InvalidReply + InFlight
 */
typedef struct FP_COUNTERS {
    FP_COMMAND_HEADER Header;
    FP_U64 Seen;           /**< operations that reached the driver */
    FP_U64 Asked;          /**< of these: to be asked (with or without a client) */
    FP_U64 Allowed;        /**< verdict allow */
    FP_U64 Denied;         /**< verdict deny */
    FP_U64 TimedOut;       /**< ended by OnTimeout */
    FP_U64 NoClient;       /**< ended by OnNoClient */
    FP_U64 Overload;       /**< ended by OnOverload */
    FP_U64 Failed;         /**< ended by OnFailure: the question could not be built or sent */
    FP_U64 InvalidReply;   /**< ended by OnFailure: a reply that is no verdict */
    FP_U64 InFlight;       /**< waiting for a verdict now */
    FP_U64 InFlightPeak;   /**< most that ever waited at once */
    FP_U64 NotAskedFailed; /**< the open failed by itself */
    FP_U64 NotAskedUnsafe; /**< paging file, paging I/O, volume open, target directory, IRQL, nested in a file system */
    FP_U64 NotAskedKernel; /**< kernel-mode requestor or system process */
    FP_U64 NotAskedExempt; /**< the exempt decider itself */
    FP_U64 NotAskedDirectory; /**< a directory */
    FP_U64 NotAskedOff;       /**< the kind's policy does not ask */
    FP_U64 Reported;          /**< reports that an observer received */
    FP_U64 ReportsLost;       /**< reports that an observer had no receive armed or no room in its ring for */
    FP_U64 Connects;          /**< connections accepted */
    FP_U64 ConnectsRefused;   /**< refused by this driver */
    FP_U64 Observers;         /**< connected now */
    FP_U64 Deciders;          /**< connected now: 0 or 1 */
    FP_U64 Reserved;
    FP_U64 Cached;       /**< of Allowed: verdicts to be remembered that are */
    FP_U64 CacheRefused; /**< of Allowed: verdicts to be remembered that are not */
    FP_U64 CacheDrops;   /**< how often all were forgotten: a decider went, a policy was set */
} FP_COUNTERS;

/* ---- the layout is a promise ---- */

#define FP_LAYOUT_ASSERT(Expression) typedef char FP_LAYOUT_IS_WRONG[(Expression) ? 1 : -1]
#define FP_OFFSET(Type, Field) __builtin_offsetof(Type, Field)
#define FP_AT(Type, Field, Offset, Bytes)                                                                              \
    FP_LAYOUT_ASSERT(FP_OFFSET(Type, Field) == (Offset) && sizeof(((Type *)0)->Field) == (Bytes))

/** Calls FieldAt(type, field, offset, bytes) for each field and StructIs(type, bytes) for each structure, in order. */
#define FP_LAYOUT(StructIs, FieldAt)                                                                                   \
    StructIs(FP_CONNECT, 16);                                                                                          \
    FieldAt(FP_CONNECT, Magic, 0, 4);                                                                                  \
    FieldAt(FP_CONNECT, Version, 4, 2);                                                                                \
    FieldAt(FP_CONNECT, Role, 6, 2);                                                                                   \
    FieldAt(FP_CONNECT, Flags, 8, 4);                                                                                  \
    FieldAt(FP_CONNECT, EventCapacity, 12, 4);                                                                         \
    StructIs(FP_EVENT, 128);                                                                                           \
    FieldAt(FP_EVENT, Magic, 0, 4);                                                                                    \
    FieldAt(FP_EVENT, Version, 4, 2);                                                                                  \
    FieldAt(FP_EVENT, Kind, 6, 2);                                                                                     \
    FieldAt(FP_EVENT, Size, 8, 4);                                                                                     \
    FieldAt(FP_EVENT, Flags, 12, 4);                                                                                   \
    FieldAt(FP_EVENT, Sequence, 16, 8);                                                                                \
    FieldAt(FP_EVENT, Time, 24, 8);                                                                                    \
    FieldAt(FP_EVENT, Deadline, 32, 8);                                                                                \
    FieldAt(FP_EVENT, ProcessId, 40, 8);                                                                               \
    FieldAt(FP_EVENT, ThreadId, 48, 8);                                                                                \
    FieldAt(FP_EVENT, FileId, 56, 8);                                                                                  \
    FieldAt(FP_EVENT, FileIdHigh, 64, 8);                                                                              \
    FieldAt(FP_EVENT, FileSize, 72, 8);                                                                                \
    FieldAt(FP_EVENT, DesiredAccess, 80, 4);                                                                           \
    FieldAt(FP_EVENT, Disposition, 84, 4);                                                                             \
    FieldAt(FP_EVENT, CreateOptions, 88, 4);                                                                           \
    FieldAt(FP_EVENT, Outcome, 92, 4);                                                                                 \
    FieldAt(FP_EVENT, PathOffset, 96, 4);                                                                              \
    FieldAt(FP_EVENT, PathLength, 100, 4);                                                                             \
    FieldAt(FP_EVENT, ContentOffset, 104, 4);                                                                          \
    FieldAt(FP_EVENT, ContentLength, 108, 4);                                                                          \
    FieldAt(FP_EVENT, ProcessStart, 112, 8);                                                                           \
    FieldAt(FP_EVENT, Reserved, 120, 8);                                                                               \
    StructIs(FP_VERDICT, 16);                                                                                          \
    FieldAt(FP_VERDICT, Magic, 0, 4);                                                                                  \
    FieldAt(FP_VERDICT, Verdict, 4, 4);                                                                                \
    FieldAt(FP_VERDICT, Sequence, 8, 8);                                                                               \
    StructIs(FP_COMMAND_HEADER, 16);                                                                                   \
    FieldAt(FP_COMMAND_HEADER, Magic, 0, 4);                                                                           \
    FieldAt(FP_COMMAND_HEADER, Version, 4, 2);                                                                         \
    FieldAt(FP_COMMAND_HEADER, Command, 6, 2);                                                                         \
    FieldAt(FP_COMMAND_HEADER, Size, 8, 4);                                                                            \
    FieldAt(FP_COMMAND_HEADER, Kind, 12, 4);                                                                           \
    StructIs(FP_HELLO, 56);                                                                                            \
    FieldAt(FP_HELLO, Header, 0, 16);                                                                                  \
    FieldAt(FP_HELLO, KindCount, 16, 4);                                                                               \
    FieldAt(FP_HELLO, Role, 20, 4);                                                                                    \
    FieldAt(FP_HELLO, MaxContentBytes, 24, 4);                                                                         \
    FieldAt(FP_HELLO, MaxInFlight, 28, 4);                                                                             \
    FieldAt(FP_HELLO, Sequence, 32, 8);                                                                                \
    FieldAt(FP_HELLO, Time, 40, 8);                                                                                    \
    FieldAt(FP_HELLO, EventCapacity, 48, 4);                                                                           \
    FieldAt(FP_HELLO, Flags, 52, 4);                                                                                   \
    StructIs(FP_POLICY, 48);                                                                                           \
    FieldAt(FP_POLICY, Header, 0, 16);                                                                                 \
    FieldAt(FP_POLICY, Flags, 16, 4);                                                                                  \
    FieldAt(FP_POLICY, TimeoutMilliseconds, 20, 4);                                                                    \
    FieldAt(FP_POLICY, OnTimeout, 24, 4);                                                                              \
    FieldAt(FP_POLICY, OnNoClient, 28, 4);                                                                             \
    FieldAt(FP_POLICY, OnOverload, 32, 4);                                                                             \
    FieldAt(FP_POLICY, OnFailure, 36, 4);                                                                              \
    FieldAt(FP_POLICY, ContentBytes, 40, 4);                                                                           \
    FieldAt(FP_POLICY, Reserved, 44, 4);                                                                               \
    StructIs(FP_LIMITS, 24);                                                                                           \
    FieldAt(FP_LIMITS, Header, 0, 16);                                                                                 \
    FieldAt(FP_LIMITS, MaxInFlight, 16, 4);                                                                            \
    FieldAt(FP_LIMITS, Reserved, 20, 4);                                                                               \
    StructIs(FP_OPEN_RING, 24);                                                                                        \
    FieldAt(FP_OPEN_RING, Header, 0, 16);                                                                              \
    FieldAt(FP_OPEN_RING, DataLength, 16, 4);                                                                          \
    FieldAt(FP_OPEN_RING, Reserved, 20, 4);                                                                            \
    StructIs(FP_COUNTERS, 232);                                                                                        \
    FieldAt(FP_COUNTERS, Header, 0, 16);                                                                               \
    FieldAt(FP_COUNTERS, Seen, 16, 8);                                                                                 \
    FieldAt(FP_COUNTERS, Asked, 24, 8);                                                                                \
    FieldAt(FP_COUNTERS, Allowed, 32, 8);                                                                              \
    FieldAt(FP_COUNTERS, Denied, 40, 8);                                                                               \
    FieldAt(FP_COUNTERS, TimedOut, 48, 8);                                                                             \
    FieldAt(FP_COUNTERS, NoClient, 56, 8);                                                                             \
    FieldAt(FP_COUNTERS, Overload, 64, 8);                                                                             \
    FieldAt(FP_COUNTERS, Failed, 72, 8);                                                                               \
    FieldAt(FP_COUNTERS, InvalidReply, 80, 8);                                                                         \
    FieldAt(FP_COUNTERS, InFlight, 88, 8);                                                                             \
    FieldAt(FP_COUNTERS, InFlightPeak, 96, 8);                                                                         \
    FieldAt(FP_COUNTERS, NotAskedFailed, 104, 8);                                                                      \
    FieldAt(FP_COUNTERS, NotAskedUnsafe, 112, 8);                                                                      \
    FieldAt(FP_COUNTERS, NotAskedKernel, 120, 8);                                                                      \
    FieldAt(FP_COUNTERS, NotAskedExempt, 128, 8);                                                                      \
    FieldAt(FP_COUNTERS, NotAskedDirectory, 136, 8);                                                                   \
    FieldAt(FP_COUNTERS, NotAskedOff, 144, 8);                                                                         \
    FieldAt(FP_COUNTERS, Reported, 152, 8);                                                                            \
    FieldAt(FP_COUNTERS, ReportsLost, 160, 8);                                                                         \
    FieldAt(FP_COUNTERS, Connects, 168, 8);                                                                            \
    FieldAt(FP_COUNTERS, ConnectsRefused, 176, 8);                                                                     \
    FieldAt(FP_COUNTERS, Observers, 184, 8);                                                                           \
    FieldAt(FP_COUNTERS, Deciders, 192, 8);                                                                            \
    FieldAt(FP_COUNTERS, Reserved, 200, 8);                                                                            \
    FieldAt(FP_COUNTERS, Cached, 208, 8);                                                                              \
    FieldAt(FP_COUNTERS, CacheRefused, 216, 8);                                                                        \
    FieldAt(FP_COUNTERS, CacheDrops, 224, 8)

#define FP_SIZE_IS(Type, Bytes) FP_LAYOUT_ASSERT(sizeof(Type) == (Bytes))

FP_LAYOUT(FP_SIZE_IS, FP_AT);

#ifdef __cplusplus
}
#endif

#endif
