/* SPDX-License-Identifier: Apache-2.0 */
#include "internal.h"

static bool equal(const char *left, const char *right) {
    while (*left != '\0' && *left == *right) {
        left++;
        right++;
    }
    return *left == *right;
}

PVOID FLTAPI FltGetRoutineAddress(PCSTR FltMgrRoutineName) {
    static const struct {
        const char *name;
        uintptr_t address;
    } extensions[] = {
        {"FilterportRetainBegin", (uintptr_t)&FilterportRetainBegin},
        {"FilterportRetain", (uintptr_t)&FilterportRetain},
        {"FilterportRetainDrop", (uintptr_t)&FilterportRetainDrop},
    };

    for (size_t i = 0; i < sizeof(extensions) / sizeof(extensions[0]); i++) {
        if (equal(extensions[i].name, FltMgrRoutineName)) {
            return (PVOID)extensions[i].address;
        }
    }
    return fm.host->routine != NULL ? fm.host->routine(FltMgrRoutineName) : NULL;
}
