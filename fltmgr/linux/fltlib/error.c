/* SPDX-License-Identifier: Apache-2.0 */
#include "internal.h"

#include <stdio.h>
#include <string.h>

static __thread struct {
    DWORD last;
    HRESULT result;
    const char *call;
    int system_error;
    const char *reason;
    char object[96];
    char text[512];
} error;

static const struct {
    uint32_t result;
    const char *words;
    const char *advice;
} known[] = {
    {0x80070002, "no such port", "load the driver, and give the port's exact name"},
    {0x80070003, "no such directory in the port's name", "give a plain name such as \\MyPort"},
    {0x80070005, "access denied", "run as a user that the port's security descriptor grants all access"},
    {0x80070006, "invalid handle, or the connection has ended", "close the handle and connect again"},
    {0x80070015, "no filter manager answers", "start fltmgrd, or set FILTERPORT_MANAGER to its socket"},
    {0x80070032, "not supported", "the driver has no message callback"},
    {0x80070057, "invalid parameter", "check pointers, sizes and options"},
    {0x8007007A, "buffer too small", "receive with a larger buffer: the message stays first in line"},
    {0x8007007B, "invalid name", "give a plain name such as \\MyPort"},
    {0x800700A1, "malformed port name", "start it with a backslash"},
    {0x800700EA, "the reply is longer than the sender's buffer", "reply with at most ReplyLength bytes"},
    {0x80070102, "timed out", "wait longer"},
    {0x800702DF, "the completion port was closed", "stop waiting on it"},
    {0x800703E3, "cancelled", "somebody cancelled the call or closed the handle"},
    {0x800703E4, "still pending", "wait for it"},
    {0x800703E6, "memory not accessible or misaligned", "check the buffers"},
    {0x80070490, "nothing to cancel", "it has ended already"},
    {0x800704D6, "the port has as many connections as it allows", "close one, or raise the driver's MaxConnections"},
    {0x800705AA, "out of resources", "fewer pending receives, smaller arenas, or raise the manager's limits"},
    {0x801F0020, "nobody waits for this reply", "go on: the sender has timed out, was cancelled, or was answered"},
};

DWORD WINAPI GetLastError(VOID) {
    return error.last;
}

VOID WINAPI SetLastError(DWORD dwErrCode) {
    error.last = dwErrCode;
}

void fl_error_object(LPCWSTR name) {
    size_t used = 0;
    if (name != NULL) {
        while (name[used] != 0 && used < sizeof error.object - 1) {
            error.object[used] = name[used] >= 0x20 && name[used] < 0x7F ? (char)name[used] : '?';
            used++;
        }
    }
    error.object[used] = 0;
    error.reason = NULL;
    error.system_error = 0;
}

void fl_error_reason(const char *reason, int system_error) {
    error.reason = reason;
    error.system_error = system_error;
}

HRESULT fl_fail(const char *call, HRESULT result) {
    error.call = call;
    error.result = result;
    return result;
}

HRESULT fl_fail_status(const char *call, NTSTATUS status) {
    if (status == STATUS_SUCCESS)
        return S_OK;
    return fl_fail(call, fl_hresult_from_status(status));
}

BOOL fl_fail_win32(const char *call, DWORD code) {
    error.last = code;
    (void)fl_fail(call, HRESULT_FROM_WIN32(code));
    return FALSE;
}

const char *WINAPI FpLastErrorText(VOID) {
    if (error.call == NULL)
        return "no call of this thread has failed";
    const char *words = "failed";
    const char *advice = NULL;
    for (size_t i = 0; i < ARRAYSIZE(known); i++) {
        if (known[i].result == (uint32_t)error.result) {
            words = known[i].words;
            advice = known[i].advice;
        }
    }
    size_t used = 0;
    bool connecting = strstr(error.call, "Connect") != NULL && error.object[0] != 0;
    used +=
        (size_t)snprintf(error.text, sizeof error.text, "%s%s%s%s: %s (0x%08X)", error.call, connecting ? " \"" : "",
                         connecting ? error.object : "", connecting ? "\"" : "", words, (unsigned)error.result);
    char system_text[128]; /* strerrordesc_np came with glibc 2.32 only */
    if (connecting && error.reason != NULL && used < sizeof error.text)
        used += (size_t)snprintf(
            error.text + used, sizeof error.text - used, ": %s%s%s", error.reason, error.system_error != 0 ? ": " : "",
            error.system_error != 0 ? strerror_r(error.system_error, system_text, sizeof system_text) : "");
    if (advice != NULL && used < sizeof error.text)
        (void)snprintf(error.text + used, sizeof error.text - used, "; %s", advice);
    return error.text;
}
