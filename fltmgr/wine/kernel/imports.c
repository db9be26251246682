/* SPDX-License-Identifier: Apache-2.0 */
#include "imports.h"

#include "newer.h"

/* The part of the PE format that leads to the import table. */
enum { LFANEW = 0x3C, OPTIONAL_HEADER = 24, IMPORT_DIRECTORY = 120 };

typedef struct import_descriptor {
    ULONG names; /* of ULONG64, 0 at the end: offset of hint and name, or an ordinal with the top bit */
    ULONG time;
    ULONG forwarders;
    ULONG dll;
    ULONG addresses;
} import_descriptor;

static PVOID at(const DRIVER_OBJECT *driver, ULONG offset) {
    return (PUCHAR)driver->DriverStart + offset;
}

static char lower(char byte) {
    return byte >= 'A' && byte <= 'Z' ? (char)(byte - 'A' + 'a') : byte;
}

static bool is_kernel(const char *dll) {
    static const char kernel[] = "ntoskrnl.exe";
    size_t i = 0;
    while (i < sizeof(kernel) && lower(dll[i]) == kernel[i]) {
        i++;
    }
    return i == sizeof(kernel);
}

static void replace(PVOID *entry, PVOID address) {
    PVOID page = entry;
    SIZE_T length = sizeof(*entry);
    ULONG protection;
    if (NT_SUCCESS(ZwProtectVirtualMemory(NtCurrentProcess(), &page, &length, PAGE_READWRITE, &protection))) {
        *entry = address;
        (void)ZwProtectVirtualMemory(NtCurrentProcess(), &page, &length, protection, &protection);
    }
}

static void complete_kernel_imports(const DRIVER_OBJECT *driver, const import_descriptor *descriptor) {
    const ULONG64 *name = at(driver, descriptor->names != 0 ? descriptor->names : descriptor->addresses);
    PVOID *address = at(driver, descriptor->addresses);
    enum { ORDINAL_BIT = 63, HINT = sizeof(USHORT) };
    for (; *name != 0; name++, address++) {
        PVOID newer = (*name >> ORDINAL_BIT) != 0 ? NULL : fmw_newer_function(at(driver, (ULONG)*name + HINT));
        if (newer != NULL) {
            replace(address, newer);
        }
    }
}

void fmw_imports_complete(const DRIVER_OBJECT *driver) {
    const ULONG header = *(const ULONG *)at(driver, LFANEW);
    const ULONG table = *(const ULONG *)at(driver, header + OPTIONAL_HEADER + IMPORT_DIRECTORY);
    const import_descriptor *descriptor = at(driver, table);
    if (driver->DriverStart == NULL || table == 0) {
        return;
    }
    for (; descriptor->dll != 0; descriptor++) {
        if (is_kernel(at(driver, descriptor->dll)) && descriptor->names != 0) {
            complete_kernel_imports(driver, descriptor);
        }
    }
}
