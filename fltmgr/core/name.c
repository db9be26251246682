/* SPDX-License-Identifier: Apache-2.0 */
/* File names: query, parse, release (MINI-12). */
#include "internal.h"

#define NAME_GUESS 512u

static fm_name *name_of(PFLT_FILE_NAME_INFORMATION information) {
    return CONTAINING_RECORD(information, fm_name, information);
}

static bool options_valid(FLT_FILE_NAME_OPTIONS options) {
    const FLT_FILE_NAME_OPTIONS format = FltGetFileNameFormat(options), method = FltGetFileNameQueryMethod(options);
    return format >= FLT_FILE_NAME_NORMALIZED && format <= FLT_FILE_NAME_SHORT &&
           method >= FLT_FILE_NAME_QUERY_DEFAULT && method <= FLT_FILE_NAME_QUERY_ALWAYS_ALLOW_CACHE_LOOKUP;
}

/* One block: record, then volume name and path in one piece. */
static NTSTATUS query(PFLT_VOLUME volume, PFILE_OBJECT file, FLT_FILE_NAME_OPTIONS format, fm_name **result) {
    const ULONG prefix = volume->name.Length;
    ULONG capacity = NAME_GUESS;

    if (volume->ops->name == NULL) {
        return STATUS_NOT_SUPPORTED;
    }
    for (;;) {
        fm_name *name = fm_allocate(sizeof(*name) + prefix + capacity);
        PWCH buffer;
        ULONG length = 0;
        NTSTATUS status;

        if (name == NULL) {
            return STATUS_INSUFFICIENT_RESOURCES;
        }
        buffer = (PWCH)(void *)(name + 1);
        status = volume->ops->name(volume->host, file, format, buffer + prefix / sizeof(WCHAR), capacity, &length);
        if (status == STATUS_BUFFER_TOO_SMALL && length > capacity && prefix + length <= 0xFFFE) {
            fm_release(name);
            capacity = length;
            continue;
        }
        if (!NT_SUCCESS(status) || length > capacity) {
            fm_release(name);
            return NT_SUCCESS(status) ? STATUS_NAME_TOO_LONG : status;
        }
        __builtin_memcpy(buffer, volume->name.Buffer, prefix);
        name->references = 1;
        name->information.Size = sizeof(name->information);
        name->information.Format = format;
        name->information.Name.Buffer = buffer;
        name->information.Name.Length = name->information.Name.MaximumLength = (USHORT)(prefix + length);
        name->information.Volume.Buffer = buffer;
        name->information.Volume.Length = name->information.Volume.MaximumLength = (USHORT)prefix;
        *result = name;
        return STATUS_SUCCESS;
    }
}

NTSTATUS FLTAPI FltGetFileNameInformation(PFLT_CALLBACK_DATA CallbackData, FLT_FILE_NAME_OPTIONS NameOptions,
                                          PFLT_FILE_NAME_INFORMATION *NameInformation) {
    const FLT_FILE_NAME_OPTIONS format = FltGetFileNameFormat(NameOptions);
    fm_operation *operation = fm_operation_of(CallbackData);
    fm_name *name = NULL;
    NTSTATUS status;

    *NameInformation = NULL;
    if (!options_valid(NameOptions)) {
        return STATUS_INVALID_PARAMETER;
    }
    if (operation->file == NULL) {
        return STATUS_FLT_INVALID_NAME_REQUEST;
    }
    if (operation->name == NULL || operation->name->information.Format != format) {
        if (FltGetFileNameQueryMethod(NameOptions) == FLT_FILE_NAME_QUERY_CACHE_ONLY) {
            return STATUS_FLT_NAME_CACHE_MISS;
        }
        status = query(operation->volume, &operation->file->object, format, &name);
        if (!NT_SUCCESS(status)) {
            return status;
        }
        if (operation->name != NULL) {
            FltReleaseFileNameInformation(&operation->name->information);
        }
        operation->name = name; /* one query serves all filters of this operation */
    }
    fm_count_up(&operation->name->references);
    *NameInformation = &operation->name->information;
    return STATUS_SUCCESS;
}

