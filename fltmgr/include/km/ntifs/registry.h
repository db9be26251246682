/* SPDX-License-Identifier: Apache-2.0 */
/** The registry, as far as a driver reads its own parameters. Part of <ntifs.h>. */
#ifndef FILTERPORT_NTIFS_REGISTRY_H
#define FILTERPORT_NTIFS_REGISTRY_H

#include "ntdef.h"

FP_EXTERN_C_BEGIN
FP_EXPORTS_BEGIN

#define KEY_QUERY_VALUE 1u
#define KEY_READ 0x00020019u
#define REG_NONE 0
#define REG_SZ 1
#define REG_BINARY 3
#define REG_DWORD 4
#define REG_MULTI_SZ 7
typedef enum _KEY_VALUE_INFORMATION_CLASS {
    KeyValueBasicInformation,
    KeyValueFullInformation,
    KeyValuePartialInformation
} KEY_VALUE_INFORMATION_CLASS;
typedef struct _KEY_VALUE_PARTIAL_INFORMATION {
    ULONG TitleIndex;
    ULONG Type;
    ULONG DataLength;
    UCHAR Data[ANYSIZE_ARRAY];
} KEY_VALUE_PARTIAL_INFORMATION, *PKEY_VALUE_PARTIAL_INFORMATION;
NTSTATUS NTAPI ZwOpenKey(PHANDLE KeyHandle, ACCESS_MASK DesiredAccess, POBJECT_ATTRIBUTES ObjectAttributes);
NTSTATUS NTAPI ZwQueryValueKey(HANDLE KeyHandle, PUNICODE_STRING ValueName, KEY_VALUE_INFORMATION_CLASS Class,
                               PVOID KeyValueInformation, ULONG Length, PULONG ResultLength);

FP_EXPORTS_END
FP_EXTERN_C_END

#endif
