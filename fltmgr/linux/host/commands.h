/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FLTMGR_LINUX_HOST_COMMANDS_H
#define FLTMGR_LINUX_HOST_COMMANDS_H

#include <stdbool.h>

/*
 * The embedding program's conversation with fltmgrd, over stdin and stdout.
 *
 *   ready SOCKET                                        once, when clients can connect
 *   TAG load NAME [altitude=A]                          TAG ok
 *   TAG unload NAME                                     TAG ok
 *   TAG volume fanotify DIR [reads=1] [closes=1] [changes=1]   gates reads too; reports closes, writes
 *   TAG volume direct DIR                               TAG ok volume=ID device=\Device\ID
 *   TAG unvolume ID                                     TAG ok
 *   TAG open ID PATH rwcx [pid=N] [uid=N]               TAG ok status=0xSTATUS
 *   TAG counters                                        TAG ok NAME=NUMBER ...
 *   TAG stop                                            TAG ok, then the orderly end
 *   any of them                                         TAG error 0xSTATUS text
 *
 * Words are separated by one space; bytes that are not plain in a word are written %XX. Answers come in any order. End-of-file
 * is the same as stop.
 */

/** Prints the ready line. */
void fm_commands_ready(const char *socket_path);

/** Reads what stdin has; it is readable. False at end-of-file, after `stop` and when stdin is broken. Main thread only. */
bool fm_commands_read(void);

/** Waits until every command that was read has been answered, at most limit_ms. */
bool fm_commands_drain(unsigned limit_ms);

#endif
