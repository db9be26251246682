/* SPDX-License-Identifier: Apache-2.0 */
#include "internal.h"

/* As a UNICODE_STRING could say it. */
enum { LONGEST_NAME = 0xFFFE / sizeof(WCHAR) };

static NTSTATUS open_device(DWORD options, LPSECURITY_ATTRIBUTES attributes, HANDLE *handle) {
    DWORD flags = (options & FLT_PORT_FLAG_SYNC_HANDLE) != 0 ? 0 : FILE_FLAG_OVERLAPPED;
    *handle = CreateFileW(FM_WIRE_PATH, GENERIC_READ | GENERIC_WRITE, 0, attributes, OPEN_EXISTING, flags, NULL);
    if (*handle != INVALID_HANDLE_VALUE)
        return STATUS_SUCCESS;
    NTSTATUS status = RtlGetLastNtStatus();
    return status == STATUS_ACCESS_DENIED ? status : STATUS_OBJECT_NAME_NOT_FOUND;
}

static NTSTATUS connect_handle(HANDLE handle, LPCWSTR name, ULONG name_length, DWORD options, LPCVOID context,
                               WORD context_length) {
    fm_wire_connect *request;
    ULONG length = (ULONG)sizeof *request + name_length + context_length;
    request = HeapAlloc(GetProcessHeap(), HEAP_ZERO_MEMORY, length);
    if (request == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    request->magic = FM_WIRE_CONNECT_MAGIC;
    request->version = FM_WIRE_VERSION;
    request->options = options;
    request->name_length = name_length;
    request->context_length = context_length;
    CopyMemory(request + 1, name, name_length);
    if (context != NULL)
        CopyMemory((char *)(request + 1) + name_length, context, context_length);
    struct fl_control control = {.handle = handle, .code = FM_WIRE_CONNECT, .input = request, .input_length = length};
    NTSTATUS status = fl_control(&control);
    HeapFree(GetProcessHeap(), 0, request);
    return status;
}

HRESULT WINAPI FilterConnectCommunicationPort(LPCWSTR lpPortName, DWORD dwOptions, LPCVOID lpContext,
                                              WORD wSizeOfContext, LPSECURITY_ATTRIBUTES lpSecurityAttributes,
                                              HANDLE *hPort) {
    if (hPort == NULL)
        return fl_hresult(STATUS_INVALID_PARAMETER);
    *hPort = INVALID_HANDLE_VALUE;
    if (lpPortName == NULL || (dwOptions & ~(DWORD)FLT_PORT_FLAG_SYNC_HANDLE) != 0 ||
        (lpContext == NULL) != (wSizeOfContext == 0))
        return fl_hresult(STATUS_INVALID_PARAMETER);
    if (wSizeOfContext >= FL_CONTEXT_LIMIT)
        return fl_hresult(STATUS_INTEGER_OVERFLOW);
    size_t length = 0;
    while (length <= LONGEST_NAME && lpPortName[length] != 0)
        length++;
    if (length > LONGEST_NAME)
        return fl_hresult(STATUS_NAME_TOO_LONG);

    HANDLE handle;
    NTSTATUS status = open_device(dwOptions, lpSecurityAttributes, &handle);
    if (status != STATUS_SUCCESS)
        return fl_hresult(status);
    fl_serial_opened(handle, (dwOptions & FLT_PORT_FLAG_SYNC_HANDLE) != 0);
    status = connect_handle(handle, lpPortName, (ULONG)(length * sizeof(WCHAR)), dwOptions, lpContext, wSizeOfContext);
    if (!NT_SUCCESS(status)) {
        CloseHandle(handle);
        return fl_hresult(status == FL_HOST_GONE ? STATUS_OBJECT_NAME_NOT_FOUND : status);
    }
    *hPort = handle;
    return S_OK;
}
