/* SPDX-License-Identifier: Apache-2.0 */
#include "internal.h"

BOOL WINAPI DllMain(HINSTANCE instance, DWORD reason, LPVOID reserved);

BOOL WINAPI DllMain(HINSTANCE instance, DWORD reason, LPVOID reserved) {
    (void)instance;
    switch (reason) {
    case DLL_PROCESS_ATTACH:
        fl_thread_attach();
        break;
    case DLL_THREAD_DETACH:
        fl_thread_detach();
        break;
    case DLL_PROCESS_DETACH:
        if (reserved == NULL) /* unloaded; at the end of the process all goes anyway */
            fl_process_detach();
        break;
    default:
        break;
    }
    return TRUE;
}
