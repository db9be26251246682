/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Structures and constants that kernel and user side share (rules STR-01 to STR-09). Own declarations, Windows' layout.
 */
#ifndef FILTERPORT_FLTUSERSTRUCTURES_H
#define FILTERPORT_FLTUSERSTRUCTURES_H

#include "ntdef.h"

#define FLTAPI NTAPI

#define FILTER_NAME_MAX_CHARS 255
#define FILTER_NAME_MAX_BYTES (FILTER_NAME_MAX_CHARS * sizeof(WCHAR))
#define INSTANCE_NAME_MAX_CHARS 255
#define INSTANCE_NAME_MAX_BYTES (INSTANCE_NAME_MAX_CHARS * sizeof(WCHAR))
#define VOLUME_NAME_MAX_CHARS 1024
#define VOLUME_NAME_MAX_BYTES (VOLUME_NAME_MAX_CHARS * sizeof(WCHAR))

/** Connect option: the handle does synchronous I/O; all calls on it are serialised (rules CONN-16, GET-15). */
#define FLT_PORT_FLAG_SYNC_HANDLE 0x00000001u

/** First size of a connection context that is too large (rules WIRE-05, OPEN-14). */
#define FLT_PORT_CONTEXT_MAX 0xFFE8u

/** Head of each received message; the payload follows at byte 16. */
typedef struct _FILTER_MESSAGE_HEADER {
    ULONG ReplyLength;   /**< longest reply, FILTER_REPLY_HEADER included; 0 if none is wanted */
    ULONGLONG MessageId; /**< to be copied into the reply */
} FILTER_MESSAGE_HEADER, *PFILTER_MESSAGE_HEADER;

/** Head of each reply; the payload follows at byte 16. */
typedef struct _FILTER_REPLY_HEADER {
    NTSTATUS Status; /**< becomes the result of FltSendMessage (OPEN-03) */
    ULONGLONG MessageId;
} FILTER_REPLY_HEADER, *PFILTER_REPLY_HEADER;

C_ASSERT(sizeof(FILTER_MESSAGE_HEADER) == 16 && offsetof(FILTER_MESSAGE_HEADER, MessageId) == 8);
C_ASSERT(sizeof(FILTER_REPLY_HEADER) == 16 && offsetof(FILTER_REPLY_HEADER, MessageId) == 8);

typedef enum _FLT_FILESYSTEM_TYPE {
    FLT_FSTYPE_UNKNOWN,
    FLT_FSTYPE_RAW,
    FLT_FSTYPE_NTFS,
    FLT_FSTYPE_FAT,
    FLT_FSTYPE_CDFS,
    FLT_FSTYPE_UDFS,
    FLT_FSTYPE_LANMAN,
    FLT_FSTYPE_WEBDAV,
    FLT_FSTYPE_RDPDR,
    FLT_FSTYPE_NFS,
    FLT_FSTYPE_MS_NETWARE,
    FLT_FSTYPE_NETWARE,
    FLT_FSTYPE_BSUDF,
    FLT_FSTYPE_MUP,
    FLT_FSTYPE_RSFX,
    FLT_FSTYPE_ROXIO_UDF1,
    FLT_FSTYPE_ROXIO_UDF2,
    FLT_FSTYPE_ROXIO_UDF3,
    FLT_FSTYPE_TACIT,
    FLT_FSTYPE_FS_REC,
    FLT_FSTYPE_INCD,
    FLT_FSTYPE_INCD_FAT,
    FLT_FSTYPE_EXFAT,
    FLT_FSTYPE_PSFS,
    FLT_FSTYPE_GPFS,
    FLT_FSTYPE_NPFS,
    FLT_FSTYPE_MSFS,
    FLT_FSTYPE_CSVFS,
    FLT_FSTYPE_REFS,
    FLT_FSTYPE_OPENAFS,
    FLT_FSTYPE_CIMFS
} FLT_FILESYSTEM_TYPE,
    *PFLT_FILESYSTEM_TYPE;

#endif
