/* SPDX-License-Identifier: Apache-2.0 */
#include "arena.h"

#include "fltlib_linux.h"

namespace filterport {

HRESULT ArenaAllocate(HANDLE port, SIZE_T bytes, void **address, bool *pinned) {
    BOOL locked = FALSE;
    *address = nullptr;
    HRESULT result = fltlib_linux.ArenaAllocate(port, bytes, address, &locked);
    *pinned = locked != FALSE;
    return result;
}

void ArenaFree(void *address) {
    fltlib_linux.ArenaFree(address);
}

} // namespace filterport
