/* SPDX-License-Identifier: Apache-2.0 */
#include "internal.h"

/*
 * Nobody tells this library that a handle was closed, so an entry stays until its handle value is opened anew. There are
 * as many entries as synchronous connections were ever open at one time, roughly; each is small.
 */
struct fl_serial {
    struct fl_serial *next;
    HANDLE handle; /* NULL: free */
    LONG users;
    SRWLOCK lock;
};

static SRWLOCK table_lock = SRWLOCK_INIT;
static struct fl_serial *table;

static struct fl_serial *find_locked(HANDLE handle) {
    struct fl_serial *serial = table;
    while (serial != NULL && serial->handle != handle)
        serial = serial->next;
    return serial;
}

void fl_serial_opened(HANDLE handle, BOOL synchronous) {
    AcquireSRWLockExclusive(&table_lock);
    /* What calls on the old handle still hold they let go by themselves; the new handle gets an entry of its own. */
    struct fl_serial *serial = find_locked(handle);
    if (serial != NULL)
        serial->handle = NULL;
    if (synchronous) {
        serial = table;
        while (serial != NULL && (serial->handle != NULL || serial->users != 0))
            serial = serial->next;
        if (serial == NULL) {
            serial = HeapAlloc(GetProcessHeap(), HEAP_ZERO_MEMORY, sizeof *serial);
            if (serial != NULL) {
                InitializeSRWLock(&serial->lock);
                serial->next = table;
                table = serial;
            }
        }
        if (serial != NULL)
            serial->handle = handle;
    }
    ReleaseSRWLockExclusive(&table_lock);
}

struct fl_serial *fl_serial_enter(HANDLE handle) {
    AcquireSRWLockExclusive(&table_lock);
    struct fl_serial *serial = handle == NULL ? NULL : find_locked(handle);
    if (serial != NULL)
        serial->users++;
    ReleaseSRWLockExclusive(&table_lock);
    if (serial != NULL)
        AcquireSRWLockExclusive(&serial->lock);
    return serial;
}

void fl_serial_leave(struct fl_serial *serial) {
    if (serial == NULL)
        return;
    ReleaseSRWLockExclusive(&serial->lock);
    AcquireSRWLockExclusive(&table_lock);
    serial->users--;
    ReleaseSRWLockExclusive(&table_lock);
}
