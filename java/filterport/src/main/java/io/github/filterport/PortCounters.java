// SPDX-License-Identifier: Apache-2.0
package io.github.filterport;

/**
 * What became of a connection's messages. While nothing moves, {@code delivered = oneWay + replied
 * + fallback + late + failed + disconnected + inFlight}; each number alone never goes back, except
 * {@link #inFlight()}. Thread-safe.
 */
public interface PortCounters {
  /** Messages received. */
  long delivered();

  /** Messages that wanted no reply. */
  long oneWay();

  /** Messages answered by their handler, or later by {@link PendingReply}. */
  long replied();

  /** Messages answered by the fallback reply. */
  long fallback();

  /** Replies, fallback or not, for which nobody waited any more. */
  long late();

  /** Messages whose reply was refused, or that nobody answered while there is no fallback. */
  long failed();

  /** Messages that could not be answered because the connection had ended. */
  long disconnected();

  /** Messages that wait for their handler or their reply. */
  long inFlight();

  /** Exceptions that message handlers threw. Not part of the sum. */
  long handlerErrors();

  /**
   * Calls of {@link Message#tryDefer} refused because too many were deferred. Not part of the sum.
   */
  long deferRefused();

  /** Receives that were too small for their message. Not part of the sum. */
  long oversize();
}
