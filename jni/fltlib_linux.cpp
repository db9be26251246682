/* SPDX-License-Identifier: Apache-2.0 */
#include "fltlib.h"

#include <dlfcn.h>
#include <filterport_linux.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "fltlib_linux.h"

namespace filterport {

Fltlib fltlib;
FltlibLinux fltlib_linux;

namespace {

char error_text[PATH_MAX + 512];
bool bound;

/** libfltlib.so of the folder that this library was loaded from. */
bool PathBesideShim(char *path, size_t capacity) {
    Dl_info info;
    if (dladdr(reinterpret_cast<void *>(&PathBesideShim), &info) == 0 || info.dli_fname == nullptr) {
        return false;
    }
    const char *slash = strrchr(info.dli_fname, '/');
    int folder = slash == nullptr ? 0 : static_cast<int>(slash - info.dli_fname + 1);
    int length = snprintf(path, capacity, "%.*slibfltlib.so", folder, info.dli_fname);
    return length > 0 && static_cast<size_t>(length) < capacity;
}

template <typename Function>
bool Resolve(void *library, const char *name, Function *function) {
    void *symbol = dlsym(library, name);
    memcpy(function, &symbol, sizeof symbol);
    if (symbol == nullptr) {
        snprintf(error_text, sizeof error_text, "libfltlib.so lacks %s: it is not of this version", name);
    }
    return symbol != nullptr;
}

bool ResolveAll(void *library) {
    return Resolve(library, "FilterGetMessage", &fltlib.FilterGetMessage) &&
           Resolve(library, "FilterReplyMessage", &fltlib.FilterReplyMessage) &&
           Resolve(library, "FilterSendMessage", &fltlib.FilterSendMessage) &&
           Resolve(library, "CreateIoCompletionPort", &fltlib.CreateIoCompletionPort) &&
           Resolve(library, "GetQueuedCompletionStatusEx", &fltlib.GetQueuedCompletionStatusEx) &&
           Resolve(library, "PostQueuedCompletionStatus", &fltlib.PostQueuedCompletionStatus) &&
           Resolve(library, "CancelIoEx", &fltlib.CancelIoEx) && Resolve(library, "CloseHandle", &fltlib.CloseHandle) &&
           Resolve(library, "GetLastError", &fltlib.GetLastError) &&
           Resolve(library, "VirtualQuery", &fltlib.VirtualQuery) &&
           Resolve(library, "UnmapViewOfFile", &fltlib.UnmapViewOfFile) &&
           Resolve(library, "FpConnectCommunicationPortAt", &fltlib_linux.ConnectAt) &&
           Resolve(library, "FpArenaAllocate", &fltlib_linux.ArenaAllocate) &&
           Resolve(library, "FpArenaFree", &fltlib_linux.ArenaFree) &&
           Resolve(library, "FpSetWaitPolicy", &fltlib_linux.SetWaitPolicy);
}

} // namespace

const char *FltlibBind() {
    if (bound) {
        return nullptr;
    }
    char path[PATH_MAX];
    if (!PathBesideShim(path, sizeof path)) {
        return "libfltlib.so: cannot tell where libfilterport.so was loaded from";
    }
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (library == nullptr) {
        snprintf(error_text, sizeof error_text, "libfltlib.so: %s", dlerror());
        return error_text;
    }
    if (!ResolveAll(library)) {
        dlclose(library);
        return error_text;
    }
    bound = true;
    return nullptr;
}

HRESULT FltlibConnect(const char *manager, LPCWSTR name, const void *context, WORD length, HANDLE *port) {
    return fltlib_linux.ConnectAt(manager, name, 0, context, length, port);
}

void FltlibSetSpin(HANDLE port, DWORD nanoseconds) {
    fltlib_linux.SetWaitPolicy(port, nanoseconds);
}

} // namespace filterport
