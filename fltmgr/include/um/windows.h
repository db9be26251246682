/* SPDX-License-Identifier: Apache-2.0 */
/**
 * The part of Windows' user-mode interface that libfltlib.so offers on Linux: own declarations, Windows' names, values
 * and binary layout, for C11 and C++17. Windows and Wine builds use the real headers and never see this file.
 *
 * What a HANDLE may be here: a connection (FilterConnectCommunicationPort), a completion port, an event or a thread
 * (OpenThread). Handles are numbers of this process: they cannot be duplicated or inherited, and after fork() every
 * call in the child fails with ERROR_INVALID_HANDLE. Each function may be called from any thread at any time; a handle
 * that another thread closes meanwhile wakes its users, as on Windows. Functions that return BOOL leave their reason in
 * GetLastError(), those that return HRESULT in their result.
 *
 * OVERLAPPED.Internal changes only while some thread is inside a library call that waits or asks for completions.
 */
#ifndef FILTERPORT_WINDOWS_H
#define FILTERPORT_WINDOWS_H

#include "ntdef.h"

#define WINAPI
#define CALLBACK
#define WINBASEAPI

typedef int BOOL, *PBOOL, *LPBOOL;
typedef void *LPVOID;
typedef const void *LPCVOID;
typedef DWORD *LPDWORD;
typedef HANDLE *LPHANDLE;

#define INVALID_HANDLE_VALUE ((HANDLE)(LONG_PTR)-1)
#define INFINITE 0xFFFFFFFFu
#define MAX_PATH 260

#define WAIT_OBJECT_0 0x00000000u
#define WAIT_FAILED 0xFFFFFFFFu

/* Win32 error numbers that this library reports. */
#define ERROR_SUCCESS 0u
#define NO_ERROR 0u
#define ERROR_INVALID_FUNCTION 1u
#define ERROR_FILE_NOT_FOUND 2u
#define ERROR_PATH_NOT_FOUND 3u
#define ERROR_TOO_MANY_OPEN_FILES 4u
#define ERROR_ACCESS_DENIED 5u
#define ERROR_INVALID_HANDLE 6u
#define ERROR_NOT_ENOUGH_MEMORY 8u
#define ERROR_NOT_READY 21u
#define ERROR_GEN_FAILURE 31u
#define ERROR_NOT_SUPPORTED 50u
#define ERROR_INVALID_PARAMETER 87u
#define ERROR_SEM_TIMEOUT 121u
#define ERROR_INSUFFICIENT_BUFFER 122u
#define ERROR_INVALID_NAME 123u
#define ERROR_BAD_PATHNAME 161u
#define ERROR_BUSY 170u
#define ERROR_ALREADY_EXISTS 183u
#define ERROR_FILENAME_EXCED_RANGE 206u
#define ERROR_MORE_DATA 234u
#define WAIT_TIMEOUT 258u
#define ERROR_NO_MORE_ITEMS 259u
#define ERROR_MR_MID_NOT_FOUND 317u
#define ERROR_INVALID_ADDRESS 487u
#define ERROR_ARITHMETIC_OVERFLOW 534u
#define ERROR_ABANDONED_WAIT_0 735u
#define ERROR_OPERATION_ABORTED 995u
#define ERROR_IO_INCOMPLETE 996u
#define ERROR_IO_PENDING 997u
#define ERROR_NOACCESS 998u
#define ERROR_SERVICE_ALREADY_RUNNING 1056u
#define ERROR_NOT_FOUND 1168u
#define ERROR_CONNECTION_COUNT_LIMIT 1238u
#define ERROR_PRIVILEGE_NOT_HELD 1314u
#define ERROR_NO_SYSTEM_RESOURCES 1450u
#define ERROR_TIMEOUT 1460u

#define S_OK ((HRESULT)0)
#define S_FALSE ((HRESULT)1)
#define E_HANDLE ((HRESULT)0x80070006)
#define E_INVALIDARG ((HRESULT)0x80070057)
#define E_OUTOFMEMORY ((HRESULT)0x8007000E)
#define SUCCEEDED(hr) (((HRESULT)(hr)) >= 0)
#define FAILED(hr) (((HRESULT)(hr)) < 0)
#define FACILITY_WIN32 7
#define HRESULT_CODE(hr) ((hr)&0xFFFF)
#define HRESULT_FROM_WIN32(e) ((HRESULT)((LONG)(e) <= 0 ? (ULONG)(e) : (((ULONG)(e)&0x0000FFFFu) | 0x80070000u)))

