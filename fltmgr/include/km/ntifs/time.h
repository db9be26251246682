/* SPDX-License-Identifier: Apache-2.0 */
/** Time. Part of <ntifs.h>. */
#ifndef FILTERPORT_NTIFS_TIME_H
#define FILTERPORT_NTIFS_TIME_H

#include "ntdef.h"

FP_EXTERN_C_BEGIN
FP_EXPORTS_BEGIN

#ifdef _WIN32
/* As Windows' header: both are read from a page that the kernel shares with everybody. */
FORCEINLINE VOID KeQuerySystemTime(PLARGE_INTEGER CurrentTime) {
    CurrentTime->QuadPart = *(volatile LONGLONG *)0xFFFFF78000000014;
}
FORCEINLINE ULONGLONG KeQueryInterruptTime(void) {
    return *(volatile ULONGLONG *)0xFFFFF78000000008;
}
#else
VOID NTAPI KeQuerySystemTime(PLARGE_INTEGER CurrentTime);
ULONGLONG NTAPI KeQueryInterruptTime(void);
#endif
VOID NTAPI KeQuerySystemTimePrecise(PLARGE_INTEGER CurrentTime);
LARGE_INTEGER NTAPI KeQueryPerformanceCounter(PLARGE_INTEGER PerformanceFrequency);

FP_EXPORTS_END
FP_EXTERN_C_END

#endif
