/* SPDX-License-Identifier: Apache-2.0 */
#include "fltlib.h"

#include <stdio.h>
#include <string.h>

namespace filterport {

Fltlib fltlib;

namespace {

decltype(&::FilterConnectCommunicationPort) connect_port;
char error_text[160];
bool bound;

template <typename Function>
bool Resolve(HMODULE library, const char *name, Function *function) {
    FARPROC symbol = GetProcAddress(library, name);
    memcpy(function, &symbol, sizeof symbol);
    if (symbol == nullptr) {
        snprintf(error_text, sizeof error_text, "fltlib.dll lacks %s", name);
    }
    return symbol != nullptr;
}

} // namespace

const char *FltlibBind() {
    if (bound) {
        return nullptr;
    }
    /* From System32 and nowhere else: the search path could hold anybody's fltlib.dll. */
    HMODULE library = LoadLibraryExW(L"fltlib.dll", nullptr, LOAD_LIBRARY_SEARCH_SYSTEM32);
    if (library == nullptr) {
        snprintf(error_text, sizeof error_text, "fltlib.dll: not in System32 (error %lu)", GetLastError());
        return error_text;
    }
    if (!Resolve(library, "FilterConnectCommunicationPort", &connect_port) ||
        !Resolve(library, "FilterGetMessage", &fltlib.FilterGetMessage) ||
        !Resolve(library, "FilterReplyMessage", &fltlib.FilterReplyMessage) ||
        !Resolve(library, "FilterSendMessage", &fltlib.FilterSendMessage)) {
        FreeLibrary(library);
        return error_text;
    }
    fltlib.CreateIoCompletionPort = &::CreateIoCompletionPort;
    fltlib.GetQueuedCompletionStatusEx = &::GetQueuedCompletionStatusEx;
    fltlib.PostQueuedCompletionStatus = &::PostQueuedCompletionStatus;
    fltlib.CancelIoEx = &::CancelIoEx;
    fltlib.CloseHandle = &::CloseHandle;
    fltlib.GetLastError = &::GetLastError;
    fltlib.VirtualQuery = &::VirtualQuery;
    fltlib.UnmapViewOfFile = &::UnmapViewOfFile;
    bound = true;
    return nullptr;
}

HRESULT FltlibConnect(const char *manager, LPCWSTR name, const void *context, WORD length, HANDLE *port) {
    if (manager != nullptr) {
        *port = INVALID_HANDLE_VALUE;
        return HRESULT_FROM_WIN32(ERROR_NOT_SUPPORTED);
    }
    return connect_port(name, 0, context, length, nullptr, port);
}

void FltlibSetSpin(HANDLE, DWORD) {
    /* A completion port of Windows has no such setting. */
}

} // namespace filterport
