/* SPDX-License-Identifier: Apache-2.0 */
#include "arena.h"

namespace filterport {

HRESULT ArenaAllocate(HANDLE, SIZE_T bytes, void **address, bool *pinned) {
    *pinned = false;
    *address = VirtualAlloc(nullptr, bytes, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
    if (*address == nullptr) {
        return HRESULT_FROM_WIN32(GetLastError());
    }
    /* Pages count against the working set's minimum, so that has to grow by what is locked. */
    SIZE_T minimum = 0;
    SIZE_T maximum = 0;
    HANDLE self = GetCurrentProcess();
    if (GetProcessWorkingSetSize(self, &minimum, &maximum) &&
        SetProcessWorkingSetSize(self, minimum + bytes, maximum + bytes)) {
        *pinned = VirtualLock(*address, bytes) != FALSE;
    }
    return S_OK;
}

void ArenaFree(void *address) {
    VirtualFree(address, 0, MEM_RELEASE); /* unlocks too */
}

} // namespace filterport
