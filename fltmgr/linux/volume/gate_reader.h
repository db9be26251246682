/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FLTMGR_LINUX_VOLUME_GATE_READER_H
#define FLTMGR_LINUX_VOLUME_GATE_READER_H

#include <stdbool.h>
#include <stdint.h>

#include "gate.h"

struct fm_heartbeat;

/*
 * The reader: the one thread that every gated open of the machine passes through, and the host's heartbeat.
 *
 * It reads the events of all gates, answers those that need no filter, hands the rest to workers and answers what is
 * over its deadline. It runs no driver code, takes no lock that is held around anything slow, and opens no file: the
 * file could be gated, and then it would wait for itself. It never sits in read() either, because closing a group
 * releases nobody while a thread reads it.
 */

/** Starts the thread; it beats at least every period_ms, gates or not. */
bool fm_gate_reader_start(struct fm_heartbeat *heartbeat, uint32_t period_ms, uint32_t most_in_flight);

/** Ends the thread. Every gate has been removed. */
void fm_gate_reader_stop(void);

/** Begins to read the gate. Thread-safe. */
void fm_gate_reader_add(struct fm_gate *gate);

/** When it returns the reader does not know the gate any more. Blocks until then; not from the reader itself. */
void fm_gate_reader_remove(struct fm_gate *gate);

#endif
