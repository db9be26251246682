/* SPDX-License-Identifier: Apache-2.0 */
/** __try and __except. Part of <ntifs.h>. */
#ifndef FILTERPORT_NTIFS_EXCEPTIONS_H
#define FILTERPORT_NTIFS_EXCEPTIONS_H

#include "ntdef.h"

#define EXCEPTION_EXECUTE_HANDLER 1
#define EXCEPTION_CONTINUE_SEARCH 0
#define EXCEPTION_CONTINUE_EXECUTION (-1)
#if !defined(_MSC_VER) && !defined(__cplusplus)
/* The formatter takes __except for a keyword and would make an object-like macro of it. */
/* clang-format off */
#define __try if (1)
#define __except(filter) else if (0 && (filter))
#define __finally
#define try __try
#define except(filter) __except(filter)
#define finally __finally
/* clang-format on */
#define GetExceptionCode() ((NTSTATUS)0xC0000005)
#define GetExceptionInformation() NULL
#define AbnormalTermination() FALSE
#endif

#endif
