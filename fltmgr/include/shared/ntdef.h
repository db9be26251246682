/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Windows' basic types for 64-bit builds without the Windows kits: own declarations, Windows' names, sizes and values.
 *
 * ULONG and LONG are 32 bits everywhere. WCHAR is 16 bits: wchar_t where the compiler's is (kernel side, -fshort-wchar,
 * so that L"..." works), char16_t otherwise (user side, u"..."). Both give the same binary interface.
 */
#ifndef FILTERPORT_NTDEF_H
#define FILTERPORT_NTDEF_H

#include <stddef.h>
#include <stdint.h>

#include "sal.h"

#if UINTPTR_MAX != UINT64_MAX
#error "filterport is for 64-bit targets"
#endif

#define CONST const
#define VOID void
#define IN
#define OUT
#define OPTIONAL
#define NTAPI
#define FASTCALL
#define FORCEINLINE static inline
#define DECLSPEC_ALIGN(x) __attribute__((aligned(x)))
#define DECLSPEC_NORETURN __attribute__((noreturn))
#define POINTER_ALIGNMENT DECLSPEC_ALIGN(8)
#ifndef UNALIGNED
#define UNALIGNED
#endif
#ifdef __cplusplus
#define EXTERN_C extern "C"
#define FP_EXTERN_C_BEGIN extern "C" {
#define FP_EXTERN_C_END }
#else
#define EXTERN_C extern
#define FP_EXTERN_C_BEGIN
#define FP_EXTERN_C_END
#endif

/* Functions that the running system exports to drivers and programs stay visible under -fvisibility=hidden. */
#ifdef __ELF__
#define FP_EXPORTS_BEGIN _Pragma("GCC visibility push(default)")
#define FP_EXPORTS_END _Pragma("GCC visibility pop")
#else
#define FP_EXPORTS_BEGIN
#define FP_EXPORTS_END
#endif

typedef char CHAR, CCHAR, *PCHAR, *PSTR;
typedef const char *PCSTR, *PCSZ;
typedef unsigned char UCHAR, BOOLEAN, BYTE, *PUCHAR, *PBOOLEAN, *PBYTE;
typedef signed char SCHAR;
typedef int16_t SHORT, CSHORT, *PSHORT;
typedef uint16_t USHORT, WORD, *PUSHORT, *PWORD;
#ifdef _WIN32
typedef long LONG, *PLONG;
typedef unsigned long ULONG, DWORD, *PULONG, *PDWORD;
#else
typedef int32_t LONG, *PLONG;
typedef uint32_t ULONG, DWORD, *PULONG, *PDWORD;
#endif
typedef int INT, *PINT;
typedef unsigned int UINT, *PUINT;
typedef int32_t INT32;
typedef uint32_t UINT32;
typedef int64_t INT64;
typedef uint64_t UINT64;
typedef long long LONGLONG, LONG64, *PLONGLONG, *PLONG64;
typedef unsigned long long ULONGLONG, ULONG64, DWORD64, *PULONGLONG, *PULONG64;
typedef long long LONG_PTR, INT_PTR, SSIZE_T, *PLONG_PTR;
typedef unsigned long long ULONG_PTR, UINT_PTR, DWORD_PTR, SIZE_T, *PULONG_PTR, *PSIZE_T;
typedef ULONG_PTR KAFFINITY;
typedef void *PVOID, *HANDLE, **PHANDLE;
typedef LONG NTSTATUS, *PNTSTATUS;
typedef LONG HRESULT;
typedef CHAR KPROCESSOR_MODE;
typedef UCHAR KIRQL, *PKIRQL;
typedef ULONG ACCESS_MASK, *PACCESS_MASK;
typedef ULONG LOGICAL;
typedef LONG KPRIORITY;

#if defined(__SIZEOF_WCHAR_T__) && __SIZEOF_WCHAR_T__ == 2
typedef wchar_t WCHAR;
#elif defined(__cplusplus)
typedef char16_t WCHAR;
#else
typedef __CHAR16_TYPE__ WCHAR;
#endif
typedef WCHAR *PWCHAR, *PWSTR, *PWCH, *LPWSTR, *NTSTRSAFE_PWSTR;
typedef const WCHAR *PCWSTR, *PCWCH, *LPCWSTR, *NTSTRSAFE_PCWSTR;

#ifndef TRUE
#define TRUE 1
#define FALSE 0
#endif
#ifndef NULL
#define NULL ((void *)0)
#endif

#define MAXUSHORT 0xffff
#define MAXULONG 0xffffffffu
#define MAXLONG 0x7fffffff
#define MAXLONGLONG 0x7fffffffffffffffLL
#define ANYSIZE_ARRAY 1

#define NT_SUCCESS(status) ((NTSTATUS)(status) >= 0)
#define NT_INFORMATION(status) (((ULONG)(status) >> 30) == 1)
#define NT_WARNING(status) (((ULONG)(status) >> 30) == 2)
#define NT_ERROR(status) (((ULONG)(status) >> 30) == 3)

