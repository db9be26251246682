/* SPDX-License-Identifier: Apache-2.0 */
#include "services.h"

#include "fltmgr_core.h"

enum { LONGEST_NAME = 256 };

static const WCHAR services_key[] = L"\\Registry\\Machine\\System\\CurrentControlSet\\Services\\";

struct path {
    UNICODE_STRING string;
    UNICODE_STRING name; /* its last component */
    WCHAR buffer[RTL_NUMBER_OF(services_key) + LONGEST_NAME];
};

static NTSTATUS make_path(const char *name, struct path *path) {
    const ULONG prefix = sizeof(services_key) - sizeof(WCHAR);
    ULONG length = 0;
    NTSTATUS status;
    if (strchr(name, '\\') != NULL) {
        return STATUS_OBJECT_NAME_INVALID;
    }
    RtlCopyMemory(path->buffer, services_key, prefix);
    status = RtlUTF8ToUnicodeN(path->buffer + prefix / sizeof(WCHAR), sizeof(path->buffer) - prefix, &length, name,
                               (ULONG)strlen(name));
    path->string.Buffer = path->buffer;
    path->string.Length = path->string.MaximumLength = (USHORT)(prefix + length);
    path->name.Buffer = path->buffer + prefix / sizeof(WCHAR);
    path->name.Length = path->name.MaximumLength = (USHORT)length;
    return status;
}

NTSTATUS fmw_service_load(const char *name) {
    struct path path;
    NTSTATUS status = make_path(name, &path);
    return NT_SUCCESS(status) ? ZwLoadDriver(&path.string) : status;
}

NTSTATUS fmw_service_unload(const char *name) {
    struct path path;
    NTSTATUS status = make_path(name, &path);
    return NT_SUCCESS(status) ? fm_filter_unload(&path.name, false) : status;
}
