/* SPDX-License-Identifier: Apache-2.0 */
#include "internal.h"

void fm_rundown_release(fm_rundown *rundown) {
    if (__atomic_fetch_sub(&rundown->word, 2, __ATOMIC_ACQ_REL) == 3) {
        fm_waiter_wake(rundown->waiter);
    }
}

void fm_rundown_wait(fm_rundown *rundown) {
    const fm_deadline forever = {FM_FOREVER, 0};
    fm_waiter waiter;

    fm_waiter_init(&waiter);
    rundown->waiter = &waiter;
    if (__atomic_fetch_or(&rundown->word, 1, __ATOMIC_ACQ_REL) != 0) {
        (void)fm_waiter_wait(&waiter, &forever);
    }
    fm_waiter_fini(&waiter);
}

/* Object references of drivers -------------------------------------------------------------------------------------- */

NTSTATUS FLTAPI FltObjectReference(PVOID FltObject) {
    fm_object *object = FltObject;
    return fm_rundown_acquire(&object->rundown) ? STATUS_SUCCESS : STATUS_FLT_DELETING_OBJECT;
}

VOID FLTAPI FltObjectDereference(PVOID FltObject) {
    fm_object *object = FltObject;
    fm_rundown_release(&object->rundown);
}