#define FIELD_OFFSET(type, field) ((LONG)offsetof(type, field))
#define UFIELD_OFFSET(type, field) ((ULONG)offsetof(type, field))
#define FIELD_SIZE(type, field) (sizeof(((type *)0)->field))
#define RTL_FIELD_SIZE(type, field) FIELD_SIZE(type, field)
#define CONTAINING_RECORD(address, type, field) ((type *)(void *)((char *)(address)-offsetof(type, field)))
#define RTL_NUMBER_OF(array) (sizeof(array) / sizeof((array)[0]))
#define ARRAYSIZE(array) RTL_NUMBER_OF(array)
#define UNREFERENCED_PARAMETER(p) ((void)(p))
#define DBG_UNREFERENCED_LOCAL_VARIABLE(v) ((void)(v))
#define FlagOn(flags, flag) ((flags) & (flag))
#define BooleanFlagOn(flags, flag) ((BOOLEAN)(((flags) & (flag)) != 0))
#define SetFlag(flags, flag) ((flags) |= (flag))
#define ClearFlag(flags, flag) ((flags) &= ~(flag))

#ifdef __cplusplus
#define C_ASSERT(e) static_assert(e, #e)
#else
#define C_ASSERT(e) _Static_assert(e, #e)
#endif

typedef union _LARGE_INTEGER {
    struct {
        ULONG LowPart;
        LONG HighPart;
    };
    struct {
        ULONG LowPart;
        LONG HighPart;
    } u;
    LONGLONG QuadPart;
} LARGE_INTEGER, *PLARGE_INTEGER;

typedef union _ULARGE_INTEGER {
    struct {
        ULONG LowPart;
        ULONG HighPart;
    };
    ULONGLONG QuadPart;
} ULARGE_INTEGER, *PULARGE_INTEGER;

typedef struct _GUID {
    ULONG Data1;
    USHORT Data2;
    USHORT Data3;
    UCHAR Data4[8];
} GUID, *PGUID;

typedef struct _LUID {
    ULONG LowPart;
    LONG HighPart;
} LUID, *PLUID;

/** Length and MaximumLength count bytes. A terminating zero is neither required nor counted. */
typedef struct _UNICODE_STRING {
    USHORT Length;
    USHORT MaximumLength;
    PWCH Buffer;
} UNICODE_STRING, *PUNICODE_STRING;
typedef const UNICODE_STRING *PCUNICODE_STRING;

typedef struct _STRING {
    USHORT Length;
    USHORT MaximumLength;
    PCHAR Buffer;
} STRING, ANSI_STRING, UTF8_STRING, *PSTRING, *PANSI_STRING;
typedef const STRING *PCANSI_STRING;

#define RTL_CONSTANT_STRING(s)                                                                                         \
    { (USHORT)(sizeof(s) - sizeof((s)[0])), (USHORT)sizeof(s), (s) }
#define DECLARE_CONST_UNICODE_STRING(name, s)                                                                          \
    static const WCHAR name##_buffer[] = s;                                                                            \
    static const UNICODE_STRING name = {(USHORT)(sizeof(s) - sizeof(WCHAR)), (USHORT)sizeof(s), (PWCH)name##_buffer}
#define UNICODE_NULL ((WCHAR)0)

typedef struct _LIST_ENTRY {
    struct _LIST_ENTRY *Flink;
    struct _LIST_ENTRY *Blink;
} LIST_ENTRY, *PLIST_ENTRY;

typedef struct _SINGLE_LIST_ENTRY {
    struct _SINGLE_LIST_ENTRY *Next;
} SINGLE_LIST_ENTRY, *PSINGLE_LIST_ENTRY;

typedef struct _OBJECT_ATTRIBUTES {
    ULONG Length;
    HANDLE RootDirectory;
    PUNICODE_STRING ObjectName;
    ULONG Attributes;
    PVOID SecurityDescriptor;
    PVOID SecurityQualityOfService;
} OBJECT_ATTRIBUTES, *POBJECT_ATTRIBUTES;
typedef CONST OBJECT_ATTRIBUTES *PCOBJECT_ATTRIBUTES;

#define OBJ_INHERIT 0x00000002u
#define OBJ_PERMANENT 0x00000010u
#define OBJ_EXCLUSIVE 0x00000020u
#define OBJ_CASE_INSENSITIVE 0x00000040u
#define OBJ_OPENIF 0x00000080u
#define OBJ_OPENLINK 0x00000100u
#define OBJ_KERNEL_HANDLE 0x00000200u

#define InitializeObjectAttributes(p, n, a, r, s)                                                                      \
    do {                                                                                                               \
        (p)->Length = (ULONG)sizeof(OBJECT_ATTRIBUTES);                                                                \
        (p)->RootDirectory = (r);                                                                                      \
        (p)->Attributes = (a);                                                                                         \
        (p)->ObjectName = (n);                                                                                         \
        (p)->SecurityDescriptor = (s);                                                                                 \
        (p)->SecurityQualityOfService = NULL;                                                                          \
    } while (0)

/** I/O status block; OVERLAPPED.Internal and InternalHigh overlay it. */
typedef struct _IO_STATUS_BLOCK {
    union {
        NTSTATUS Status;
        PVOID Pointer;
    };
    ULONG_PTR Information;
} IO_STATUS_BLOCK, *PIO_STATUS_BLOCK;

C_ASSERT(sizeof(WCHAR) == 2);
C_ASSERT(sizeof(ULONG) == 4);
C_ASSERT(sizeof(UNICODE_STRING) == 16);
C_ASSERT(sizeof(LARGE_INTEGER) == 8);
C_ASSERT(sizeof(OBJECT_ATTRIBUTES) == 48);
C_ASSERT(sizeof(IO_STATUS_BLOCK) == 16);
C_ASSERT(sizeof(GUID) == 16);

#endif
