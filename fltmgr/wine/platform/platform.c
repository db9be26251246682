/* SPDX-License-Identifier: Apache-2.0 */
/* core/platform.h over Wine's kernel: locks, waiters, clocks, memory, characters. Who is calling is in thread.c. */
#include "core_platform.h"

static VOID(NTAPI *query_system_time)(PLARGE_INTEGER);
static LONGLONG frequency;

bool fmw_platform_start(void) {
    /* On other systems a header reads the time from a page of the kernel, so import libraries do not know the function. */
    UNICODE_STRING name;
    LARGE_INTEGER ticks;
    RtlInitUnicodeString(&name, L"KeQuerySystemTime");
    query_system_time = (VOID(NTAPI *)(PLARGE_INTEGER))MmGetSystemRoutineAddress(&name);
    (void)KeQueryPerformanceCounter(&ticks);
    frequency = ticks.QuadPart;
    return query_system_time != NULL && frequency > 0;
}

/* Mutex ------------------------------------------------------------------------------------------------------------- */

C_ASSERT(sizeof(FAST_MUTEX) <= sizeof(fm_mutex));

static PFAST_MUTEX mutex_of(fm_mutex *mutex) {
    return (PFAST_MUTEX)(void *)mutex->storage;
}

void fm_mutex_init(fm_mutex *mutex) {
    ExInitializeFastMutex(mutex_of(mutex));
}

void fm_mutex_fini(fm_mutex *mutex) {
    UNREFERENCED_PARAMETER(mutex);
}

void fm_mutex_lock(fm_mutex *mutex) {
    ExAcquireFastMutex(mutex_of(mutex));
}

void fm_mutex_unlock(fm_mutex *mutex) {
    ExReleaseFastMutex(mutex_of(mutex));
}

/* Time -------------------------------------------------------------------------------------------------------------- */

enum { UNITS_PER_SECOND = 10000000 };

int64_t fm_clock_monotonic(void) {
    const LONGLONG ticks = KeQueryPerformanceCounter(NULL).QuadPart;
    return ticks / frequency * UNITS_PER_SECOND + ticks % frequency * UNITS_PER_SECOND / frequency;
}

int64_t fm_clock_system(void) {
    LARGE_INTEGER now;
    query_system_time(&now);
    return now.QuadPart;
}

bool fmw_event_wait(PKEVENT event, const fm_deadline *deadline) {
    LARGE_INTEGER limit;
    if (deadline->kind == FM_FOREVER) {
        (void)KeWaitForSingleObject(event, Executive, KernelMode, FALSE, NULL);
        return true;
    }
    if (deadline->kind == FM_REALTIME) {
        limit.QuadPart = deadline->value < 0 ? 0 : deadline->value;
        return KeWaitForSingleObject(event, Executive, KernelMode, FALSE, &limit) != STATUS_TIMEOUT;
    }
    /* Wine counts a relative wait in its server's ticks and may come back a little early. */
    do {
        const int64_t now = fm_clock_monotonic();
        limit.QuadPart = deadline->value <= now ? 0 : now - deadline->value;
        if (KeWaitForSingleObject(event, Executive, KernelMode, FALSE, &limit) != STATUS_TIMEOUT) {
            return true;
        }
    } while (fm_clock_monotonic() < deadline->value);
    return false;
}

/* Waiter ------------------------------------------------------------------------------------------------------------ */

C_ASSERT(sizeof(KEVENT) <= sizeof(fm_waiter));

static PKEVENT event_of(fm_waiter *waiter) {
    return (PKEVENT)(void *)waiter->storage;
}

void fm_waiter_init(fm_waiter *waiter) {
    KeInitializeEvent(event_of(waiter), SynchronizationEvent, FALSE);
}

void fm_waiter_fini(fm_waiter *waiter) {
    UNREFERENCED_PARAMETER(waiter);
}

fm_wait_result fm_waiter_wait(fm_waiter *waiter, const fm_deadline *deadline) {
    return fmw_event_wait(event_of(waiter), deadline) ? FM_WOKEN : FM_TIMED_OUT;
}

/* Wine sets an event and ends a wait under one lock of its own: who was woken returns after we have let the event go. */
void fm_waiter_wake(fm_waiter *waiter) {
    (void)KeSetEvent(event_of(waiter), IO_NO_INCREMENT, FALSE);
}

/* Memory, characters ------------------------------------------------------------------------------------------------ */

enum { FM_POOL_TAG = 0x724D7446 }; /* FtMr */

void *fm_allocate(size_t size) {
    return ExAllocatePoolZero(NonPagedPoolNx, size, FM_POOL_TAG);
}

void fm_release(void *memory) {
    if (memory != NULL) {
        ExFreePoolWithTag(memory, FM_POOL_TAG);
    }
}

uint16_t fm_upcase(uint16_t unit) {
    return RtlUpcaseUnicodeChar(unit);
}
