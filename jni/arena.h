/* SPDX-License-Identifier: Apache-2.0 */
/** Memory that messages are received into: page aligned, zeroed, locked if the system allows it. */
#ifndef FILTERPORT_JNI_ARENA_H
#define FILTERPORT_JNI_ARENA_H

#include <windows.h>

namespace filterport {

/** Allocates for receives of `port`. *pinned: whether it is locked. S_OK or an error; *address is nullptr then. */
HRESULT ArenaAllocate(HANDLE port, SIZE_T bytes, void **address, bool *pinned);

/** Frees. No receive into it may be pending. */
void ArenaFree(void *address);

} // namespace filterport

#endif
