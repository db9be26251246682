/* SPDX-License-Identifier: Apache-2.0 */
#include "path.h"

void fmw_path_init(struct fmw_path *path) {
    path->string.Buffer = path->buffer;
    path->string.Length = 0;
    path->string.MaximumLength = sizeof(path->buffer);
}

static NTSTATUS append(struct fmw_path *path, const char *text) {
    PWCH to = path->buffer + path->string.Length / sizeof(WCHAR);
    ULONG length = 0;
    NTSTATUS status =
        RtlUTF8ToUnicodeN(to, path->string.MaximumLength - path->string.Length, &length, text, (ULONG)strlen(text));
    for (ULONG i = 0; i < length / sizeof(WCHAR); i++) {
        to[i] = to[i] == L'/' ? L'\\' : to[i];
    }
    path->string.Length += (USHORT)length;
    return status == STATUS_BUFFER_TOO_SMALL ? STATUS_NAME_TOO_LONG : status;
}

NTSTATUS fmw_path_append(struct fmw_path *path, const char *first, const char *second) {
    NTSTATUS status = append(path, first);
    if (NT_SUCCESS(status)) {
        status = append(path, second);
    }
    while (path->string.Length > sizeof(WCHAR) && path->buffer[path->string.Length / sizeof(WCHAR) - 1] == L'\\') {
        path->string.Length = (USHORT)(path->string.Length - sizeof(WCHAR));
    }
    return status;
}

/* A component of two dots would lead out of the directory. */
static bool climbs(const UNICODE_STRING *below) {
    const ULONG count = below->Length / sizeof(WCHAR);
    for (ULONG i = 0; i + 2 < count; i++) {
        if (below->Buffer[i] == L'\\' && below->Buffer[i + 1] == L'.' && below->Buffer[i + 2] == L'.' &&
            (i + 3 == count || below->Buffer[i + 3] == L'\\')) {
            return true;
        }
    }
    return false;
}

static bool is_absolute(const char *file) {
    return file[0] != '\0' && file[1] == ':';
}

NTSTATUS fmw_path_inside(struct fmw_path *path, const struct fmw_path *directory, const char *file) {
    UNICODE_STRING below;
    NTSTATUS status;
    if (is_absolute(file)) {
        status = fmw_path_append(path, "\\??\\", file);
        if (NT_SUCCESS(status) && !RtlPrefixUnicodeString(&directory->string, &path->string, TRUE)) {
            return STATUS_OBJECT_PATH_INVALID;
        }
    } else {
        RtlCopyUnicodeString(&path->string, &directory->string);
        while (*file == '/' || *file == '\\') {
            file++;
        }
        status = fmw_path_append(path, "\\", file);
    }
    if (!NT_SUCCESS(status)) {
        return status;
    }
    below = fmw_path_below(path, directory);
    if (climbs(&below) || (below.Length != 0 && below.Buffer[0] != L'\\')) {
        return STATUS_OBJECT_PATH_INVALID;
    }
    return STATUS_SUCCESS;
}

UNICODE_STRING fmw_path_below(struct fmw_path *path, const struct fmw_path *directory) {
    static WCHAR root[] = L"\\";
    UNICODE_STRING below = {0, 0, NULL};
    const USHORT skipped = directory->string.Length;
    if (path->string.Length <= skipped) {
        below.Buffer = root;
        below.Length = below.MaximumLength = sizeof(WCHAR);
        return below;
    }
    below.Buffer = path->buffer + skipped / sizeof(WCHAR);
    below.Length = below.MaximumLength = (USHORT)(path->string.Length - skipped);
    return below;
}
