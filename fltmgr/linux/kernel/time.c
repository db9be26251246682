/* SPDX-License-Identifier: Apache-2.0 */
#include <ntifs.h>
#include <time.h>

/* 1 January 1601 to 1 January 1970 in units of 100 ns. */
static const LONGLONG unix_epoch = 116444736000000000LL;

static LONGLONG read_clock(clockid_t id) {
    struct timespec now;
    (void)clock_gettime(id, &now);
    return (LONGLONG)now.tv_sec * 10000000 + now.tv_nsec / 100;
}

VOID NTAPI KeQuerySystemTime(PLARGE_INTEGER CurrentTime) {
    CurrentTime->QuadPart = read_clock(CLOCK_REALTIME) + unix_epoch;
}

VOID NTAPI KeQuerySystemTimePrecise(PLARGE_INTEGER CurrentTime) {
    KeQuerySystemTime(CurrentTime);
}

LARGE_INTEGER NTAPI KeQueryPerformanceCounter(PLARGE_INTEGER PerformanceFrequency) {
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    LARGE_INTEGER counter = {.QuadPart = (LONGLONG)now.tv_sec * 1000000000 + now.tv_nsec};
    if (PerformanceFrequency != NULL) {
        PerformanceFrequency->QuadPart = 1000000000;
    }
    return counter;
}

ULONGLONG NTAPI KeQueryInterruptTime(void) {
    return (ULONGLONG)read_clock(CLOCK_MONOTONIC);
}
