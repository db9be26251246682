/* SPDX-License-Identifier: Apache-2.0 */
/**
 * fltlib and the completion-port functions, bound at run time: the only way in which the shim reaches the system's
 * ports. One file per platform fills the table (fltlib_linux.cpp, fltlib_windows.cpp).
 */
#ifndef FILTERPORT_JNI_FLTLIB_H
#define FILTERPORT_JNI_FLTLIB_H

#include <windows.h>

#include <fltUser.h>

#ifndef ERROR_FLT_NO_WAITER_FOR_REPLY
#define ERROR_FLT_NO_WAITER_FOR_REPLY ((HRESULT)0x801F0020)
#endif

namespace filterport {

struct Fltlib {
    decltype(&::FilterGetMessage) FilterGetMessage;
    decltype(&::FilterReplyMessage) FilterReplyMessage;
    decltype(&::FilterSendMessage) FilterSendMessage;
    decltype(&::CreateIoCompletionPort) CreateIoCompletionPort;
    decltype(&::GetQueuedCompletionStatusEx) GetQueuedCompletionStatusEx;
    decltype(&::PostQueuedCompletionStatus) PostQueuedCompletionStatus;
    decltype(&::CancelIoEx) CancelIoEx;
    decltype(&::CloseHandle) CloseHandle;
    decltype(&::GetLastError) GetLastError;
    decltype(&::VirtualQuery) VirtualQuery;
    decltype(&::UnmapViewOfFile) UnmapViewOfFile;
};

/** The bound functions; valid after FltlibBind has returned nullptr. */
extern Fltlib fltlib;

/**
 * Loads fltlib and fills the table. nullptr on success, else what is missing: one line, valid until the next call.
 * Calls must not overlap; a second one after success does nothing.
 */
const char *FltlibBind();

/**
 * Connects. `manager` is a path in the file system's encoding or nullptr for the system's filter manager; Windows has
 * only the latter and answers ERROR_NOT_SUPPORTED otherwise.
 */
HRESULT FltlibConnect(const char *manager, LPCWSTR name, const void *context, WORD length, HANDLE *port);

/** How long threads that wait on this connection spin before they sleep, at most. 0: not at all. */
void FltlibSetSpin(HANDLE port, DWORD nanoseconds);

} // namespace filterport

#endif
