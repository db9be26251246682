/* SPDX-License-Identifier: Apache-2.0 */
#include "internal.h"

static DWORD event_slot = TLS_OUT_OF_INDEXES;

void fl_thread_attach(void) {
    if (event_slot == TLS_OUT_OF_INDEXES)
        event_slot = TlsAlloc();
}

void fl_thread_detach(void) {
    HANDLE event = event_slot == TLS_OUT_OF_INDEXES ? NULL : TlsGetValue(event_slot);
    if (event != NULL) {
        TlsSetValue(event_slot, NULL);
        CloseHandle(event);
    }
}

void fl_process_detach(void) {
    fl_thread_detach();
    if (event_slot != TLS_OUT_OF_INDEXES)
        TlsFree(event_slot);
    event_slot = TLS_OUT_OF_INDEXES;
}

HANDLE fl_thread_event(void) {
    if (event_slot == TLS_OUT_OF_INDEXES)
        return NULL;
    HANDLE event = TlsGetValue(event_slot);
    if (event == NULL) {
        event = CreateEventW(NULL, TRUE, FALSE, NULL);
        TlsSetValue(event_slot, event);
    }
    return event;
}

NTSTATUS fl_control(struct fl_control *control) {
    IO_STATUS_BLOCK block = {{.Status = STATUS_PENDING}, 0};
    HANDLE event = fl_thread_event();
    if (event == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    /* No APC context: an answer to this call never becomes a packet of the handle's completion port. */
    NTSTATUS status = NtDeviceIoControlFile(control->handle, event, NULL, NULL, &block, control->code,
                                            (void *)(ULONG_PTR)control->input, control->input_length, control->output,
                                            control->output_length);
    if (status == STATUS_PENDING) {
        WaitForSingleObject(event, INFINITE);
        status = block.Status;
    }
    /* A request that failed at once leaves the block alone. */
    control->information = NT_ERROR(status) && block.Status != status ? 0 : (ULONG)block.Information;
    return status;
}
