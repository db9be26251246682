/* SPDX-License-Identifier: Apache-2.0 */
/** fltlib.dll for Wine: what its files share. */
#ifndef FILTERPORT_WINE_FLTLIB_INTERNAL_H
#define FILTERPORT_WINE_FLTLIB_INTERNAL_H

#define WIN32_NO_STATUS
#include <windows.h>
#include <winternl.h>
#undef WIN32_NO_STATUS
#include <ntstatus.h>

#include <fltuser.h>

#include "../wire.h"

#ifndef FLT_PORT_FLAG_SYNC_HANDLE
#define FLT_PORT_FLAG_SYNC_HANDLE 0x00000001
#endif
/** The largest context is one byte smaller (rule WIRE-05). */
#define FL_CONTEXT_LIMIT 0xFFE8u

/** How Wine ends a request when the process with the drivers is gone. */
#define FL_HOST_GONE STATUS_FILE_DELETED

/** Rule ERR-01. FL_HOST_GONE counts as STATUS_PORT_DISCONNECTED. */
HRESULT fl_hresult(NTSTATUS status);

NTSYSAPI NTSTATUS NTAPI RtlGetLastNtStatus(void);

struct fl_control {
    HANDLE handle;
    ULONG code;
    const void *input;
    ULONG input_length;
    void *output;
    ULONG output_length;
    ULONG information; /**< after the call */
};

/** One control request, waited for; the status is the driver's own. */
NTSTATUS fl_control(struct fl_control *control);
/** The calling thread's event for fl_control; NULL when none can be made. */
HANDLE fl_thread_event(void);
void fl_thread_attach(void);
void fl_thread_detach(void);
void fl_process_detach(void);

/**
 * Handles opened with FLT_PORT_FLAG_SYNC_HANDLE: one call at a time (rule GET-15), which Windows' I/O manager sees to and
 * Wine does not. Every call on a connection is bracketed; on other handles the bracket does nothing.
 */
void fl_serial_opened(HANDLE handle, BOOL synchronous);
struct fl_serial *fl_serial_enter(HANDLE handle);
void fl_serial_leave(struct fl_serial *serial);

#endif
