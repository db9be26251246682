/* SPDX-License-Identifier: Apache-2.0 */
#include "stay.h"

#include <fltKernel.h>

/* The loader's list, as Wine and Windows lay it out on x86_64. ntdll would do this, but a driver cannot import it. */
enum { PEB_LDR = 0x18, LDR_MODULES = 0x10, ENTRY_BASE = 0x30, ENTRY_SIZE = 0x40, ENTRY_LOAD_COUNT = 0x6C };
enum { PINNED = -1 };

static char *pointer_at(const char *address, ULONG offset) {
    return *(char *const volatile *)(address + offset);
}

void fmw_stay_loaded(void) {
    const ULONG_PTR here = (ULONG_PTR)fmw_stay_loaded;
    const char *peb;
    char *head;
    __asm__("movq %%gs:0x60, %0" : "=r"(peb));
    head = pointer_at(peb, PEB_LDR) + LDR_MODULES;
    for (char *entry = pointer_at(head, 0); entry != head; entry = pointer_at(entry, 0)) {
        const ULONG_PTR base = (ULONG_PTR)pointer_at(entry, ENTRY_BASE);
        const ULONG size = *(const volatile ULONG *)(entry + ENTRY_SIZE);
        if (here >= base && here - base < size) {
            *(volatile SHORT *)(entry + ENTRY_LOAD_COUNT) = PINNED;
            return;
        }
    }
}
