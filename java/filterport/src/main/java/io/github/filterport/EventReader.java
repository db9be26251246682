// SPDX-License-Identifier: Apache-2.0
package io.github.filterport;

import java.nio.ByteBuffer;

/**
 * Reads a driver's event ring: one-way events through shared memory, beside the port.
 *
 * <pre>{@code
 * try (FilterPort port = FilterPort.connect("\\MyDriver");
 *     EventReader events = port.openEvents(mapRequest, WaitPolicy.adaptive())) {
 *   while (events.poll(sink, 256, EventReader.FOREVER) >= 0) {
 *     sink.flush();
 *     events.commit();
 *   }
 * }
 * }</pre>
 *
 * <p>From the driver into the ring an event gets at most once: the driver never waits, and when the
 * ring is full the new event is lost. Each loss shows as an {@link EventGap}, since the lost event
 * has its sequence number too. From the ring on it is at least once: {@link #commit} frees what was
 * read, and what was not committed is there for the next reader of that ring, if the driver keeps
 * the ring.
 *
 * <p>Reading takes no native call, copies nothing and allocates nothing; only a reader that goes to
 * sleep, and the driver that wakes it, call the system.
 *
 * <p>The first thread that polls owns the reader. {@link #wakeup} and {@link #close} may be called
 * by any thread. Polling blocks its carrier: use platform threads.
 */
public interface EventReader extends AutoCloseable {
  /** Poll: the driver ended the ring or the connection, and everything in it was read. */
  int DISCONNECTED = MessageReader.DISCONNECTED;

  /** Poll: this reader or its port was closed. Stop polling. */
  int CLOSED = MessageReader.CLOSED;

  /** Poll: wait without limit. */
  long FOREVER = MessageReader.FOREVER;

  /** As {@link #poll(EventHandler, int, long)} without waiting. */
  int poll(EventHandler handler, int limit);

  /**
   * Hands over up to {@code limit} events and gaps; waits for the first of them.
   *
   * @param limit at least 1
   * @param timeoutNanos at least 0; how long to wait for the first, {@link #FOREVER} without limit
   * @return how many were handed over; 0 after the time-out or {@link #wakeup}; {@link
   *     #DISCONNECTED} or {@link #CLOSED}
   * @throws HandlerException if the handler threw. What it threw at counts as read; the next poll
   *     goes on behind it
   * @throws java.io.UncheckedIOException with a {@link FilterException} if the ring is not in
   *     order: the driver that wrote it is broken or of another version. Every later poll says the
   *     same
   * @throws IllegalStateException if another thread owns this reader, or from inside its own
   *     handler
   */
  int poll(EventHandler handler, int limit, long timeoutNanos);

  /**
   * Gives everything that was read back to the driver. Without it the ring fills and new events are
   * lost. Cheap, but not free: once a batch, after the sink has acknowledged it.
   *
   * @throws IllegalStateException if another thread owns this reader
   */
  void commit();

  /** Lets the poll of this reader, or else the next one, return without an event. Any thread. */
  void wakeup();

  /**
   * The memory in which the events' payloads lie, read-only and little-endian, for flyweights over
   * it (see {@link Event#payloadOffset()}). It is unmapped when no buffer of it is reachable any
   * more.
   */
  ByteBuffer memory();

  /** How many events the driver has dropped because the ring was full, since it made the ring. */
  long dropped();

  /**
   * Ends reading and wakes a poll that waits. What was not committed stays in the ring. Idempotent;
   * the connection stays open for {@link FilterPort#send}.
   */
  @Override
  void close();
}
