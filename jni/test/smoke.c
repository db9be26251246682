/* SPDX-License-Identifier: Apache-2.0 */
/**
 * smoke FOLDER: loads libfltlib.so and libfilterport.so of that folder and calls what needs no filter manager: a
 * completion port, and the errors that fltlib gives. For natives of another processor, under an emulator.
 */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <windows.h>

#include <fltUser.h>

#include <filterport_linux.h>

static void *load(const char *folder, const char *name) {
    char path[4096];
    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (library == NULL) {
        fprintf(stderr, "smoke: %s\n", dlerror());
        exit(1);
    }
    return library;
}

static void *find(void *library, const char *name) {
    void *symbol = dlsym(library, name);
    if (symbol == NULL) {
        fprintf(stderr, "smoke: no %s\n", name);
        exit(1);
    }
    return symbol;
}

static void demand(int holds, const char *what) {
    if (!holds) {
        fprintf(stderr, "smoke: not so: %s\n", what);
        exit(1);
    }
    printf("smoke: %s\n", what);
}

#define BIND(library, name) __typeof__(&name) p##name = (__typeof__(&name))find(library, #name)

int main(int count, char **arguments) {
    if (count != 2) {
        fprintf(stderr, "usage: smoke FOLDER\n");
        return 2;
    }
    void *fltlib = load(arguments[1], "libfltlib.so");
    BIND(fltlib, FpConnectCommunicationPortAt);
    BIND(fltlib, FilterGetMessage);
    BIND(fltlib, CreateIoCompletionPort);
    BIND(fltlib, PostQueuedCompletionStatus);
    BIND(fltlib, GetQueuedCompletionStatusEx);
    BIND(fltlib, GetLastError);
    BIND(fltlib, CloseHandle);

    HANDLE port = pCreateIoCompletionPort(INVALID_HANDLE_VALUE, NULL, 0, 1);
    demand(port != NULL, "a completion port is made");
    OVERLAPPED overlapped = {0};
    demand(pPostQueuedCompletionStatus(port, 42, 7, &overlapped), "a packet is posted");
    OVERLAPPED_ENTRY entries[4];
    ULONG removed = 0;
    demand(pGetQueuedCompletionStatusEx(port, entries, 4, &removed, 1000, FALSE) && removed == 1 &&
               entries[0].dwNumberOfBytesTransferred == 42 && entries[0].lpCompletionKey == 7 &&
               entries[0].lpOverlapped == &overlapped,
           "it is taken as it was posted");
    demand(!pGetQueuedCompletionStatusEx(port, entries, 4, &removed, 20, FALSE) && pGetLastError() == WAIT_TIMEOUT,
           "waiting for another one ends by time-out");

    FILTER_MESSAGE_HEADER header;
    demand(pFilterGetMessage(port, &header, sizeof header, NULL) == HRESULT_FROM_WIN32(ERROR_INVALID_HANDLE),
           "a receive on no connection is ERROR_INVALID_HANDLE");
    static const WCHAR name[] = {'\\', 'P', 0};
    HANDLE connection = INVALID_HANDLE_VALUE;
    HRESULT result = pFpConnectCommunicationPortAt("/nonexistent/socket", name, 0, NULL, 0, &connection);
    printf("smoke: connecting to no filter manager is 0x%08X\n", (unsigned)result);
    demand(FAILED(result), "which is an error");
    demand(pCloseHandle(port) && !pCloseHandle(port), "a handle is closed once");

    void *shim = load(arguments[1], "libfilterport.so");
    (void)find(shim, "JNI_OnLoad");
    demand(dlsym(shim, "JNI_OnUnload") != NULL, "the shim loads and has its entry points");
    return 0;
}
