// SPDX-License-Identifier: Apache-2.0
package io.github.filterport;

import java.nio.ByteBuffer;

/**
 * One thread's view of a connection's receives.
 *
 * <p>The first thread that polls owns the reader; polling from another throws
 * IllegalStateException. {@link #wakeup} and {@link #close} may be called by any thread. Polling
 * blocks its carrier: use platform threads.
 */
public interface MessageReader extends AutoCloseable {
  /** Poll: the driver closed its end. No message will come; close the port and connect again. */
  int DISCONNECTED = -1;

  /** Poll: this reader or its port was closed. Stop polling. */
  int CLOSED = -2;

  /** Poll: wait without limit. */
  long FOREVER = Long.MAX_VALUE;

  /** As {@link #poll(MessageHandler, int, long)} without waiting. */
  int poll(MessageHandler handler, int limit);

  /**
   * Handles up to {@code limit} messages; waits for the first of them.
   *
   * <p>With several readers a small limit shares the work best: what one poll has taken no other
   * reader can handle.
   *
   * @param limit at least 1
   * @param timeoutNanos at least 0; how long to wait for the first message, {@link #FOREVER}
   *     without limit
   * @return the number of messages handled; 0 after the time-out or {@link #wakeup}; {@link
   *     #DISCONNECTED} or {@link #CLOSED}
   * @throws HandlerException if the handler threw. That message is settled; those behind it wait
   *     for the next poll. An Error passes through as it is
   * @throws java.io.UncheckedIOException with a {@link FilterException} if receiving failed, for
   *     instance because a message is longer than {@link ReceiveOptions#maxPayload()}; polling may
   *     go on
   * @throws IllegalStateException if another thread owns this reader, or from inside its own
   *     handler
   */
  int poll(MessageHandler handler, int limit, long timeoutNanos);

  /** Lets the poll of this reader, or else the next one, return without a message. Any thread. */
  void wakeup();

  /**
   * The memory in which the connection's messages live, little-endian, for flyweights over it (see
   * {@link Message#payloadOffset()}). It is freed when no buffer of it is reachable any more.
   */
  ByteBuffer arena();

  /** Whether the arena is locked in memory. */
  boolean pinned();

  /**
   * Ends this reader; others go on. Idempotent. Called from its own handler it takes effect when
   * the handler returns. When the last one ends, the connection no longer receives.
   */
  @Override
  void close();
}
