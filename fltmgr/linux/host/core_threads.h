/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FLTMGR_LINUX_HOST_CORE_THREADS_H
#define FLTMGR_LINUX_HOST_CORE_THREADS_H

#include "../../core/platform.h"

/* Of fltmgr_core.h, for files that are compiled with the C library's wchar_t and so cannot include it. */
void fm_thread_init(fm_thread *thread);
void fm_thread_fini(fm_thread *thread);
void fm_alert_thread(fm_thread *thread);
void fm_thread_reset(fm_thread *thread);
bool fm_thread_alerted(const fm_thread *thread);

/** The system itself: what fm_current_requestor() gives on threads that serve nobody. */
const fm_requestor *fm_system_requestor(void);

#endif
