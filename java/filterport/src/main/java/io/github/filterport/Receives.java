// SPDX-License-Identifier: Apache-2.0
package io.github.filterport;

/**
 * A connection's receives below the gate: the shim's engine, or a test's. Twin of jni/engine.h,
 * which has the contracts.
 */
interface Receives {
  /** Poll: one message was longer than maxPayload. */
  int TOO_LARGE = -3;

  /** Poll: see {@link #lastError()}. */
  int ERROR = -4;

  /** Reply: results in the order of {@link ReplyOutcome}; others are failing HRESULTs. */
  int DELIVERED = 0;

  int NO_WAITER = 1;
  int TOO_LONG = 2;
  int DISCONNECTED = 3;

  ArenaMap map();

  boolean pinned();

  int poll(int reader, int rearm, int limit, long timeoutNanos);

  int reply(int slot, int ntstatus, int length);

  void rearm(int slot);

  void wakeup(int reader);

  /** Every poll returns CLOSED from now on. */
  void interrupt();

  /**
   * Cancels and takes back all receives, at most that long; messages that came are in reader 0's
   * batch area.
   *
   * @return their number
   */
  int stop(long timeoutNanos);

  int lastError();

  long oversize();

  /** Frees everything but the arena. Idempotent. */
  void destroy();
}
