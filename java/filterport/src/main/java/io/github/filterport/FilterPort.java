// SPDX-License-Identifier: Apache-2.0
package io.github.filterport;

import java.nio.ByteBuffer;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One connection to a minifilter's communication port. Thread-safe.
 *
 * <pre>{@code
 * try (FilterPort port = FilterPort.connect("\\ScannerPort")) {
 *   port.serve(message -> {
 *     message.replyBuffer().put(0, ALLOW);
 *     message.reply(1);
 *   });
 * }
 * }</pre>
 *
 * <p>A connection receives in one way only: {@link #serve}, {@link #pump}, {@link #openReaders} and
 * {@link #openEvents} exclude each other and may be used once. {@link #send} may be used beside
 * them at any time.
 *
 * <p>Methods that wait block their carrier thread: call them from platform threads.
 */
public interface FilterPort extends AutoCloseable {
  /**
   * Connects without a context. The same as {@code connector(name).connect()}.
   *
   * @param name the port's full name with its backslash, for instance {@code "\\ScannerPort"}
   */
  static FilterPort connect(String name) throws FilterException {
    return connector(name).connect();
  }

  /** Starts describing a connection to the port of that name. Nothing is connected yet. */
  static Connector connector(String name) {
    return new Connector(name);
  }

  /**
   * Sends the bytes of {@code in} to the driver and returns its answer: FilterSendMessage.
   *
   * <p>Blocks until the driver's callback has returned; any number of threads may send at once.
   * Direct buffers are passed as they are, others are copied. On success {@code in} is consumed and
   * the position of {@code out} is advanced by the returned count.
   *
   * @param in what the driver gets, from position to limit
   * @param out room for the answer, from position to limit; null if none is wanted
   * @return the number of bytes the driver wrote to {@code out}
   * @throws PortDisconnectedException if the driver's end is closed
   * @throws FilterException with the driver's own status translated to an HRESULT
   * @throws IllegalStateException if this connection is closed
   */
  int send(ByteBuffer in, @Nullable ByteBuffer out) throws FilterException;

  /**
   * Receives on the calling thread until the connection is closed, with default options.
   *
   * <p>An exception of the handler is logged, its message gets the fallback reply, and serving goes
   * on. Returns when {@link #close} was called.
   *
   * @throws PortDisconnectedException when the driver closed its end
   * @throws IllegalStateException if this connection already receives, or is closed
   */
  void serve(MessageHandler handler) throws FilterException;

  /**
   * Opens {@code n} readers which share this connection's receives. May be called once.
   *
   * @param n how many threads will poll; each reader belongs to one thread
   * @throws IllegalStateException if this connection already receives, or is closed
   * @throws FilterException if the arena cannot be allocated, or not be pinned where that is
   *     required
   */
  List<MessageReader> openReaders(int n, ReceiveOptions options) throws FilterException;

  /**
   * Opens the driver's event ring on this connection. May be called once; the connection receives
   * nothing else then.
   *
   * <p>The driver has to use the project's ring library, or speak its format (driver/ring), and
   * answer {@code request} with RING_VIEWS.
   *
   * @param request what this driver takes for the request to map its ring, from position to limit
   * @param wait how to wait for events
   * @throws FilterException with the driver's own status translated to an HRESULT; {@code
   *     0x8007000D} if what it answers, or the memory, is no ring
   * @throws IllegalStateException if this connection already receives, or is closed
   */
  EventReader openEvents(ByteBuffer request, WaitPolicy wait) throws FilterException;

  /** Describes threads that receive on this connection until it ends. It does not reconnect. */
  MessagePump.Builder pump();

  /** What became of the messages so far. The view is live. */
  PortCounters counters();

  /**
   * Whether neither side is known to have ended the connection. The driver's end is noticed by the
   * next call that fails, so true is no promise.
   */
  boolean isConnected();

  /**
   * Ends the connection: cancels its receives, wakes blocked callers, closes the handle.
   * Idempotent.
   *
   * <p>Waits until other threads have left native code, at most {@link
   * ReceiveOptions#closeTimeout()}; what is still in use then is freed in the background, and a
   * warning is logged. A {@link #send} returns when the driver's callback does: nothing interrupts
   * that. Called from a handler of this connection it only marks the end and returns: the message
   * at hand can still be answered, and the connection is closed when the handler returns.
   *
   * <p>Buffers obtained from this connection stay readable; what they show has no meaning any more.
   */
  @Override
  void close();
}
