/* SPDX-License-Identifier: Apache-2.0 */
/** FilterLoad and FilterUnload: a minifilter is a service, and whether it may be unloaded the Filter Manager decides. */
#include "internal.h"

enum { STOP_MILLISECONDS = 30000, STOP_STEP_MILLISECONDS = 10 };

static HRESULT open_service(LPCWSTR name, DWORD access, SC_HANDLE *service) {
    SC_HANDLE services = OpenSCManagerW(NULL, NULL, SC_MANAGER_CONNECT);
    if (services == NULL)
        return HRESULT_FROM_WIN32(GetLastError());
    *service = OpenServiceW(services, name, access);
    DWORD error = *service != NULL ? ERROR_SUCCESS : GetLastError();
    CloseServiceHandle(services);
    return error == ERROR_SERVICE_DOES_NOT_EXIST ? HRESULT_FROM_WIN32(ERROR_FILE_NOT_FOUND) : HRESULT_FROM_WIN32(error);
}

HRESULT WINAPI FilterLoad(LPCWSTR lpFilterName) {
    SC_HANDLE service;
    if (lpFilterName == NULL)
        return fl_hresult(STATUS_INVALID_PARAMETER);
    HRESULT result = open_service(lpFilterName, SERVICE_START, &service);
    if (result != S_OK)
        return result;
    if (!StartServiceW(service, 0, NULL))
        result = HRESULT_FROM_WIN32(GetLastError());
    CloseServiceHandle(service);
    return result;
}

/* `%XX` for what would end a word of a command. */
static int append_name(char *line, int room, LPCWSTR name) {
    char text[512];
    int used = 0;
    int length = WideCharToMultiByte(CP_UTF8, 0, name, -1, text, sizeof text, NULL, NULL);
    for (int i = 0; i + 1 < length; i++) {
        unsigned char byte = (unsigned char)text[i];
        if (used + 3 > room)
            return -1;
        if (byte <= ' ' || byte == '%' || byte >= 0x7F) {
            line[used++] = '%';
            line[used++] = "0123456789ABCDEF"[byte >> 4];
            line[used++] = "0123456789ABCDEF"[byte & 15];
        } else {
            line[used++] = (char)byte;
        }
    }
    return length <= 1 ? -1 : used;
}

static NTSTATUS status_of(const char *answer) {
    static const char error[] = "error 0x";
    ULONG status = 0;
    if (answer[0] == 'o' && answer[1] == 'k')
        return STATUS_SUCCESS;
    for (size_t i = 0; i < sizeof error - 1; i++) {
        if (answer[i] != error[i])
            return STATUS_UNSUCCESSFUL;
    }
    for (const char *digit = answer + sizeof error - 1; *digit != 0 && *digit != ' '; digit++) {
        char low = (char)(*digit | 0x20);
        status = status << 4 | (ULONG)(low >= 'a' ? low - 'a' + 10 : low - '0');
    }
    return NT_SUCCESS((NTSTATUS)status) ? STATUS_UNSUCCESSFUL : (NTSTATUS)status;
}

static HRESULT host_unload(LPCWSTR name) {
    char line[FM_WIRE_HOST_LINE_MAX] = "unload ";
    char answer[FM_WIRE_HOST_LINE_MAX];
    enum { VERB = 7 };
    int length = append_name(line + VERB, (int)sizeof line - VERB, name);
    if (length < 0)
        return fl_hresult(STATUS_INVALID_PARAMETER);
    HANDLE host = CreateFileW(FM_WIRE_HOST_PATH, GENERIC_READ | GENERIC_WRITE, 0, NULL, OPEN_EXISTING, 0, NULL);
    if (host == INVALID_HANDLE_VALUE)
        return GetLastError() == ERROR_FILE_NOT_FOUND ? fl_hresult(STATUS_FLT_FILTER_NOT_FOUND)
                                                      : HRESULT_FROM_WIN32(GetLastError());
    DWORD done = 0;
    HRESULT result = S_OK;
    if (!WriteFile(host, line, (DWORD)(VERB + length), &done, NULL) ||
        !ReadFile(host, answer, sizeof answer - 1, &done, NULL))
        result = HRESULT_FROM_WIN32(GetLastError());
    CloseHandle(host);
    if (result != S_OK)
        return result;
    answer[done] = 0;
    return fl_hresult(status_of(answer));
}

/* The filter is gone already; this lets its image go. */
static HRESULT stop_service(LPCWSTR name) {
    SC_HANDLE service;
    SERVICE_STATUS state;
    HRESULT result = open_service(name, SERVICE_STOP | SERVICE_QUERY_STATUS, &service);
    if (result != S_OK)
        return result;
    if (!ControlService(service, SERVICE_CONTROL_STOP, &state) && GetLastError() != ERROR_SERVICE_NOT_ACTIVE)
        result = HRESULT_FROM_WIN32(GetLastError());
    for (int waited = 0; result == S_OK && QueryServiceStatus(service, &state); waited += STOP_STEP_MILLISECONDS) {
        if (state.dwCurrentState == SERVICE_STOPPED)
            break;
        if (waited >= STOP_MILLISECONDS)
            result = HRESULT_FROM_WIN32(ERROR_SERVICE_REQUEST_TIMEOUT);
        else
            Sleep(STOP_STEP_MILLISECONDS);
    }
    CloseServiceHandle(service);
    return result;
}

HRESULT WINAPI FilterUnload(LPCWSTR lpFilterName) {
    if (lpFilterName == NULL)
        return fl_hresult(STATUS_INVALID_PARAMETER);
    HRESULT result = host_unload(lpFilterName);
    return result == S_OK ? stop_service(lpFilterName) : result;
}
