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

/*
 * Wine queues a packet for every request with an APC context, also for one that fails at once; Windows does not, and
 * callers reuse the OVERLAPPED of a receive that was refused. So whether the connection lives is asked first, with a
 * request that has no context and is too small to take a message.
 */
static NTSTATUS check_connection(HANDLE handle) {
    struct fl_control control = {.handle = handle, .code = FM_WIRE_GET};
    NTSTATUS status = fl_control(&control);
    return status == STATUS_INVALID_PARAMETER ? STATUS_SUCCESS : status;
}

static NTSTATUS get_overlapped(HANDLE handle, void *buffer, ULONG size, LPOVERLAPPED overlapped) {
    NTSTATUS status = check_connection(handle);
    if (status != STATUS_SUCCESS)
        return status;
    HANDLE event = (HANDLE)((ULONG_PTR)overlapped->hEvent & ~(ULONG_PTR)1);
    void *context = ((ULONG_PTR)overlapped->hEvent & 1) != 0 ? NULL : overlapped;
    IO_STATUS_BLOCK *block = (IO_STATUS_BLOCK *)overlapped;
    overlapped->Internal = STATUS_PENDING;
    overlapped->InternalHigh = 0;
    status = NtDeviceIoControlFile(handle, event, NULL, context, block, FM_WIRE_GET, NULL, 0, buffer, size);
    if (NT_ERROR(status) && status != STATUS_INVALID_HANDLE) {
        /* ended in between: its packet is queued already, so this receive counts as pending and has ended */
        block->Status = status;
        if (event != NULL)
            SetEvent(event);
    } else if (NT_ERROR(status)) {
        return status;
    }
    /* also one that was filled at once: its event is set and its packet queued (OPEN-20) */
    return STATUS_PENDING;
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