/** 32 bytes, as on 64-bit Windows (rule STR-03). Internal holds the NTSTATUS, InternalHigh the bytes transferred. */
typedef struct _OVERLAPPED {
    ULONG_PTR Internal;
    ULONG_PTR InternalHigh;
    union {
        struct {
            DWORD Offset;
            DWORD OffsetHigh;
        };
        PVOID Pointer;
    };
    HANDLE hEvent; /**< event or NULL; lowest bit set: signal the event, queue no completion packet */
} OVERLAPPED, *LPOVERLAPPED;

typedef struct _OVERLAPPED_ENTRY {
    ULONG_PTR lpCompletionKey;
    LPOVERLAPPED lpOverlapped;
    ULONG_PTR Internal; /**< NTSTATUS of the operation */
    DWORD dwNumberOfBytesTransferred;
} OVERLAPPED_ENTRY, *LPOVERLAPPED_ENTRY;

C_ASSERT(sizeof(OVERLAPPED) == 32 && offsetof(OVERLAPPED, hEvent) == 24);
C_ASSERT(sizeof(OVERLAPPED_ENTRY) == 32);

#define HasOverlappedIoCompleted(overlapped) (((volatile OVERLAPPED *)(overlapped))->Internal != 0x103u)

/** Accepted and ignored: no handle here is inheritable (rule CONN-17), and the port's own descriptor decides. */
typedef struct _SECURITY_ATTRIBUTES {
    DWORD nLength;
    LPVOID lpSecurityDescriptor;
    BOOL bInheritHandle;
} SECURITY_ATTRIBUTES, *PSECURITY_ATTRIBUTES, *LPSECURITY_ATTRIBUTES;

#define THREAD_TERMINATE 0x0001u
#define THREAD_ALL_ACCESS 0x001FFFFFu

FP_EXTERN_C_BEGIN
FP_EXPORTS_BEGIN

/** Error number of this thread's last failed call that reports through it. */
DWORD WINAPI GetLastError(VOID);
VOID WINAPI SetLastError(DWORD dwErrCode);

/**
 * Creates a completion port (FileHandle = INVALID_HANDLE_VALUE), or associates a connection with one, or both at once
 * (ExistingCompletionPort = NULL). A connection belongs to at most one completion port for its lifetime. One connection
 * on one port is the fast path; a port takes up to 64. Does not block. Errors: ERROR_INVALID_HANDLE,
 * ERROR_INVALID_PARAMETER (associated already, or a FLT_PORT_FLAG_SYNC_HANDLE connection).
 */
HANDLE WINAPI CreateIoCompletionPort(HANDLE FileHandle, HANDLE ExistingCompletionPort, ULONG_PTR CompletionKey,
                                     DWORD NumberOfConcurrentThreads);

/**
 * Takes one packet; blocks up to dwMilliseconds (INFINITE: no limit, 0: does not block). FALSE with *lpOverlapped =
 * NULL: no packet was taken (WAIT_TIMEOUT, ERROR_ABANDONED_WAIT_0 when the port was closed); FALSE with *lpOverlapped
 * set: the packet of an operation that failed with GetLastError().
 */
BOOL WINAPI GetQueuedCompletionStatus(HANDLE CompletionPort, LPDWORD lpNumberOfBytesTransferred,
                                      ULONG_PTR *lpCompletionKey, LPOVERLAPPED *lpOverlapped, DWORD dwMilliseconds);

/** Takes up to ulCount packets at once, blocking only for the first. fAlertable must be FALSE. */
BOOL WINAPI GetQueuedCompletionStatusEx(HANDLE CompletionPort, LPOVERLAPPED_ENTRY lpCompletionPortEntries,
                                        ULONG ulCount, ULONG *ulNumEntriesRemoved, DWORD dwMilliseconds,
                                        BOOL fAlertable);

