/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FLTMGR_LINUX_HOST_CLIENTS_H
#define FLTMGR_LINUX_HOST_CLIENTS_H

#include <stdbool.h>
#include <sys/types.h>

/*
 * The processes that have a connection to a port. Their gated opens and their calls have workers in reserve, so that a
 * decider which opens a gated file is never stuck behind the opens that wait for it. This is about order only: whether
 * an open is exempt is decided by the driver.
 *
 * A process is known by pid and pidfd: a pid that was used again by another process does not match.
 */

/** One more connection of that process. Thread-safe; opens no file. */
void fm_clients_add(pid_t pid);

/** One connection less. */
void fm_clients_remove(pid_t pid);

/** Thread-safe, never blocks beyond a short lock, opens no file: the reader of gated opens asks it. */
bool fm_clients_contain(pid_t pid);

#endif