NTSTATUS FLTAPI FltGetFileNameInformationUnsafe(PFILE_OBJECT FileObject, PFLT_INSTANCE Instance,
                                                FLT_FILE_NAME_OPTIONS NameOptions,
                                                PFLT_FILE_NAME_INFORMATION *NameInformation) {
    fm_name *name = NULL;
    NTSTATUS status;

    UNREFERENCED_PARAMETER(Instance);
    *NameInformation = NULL;
    if (!options_valid(NameOptions)) {
        return STATUS_INVALID_PARAMETER;
    }
    status = query(fm_file_of(FileObject)->volume, FileObject, FltGetFileNameFormat(NameOptions), &name);
    if (NT_SUCCESS(status)) {
        *NameInformation = &name->information;
    }
    return status;
}

static bool has_streams(const UNICODE_STRING *volume) {
    bool result = false;

    fm_mutex_lock(&fm.lock);
    for (PLIST_ENTRY entry = fm.volumes.Flink; entry != &fm.volumes; entry = entry->Flink) {
        PFLT_VOLUME candidate = CONTAINING_RECORD(entry, struct _FLT_VOLUME, link);
        if (fm_string_equal(&candidate->name, volume, false)) {
            result = candidate->file_system == FLT_FSTYPE_NTFS || candidate->file_system == FLT_FSTYPE_REFS;
        }
    }
    fm_mutex_unlock(&fm.lock);
    return result;
}

static UNICODE_STRING part(PWCH base, unsigned from, unsigned to) {
    const USHORT length = (USHORT)((to - from) * sizeof(WCHAR));
    const UNICODE_STRING result = {length, length, length != 0 ? base + from : NULL};
    return result;
}

/*
 * Volume | ParentDir | FinalComponent, the latter with its stream; Extension without the dot. A colon separates a stream only on file systems
 * that have them: elsewhere it is a character like others. Idempotent.
 */
NTSTATUS FLTAPI FltParseFileNameInformation(PFLT_FILE_NAME_INFORMATION NameInformation) {
    FLT_FILE_NAME_INFORMATION *info = NameInformation;
    PWCH base = info->Name.Buffer;
    const unsigned end = info->Name.Length / sizeof(WCHAR), root = info->Volume.Length / sizeof(WCHAR);
    unsigned last = root, stream = end, dot = end;

    for (unsigned i = root; i < end; i++) {
        if (base[i] == '\\') {
            last = i + 1;
        }
    }
    if (has_streams(&info->Volume)) {
        for (unsigned i = end; i-- > last;) {
            if (base[i] == ':') {
                stream = i;
            }
        }
    }
    for (unsigned i = last; i < stream; i++) {
        if (base[i] == '.') {
            dot = i;
        }
    }
    info->ParentDir = part(base, root, last);
    info->FinalComponent = part(base, last, end);
    info->Stream = part(base, stream, end);
    info->Extension = dot < stream ? part(base, dot + 1, stream) : part(base, 0, 0);
    info->NamesParsed = FLTFL_FILE_NAME_PARSED_FINAL_COMPONENT | FLTFL_FILE_NAME_PARSED_EXTENSION |
                        FLTFL_FILE_NAME_PARSED_STREAM | FLTFL_FILE_NAME_PARSED_PARENT_DIR;
    return STATUS_SUCCESS;
}

VOID FLTAPI FltReferenceFileNameInformation(PFLT_FILE_NAME_INFORMATION NameInformation) {
    fm_count_up(&name_of(NameInformation)->references);
}

VOID FLTAPI FltReleaseFileNameInformation(PFLT_FILE_NAME_INFORMATION NameInformation) {
    fm_name *name = name_of(NameInformation);

    if (fm_count_down(&name->references)) {
        fm_release(name);
    }
}
