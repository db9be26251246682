/* SPDX-License-Identifier: Apache-2.0 */
/**
 * What libfltlib.so offers beyond Windows: which filter manager to talk to, memory that messages reach without a copy,
 * how long to spin before sleeping, and the words behind a code. Every function is thread-safe.
 */
#ifndef FILTERPORT_LINUX_H
#define FILTERPORT_LINUX_H

#include <fltUser.h>

/** Socket of the system's filter manager, used when FILTERPORT_MANAGER is not set. */
#define FP_DEFAULT_MANAGER "/run/filterport/fltmgrd.sock"

FP_EXTERN_C_BEGIN
FP_EXPORTS_BEGIN

/**
 * FilterConnectCommunicationPort to the filter manager whose socket is `manager` (a path in the file system's
 * encoding). NULL: FILTERPORT_MANAGER or the system's.
 */
HRESULT WINAPI FpConnectCommunicationPortAt(_In_opt_ const char *manager, _In_ LPCWSTR lpPortName, _In_ DWORD dwOptions,
                                            LPCVOID lpContext, _In_ WORD wSizeOfContext, _Outptr_ HANDLE *hPort);

/**
 * Allocates memory that the connection's filter manager also maps: receives whose buffer lies in it are filled in
 * place. Page aligned, zeroed, at least `bytes` long. *pinned (may be NULL) tells whether mlock succeeded. Blocks for
 * one exchange with the manager. 0x800705AA: over the manager's limit for this user, or out of memory.
 */
HRESULT WINAPI FpArenaAllocate(_In_ HANDLE hPort, _In_ SIZE_T bytes, _Outptr_ PVOID *address, _Out_opt_ BOOL *pinned);

/**
 * Unmaps an arena. It outlives its connection's handle until this call. No receive into it may be pending: end them by
 * CancelIoEx or CloseHandle and collect them first. 0x80070057: not the address of an arena.
 */
HRESULT WINAPI FpArenaFree(_In_ PVOID address);

/** FpSetWaitPolicy: sleeps at once. Least processor time; a wake-up costs some tens of microseconds. */
#define FP_WAIT_BLOCK 0u
/** FpSetWaitPolicy: spins for up to 20 microseconds where that pays, then sleeps. The default. */
#define FP_WAIT_ADAPTIVE 20000u

/**
 * How both ends of this connection wait: here threads on the connection, or on a completion port that it is alone on; in
 * the filter manager senders for its receives and replies. FP_WAIT_BLOCK sleeps at once; otherwise the longest time to
 * spin before sleeping, in nanoseconds, which adapts itself down to nothing, but for short trials, while spinning does
 * not pay. More than 10 ms counts as 10 ms. Blocks for one exchange with the manager.
 */
HRESULT WINAPI FpSetWaitPolicy(_In_ HANDLE hPort, _In_ ULONG spinNanoseconds);

/**
 * Words for this thread's last failed call of this library: call, object, code and what to do. Never NULL; valid until
 * this thread's next call into the library.
 */
const char *WINAPI FpLastErrorText(VOID);

FP_EXPORTS_END
FP_EXTERN_C_END

#endif
