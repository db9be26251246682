/* SPDX-License-Identifier: Apache-2.0 */
#include "sections.h"

#define ObjectTypeInformation 2u
NTSTATUS NTAPI ZwQueryObject(HANDLE Handle, ULONG ObjectInformationClass, PVOID ObjectInformation,
                             ULONG ObjectInformationLength, PULONG ReturnLength);

/* No object of Wine's has an address of this form, and handles have no more than 32 bits. */
static const ULONG_PTR mark = 0xFFFFFA0000000000u;

static PVOID object_of(HANDLE section) {
    return (PVOID)(mark | (ULONG_PTR)section);
}

static bool is_section(PVOID object) {
    return ((ULONG_PTR)object & ~(ULONG_PTR)MAXULONG) == mark;
}

static bool is_section_handle(HANDLE handle) {
    static const WCHAR name[] = L"Section";
    struct {
        UNICODE_STRING name;
        WCHAR buffer[128];
    } type;
    ULONG length;
    return NT_SUCCESS(ZwQueryObject(handle, ObjectTypeInformation, &type, sizeof(type), &length)) &&
           type.name.Length == sizeof(name) - sizeof(WCHAR) &&
           RtlCompareMemory(type.name.Buffer, name, type.name.Length) == type.name.Length;
}

NTSTATUS NTAPI fmw_reference_by_handle(HANDLE handle, ACCESS_MASK access, POBJECT_TYPE type, KPROCESSOR_MODE mode,
                                       PVOID *object, POBJECT_HANDLE_INFORMATION information) {
    if (type != NULL || !is_section_handle(handle)) {
        return ObReferenceObjectByHandle(handle, access, type, mode, object, information);
    }
    *object = object_of(handle);
    return STATUS_SUCCESS;
}

LONG_PTR NTAPI fmw_dereference(PVOID object) {
    return is_section(object) ? 1 : ObfDereferenceObject(object);
}

NTSTATUS NTAPI fmw_map_in_system_space(PVOID section, PVOID *base, PSIZE_T length) {
    if (!is_section(section)) {
        return STATUS_OBJECT_TYPE_MISMATCH;
    }
    *base = NULL;
    return ZwMapViewOfSection((HANDLE)((ULONG_PTR)section & MAXULONG), NtCurrentProcess(), base, 0, 0, NULL, length,
                              ViewUnmap, 0, PAGE_READWRITE);
}

NTSTATUS NTAPI fmw_unmap_in_system_space(PVOID base) {
    return ZwUnmapViewOfSection(NtCurrentProcess(), base);
}
