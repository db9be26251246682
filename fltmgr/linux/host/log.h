/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FLTMGR_LINUX_HOST_LOG_H
#define FLTMGR_LINUX_HOST_LOG_H

/** One line on stderr, "fltmgrd: " before it, in one write so that threads do not mix. Says the call, the object, the
    code in words and what to do. Thread-safe. */
void fm_log(const char *format, ...) __attribute__((format(printf, 1, 2)));

/** Text of an errno value; never NULL, valid for the life of the process, thread-safe. */
const char *fm_errno_text(int error);

#endif
