/* SPDX-License-Identifier: Apache-2.0 */
/** What libfltlib.so has beyond Windows' fltlib, for the Linux files of the shim only. */
#ifndef FILTERPORT_JNI_FLTLIB_LINUX_H
#define FILTERPORT_JNI_FLTLIB_LINUX_H

#include <filterport_linux.h>

namespace filterport {

struct FltlibLinux {
    decltype(&::FpConnectCommunicationPortAt) ConnectAt;
    decltype(&::FpArenaAllocate) ArenaAllocate;
    decltype(&::FpArenaFree) ArenaFree;
    decltype(&::FpSetWaitPolicy) SetWaitPolicy;
};

extern FltlibLinux fltlib_linux;

} // namespace filterport

#endif
