/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FLTMGR_WINE_HOST_ANSWER_H
#define FLTMGR_WINE_HOST_ANSWER_H

#include "kernel/ntoskrnl.h"

#include "wire.h"

/** One line that grows up to a limit; what does not fit is left out. */
struct fmw_answer {
    ULONG used;
    char bytes[FM_WIRE_HOST_LINE_MAX];
};

/** ok, without values so far */
void fmw_answer_ok(struct fmw_answer *answer);
/** error 0xSTATUS */
void fmw_answer_error(struct fmw_answer *answer, NTSTATUS status, const char *text);
void fmw_answer_value(struct fmw_answer *answer, const char *name, const char *value);
void fmw_answer_number(struct fmw_answer *answer, const char *name, ULONG64 value);
void fmw_answer_status(struct fmw_answer *answer, const char *name, NTSTATUS status);

#endif
