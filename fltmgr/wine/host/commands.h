/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FLTMGR_WINE_HOST_COMMANDS_H
#define FLTMGR_WINE_HOST_COMMANDS_H

#include "platform/workers.h"

#include "answer.h"

/*
 * The words of the host device, the same as fltmgrd's on Linux:
 *
 *   hello                                  ok version=V host=wine pid=N, of the process with the drivers
 *   load NAME                              ok
 *   unload NAME                            ok; the filter is gone, its service is still to be stopped
 *   volume direct DIR                      ok volume=ID device=\Device\ID
 *   unvolume ID                            ok
 *   open ID PATH rwcx [pid=N] [uid=N]      ok status=0xSTATUS; uid is ignored
 *   counters                               ok NAME=NUMBER ...
 *   any of them                            error 0xSTATUS text
 */

/** Where a command runs: an open blocks until a client has answered it. */
enum fmw_pool fmw_command_pool(const char *line);

/** Runs driver code; on a worker. line is changed. */
void fmw_command_run(char *line, struct fmw_answer *answer);

#endif
