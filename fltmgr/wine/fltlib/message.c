/* SPDX-License-Identifier: Apache-2.0 */
#include "internal.h"

/* Windows probes both buffers before the driver sees them (rule USER-09); Wine finds out when it copies the answer. */
static BOOL accessible(const void *address, SIZE_T length, DWORD protections) {
    const char *at = address;
    const char *end = at + length;
    if (length == 0)
        return TRUE;
    if (end < at)
        return FALSE;
    while (at < end) {
        MEMORY_BASIC_INFORMATION information;
        if (VirtualQuery(at, &information, sizeof information) == 0 || information.State != MEM_COMMIT ||
            (information.Protect & (PAGE_GUARD | PAGE_NOACCESS)) != 0 || (information.Protect & protections) == 0)
            return FALSE;
        at = (const char *)information.BaseAddress + information.RegionSize;
    }
    return TRUE;
}

enum {
    WRITABLE = PAGE_READWRITE | PAGE_WRITECOPY | PAGE_EXECUTE_READWRITE | PAGE_EXECUTE_WRITECOPY,
    READABLE = WRITABLE | PAGE_READONLY | PAGE_EXECUTE | PAGE_EXECUTE_READ
};

HRESULT WINAPI FilterSendMessage(HANDLE hPort, LPVOID lpInBuffer, DWORD dwInBufferSize, LPVOID lpOutBuffer,
                                 DWORD dwOutBufferSize, LPDWORD lpBytesReturned) {
    if (lpBytesReturned == NULL)
        return fl_hresult(STATUS_INVALID_PARAMETER);
    *lpBytesReturned = 0;
    struct fl_control control = {.handle = hPort,
                                 .code = FM_WIRE_SEND,
                                 .input = lpInBuffer,
                                 .input_length = lpInBuffer != NULL ? dwInBufferSize : 0,
                                 .output = lpOutBuffer,
                                 .output_length = lpOutBuffer != NULL ? dwOutBufferSize : 0};
    if (!accessible(control.input, control.input_length, READABLE) ||
        !accessible(control.output, control.output_length, WRITABLE))
        return fl_hresult(STATUS_ACCESS_VIOLATION);
    struct fl_serial *serial = fl_serial_enter(hPort);
    NTSTATUS status = fl_control(&control);
    fl_serial_leave(serial);
    *lpBytesReturned = control.information;
    return fl_hresult(status);
}

HRESULT WINAPI FilterReplyMessage(HANDLE hPort, PFILTER_REPLY_HEADER lpReplyBuffer, DWORD dwReplyBufferSize) {
    if (lpReplyBuffer == NULL || dwReplyBufferSize < sizeof *lpReplyBuffer)
        return fl_hresult(STATUS_INVALID_PARAMETER);
    struct fl_control control = {
        .handle = hPort, .code = FM_WIRE_REPLY, .input = lpReplyBuffer, .input_length = dwReplyBufferSize};
    struct fl_serial *serial = fl_serial_enter(hPort);
    NTSTATUS status = fl_control(&control);
    fl_serial_leave(serial);
    return fl_hresult(status);
}

static NTSTATUS get_overlapped(HANDLE handle, void *buffer, ULONG size, LPOVERLAPPED overlapped) {
    HANDLE event = (HANDLE)((ULONG_PTR)overlapped->hEvent & ~(ULONG_PTR)1);
    void *context = ((ULONG_PTR)overlapped->hEvent & 1) != 0 ? NULL : overlapped;
    overlapped->Internal = STATUS_PENDING;
    overlapped->InternalHigh = 0;
    NTSTATUS status = NtDeviceIoControlFile(handle, event, NULL, context, (IO_STATUS_BLOCK *)overlapped, FM_WIRE_GET,
                                            NULL, 0, buffer, size);
    /* also one that was filled at once: its event is set and its packet queued (OPEN-20) */
    return NT_ERROR(status) ? status : STATUS_PENDING;
}

HRESULT WINAPI FilterGetMessage(HANDLE hPort, PFILTER_MESSAGE_HEADER lpMessageBuffer, DWORD dwMessageBufferSize,
                                LPOVERLAPPED lpOverlapped) {
    if (lpMessageBuffer == NULL || dwMessageBufferSize < sizeof *lpMessageBuffer)
        return fl_hresult(STATUS_INVALID_PARAMETER);
    NTSTATUS status;
    struct fl_serial *serial = fl_serial_enter(hPort);
    struct fl_control control = {
        .handle = hPort, .code = FM_WIRE_GET, .output = lpMessageBuffer, .output_length = dwMessageBufferSize};
    if (lpOverlapped == NULL) {
        status = fl_control(&control);
    } else if (serial == NULL) {
        status = get_overlapped(hPort, lpMessageBuffer, dwMessageBufferSize, lpOverlapped);
    } else {
        HANDLE event = (HANDLE)((ULONG_PTR)lpOverlapped->hEvent & ~(ULONG_PTR)1);
        if (event != NULL)
            ResetEvent(event);
        status = fl_control(&control);
        lpOverlapped->InternalHigh = control.information;
        lpOverlapped->Internal = (ULONG_PTR)(ULONG)status;
        if (event != NULL)
            SetEvent(event);
    }
    fl_serial_leave(serial);
    return fl_hresult(status);
}
