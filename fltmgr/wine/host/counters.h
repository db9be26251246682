/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FLTMGR_WINE_HOST_COUNTERS_H
#define FLTMGR_WINE_HOST_COUNTERS_H

#include "answer.h"

/** NAME=NUMBER of everything that is counted. */
void fmw_counters_collect(struct fmw_answer *answer);

#endif