/** Queues a packet of the caller's own; wakes one waiter. */
BOOL WINAPI PostQueuedCompletionStatus(HANDLE CompletionPort, DWORD dwNumberOfBytesTransferred,
                                       ULONG_PTR dwCompletionKey, LPOVERLAPPED lpOverlapped);

/**
 * Result of an overlapped receive; with bWait blocks until it has ended. ERROR_IO_INCOMPLETE: still pending.
 * Needs no event: it also waits for an operation without one.
 */
BOOL WINAPI GetOverlappedResult(HANDLE hFile, LPOVERLAPPED lpOverlapped, LPDWORD lpNumberOfBytesTransferred,
                                BOOL bWait);

/**
 * Cancels the receive of that OVERLAPPED, or with NULL every receive of the handle, synchronous ones included (rule
 * GET-09). Does not wait for them to end. One that already holds a message completes as success (GET-10).
 * ERROR_NOT_FOUND: nothing to cancel.
 */
BOOL WINAPI CancelIoEx(HANDLE hFile, LPOVERLAPPED lpOverlapped);

/** Cancels the synchronous call of this library in which that thread blocks. ERROR_NOT_FOUND: it is in none. */
BOOL WINAPI CancelSynchronousIo(HANDLE hThread);

/** Handle of a thread of this process, for CancelSynchronousIo only. dwThreadId is GetCurrentThreadId()'s value. */
HANDLE WINAPI OpenThread(DWORD dwDesiredAccess, BOOL bInheritHandle, DWORD dwThreadId);
DWORD WINAPI GetCurrentThreadId(VOID);

/** lpEventAttributes is ignored, lpName must be NULL. NULL on failure. */
HANDLE WINAPI CreateEventW(LPSECURITY_ATTRIBUTES lpEventAttributes, BOOL bManualReset, BOOL bInitialState,
                           LPCWSTR lpName);
BOOL WINAPI SetEvent(HANDLE hEvent);
BOOL WINAPI ResetEvent(HANDLE hEvent);

/**
 * Waits for an event, or for a connection (signaled when one of its operations has ended since the last one began).
 * WAIT_OBJECT_0, WAIT_TIMEOUT or WAIT_FAILED.
 */
DWORD WINAPI WaitForSingleObject(HANDLE hHandle, DWORD dwMilliseconds);

/**
 * Closes any handle of this library. For a connection: pending receives end with STATUS_PORT_DISCONNECTED, threads
 * inside calls on it wake (rules GET-12, OPEN-11), and the call returns after the driver's DisconnectNotify has
 * (OPEN-10).
 */
BOOL WINAPI CloseHandle(HANDLE hObject);

#define MEM_COMMIT 0x00001000u
#define MEM_FREE 0x00010000u
#define MEM_MAPPED 0x00040000u
#define PAGE_NOACCESS 0x01u
#define PAGE_READONLY 0x02u
#define PAGE_READWRITE 0x04u
typedef struct _MEMORY_BASIC_INFORMATION {
    PVOID BaseAddress;
    PVOID AllocationBase;
    DWORD AllocationProtect;
    WORD PartitionId;
    SIZE_T RegionSize;
    DWORD State;
    DWORD Protect;
    DWORD Type;
} MEMORY_BASIC_INFORMATION, *PMEMORY_BASIC_INFORMATION;
C_ASSERT(sizeof(MEMORY_BASIC_INFORMATION) == 48);

/**
 * Unmaps a view that a driver has mapped into this process (ZwMapViewOfSection). Only the process itself does so: a
 * driver's end of it does not take it away. ERROR_INVALID_ADDRESS: not the address of such a view.
 */
BOOL WINAPI UnmapViewOfFile(LPCVOID lpBaseAddress);

/**
 * What such a view is: MEM_COMMIT, MEM_MAPPED, PAGE_READONLY or PAGE_READWRITE, and its size from the page of lpAddress
 * on. Knows views only; any other address is told to be MEM_FREE. Returns the bytes written, 0 if dwLength is too small.
 */
SIZE_T WINAPI VirtualQuery(LPCVOID lpAddress, PMEMORY_BASIC_INFORMATION lpBuffer, SIZE_T dwLength);

#define CreateEvent CreateEventW

FP_EXPORTS_END
FP_EXTERN_C_END

#endif
