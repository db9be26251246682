/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FLTMGR_LINUX_KERNEL_KERNEL_STOP_H
#define FLTMGR_LINUX_KERNEL_KERNEL_STOP_H

/** What a bug check is on Windows: says what a driver did wrong and ends the host, which releases every gated open. */
void fm_kernel_stop(const char *what) __attribute__((noreturn));

/** Something that is the same for one thread always and never for two at a time. Not NULL. */
void *fm_thread_token(void);

#endif
