// SPDX-License-Identifier: Apache-2.0
package io.github.filterport;

import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A connection. Who may be inside native code when it closes:
 *
 * <ul>
 *   <li>readers: each tells by its own state (see {@link ReaderImpl}); closing wakes them;
 *   <li>senders, and threads that complete deferred messages: counted by the gate. A sender may be
 *       in there for as long as the driver's callback runs; closing the handle wakes it.
 * </ul>
 *
 * <p>Closing may block (the driver's callbacks have to return), so a thread of its own does it, and
 * {@link #close} waits for that thread with a limit.
 */
final class PortImpl implements FilterPort {
  private static final Logger LOG = LoggerFactory.getLogger(FilterPort.class);
  private static final long GRACE_NANOS = 100_000_000;

  private final PortBackend backend;
  private final String name;
  private final Counters counters;
  private final Gate gate = new Gate();
  private final AtomicBoolean receiving = new AtomicBoolean();
  private final AtomicBoolean closed = new AtomicBoolean();
  private final AtomicInteger openReaders = new AtomicInteger();
  private final CountDownLatch released = new CountDownLatch(1);
  private final AtomicReference<@Nullable ByteBuffer> scratch = new AtomicReference<>();
  private volatile boolean disconnected;
  private volatile @Nullable Reception reception;

  PortImpl(PortBackend backend, String name, Counters counters) {
    this.backend = backend;
    this.name = name;
    this.counters = counters;
    Events.connected(this);
  }

  // ---- sending

  @Override
  public int send(ByteBuffer in, @Nullable ByteBuffer out) throws FilterException {
    boolean copyIn = !in.isDirect();
    boolean copyOut = out != null && !out.isDirect();
    ByteBuffer from = copyIn ? copyOf(in) : in;
    ByteBuffer to = copyOut ? ByteBuffer.allocateDirect(out.remaining()) : out;
    if (!gate.enter()) {
      throw closedException();
    }
    long result;
    try {
      result =
          backend.send(
              from,
              from.position(),
              from.remaining(),
              to,
              to == null ? 0 : to.position(),
              to == null ? 0 : to.remaining());
    } finally {
      gate.leave();
    }
    if (copyIn) {
      scratch.set(from);
    }
    if (result < 0) {
      FilterException failure = FilterException.of((int) result, Hresult.SEND, name);
      if (failure instanceof PortDisconnectedException) {
        disconnectedNow();
      }
      throw failure;
    }
    int length = (int) result;
    in.position(in.limit());
    if (out != null) {
      if (length > out.remaining()) {
        throw new FilterException(Hresult.ERROR_INSUFFICIENT_BUFFER, Hresult.SEND, name);
      }
      if (copyOut) {
        out.put(Objects.requireNonNull(to).limit(length));
      } else {
        out.position(out.position() + length);
      }
    }
    return length;
  }

  /** Copies into the direct buffer that the last sender left, or into a new one. */
  private ByteBuffer copyOf(ByteBuffer in) {
    ByteBuffer copy = scratch.getAndSet(null);
    if (copy == null || copy.capacity() < in.remaining()) {
      copy = ByteBuffer.allocateDirect(Math.max(256, in.remaining()));
    }
    return copy.clear().put(in.duplicate()).flip();
  }

  // ---- receiving

  @Override
  public List<MessageReader> openReaders(int n, ReceiveOptions options) throws FilterException {
    return List.copyOf(openReception(n, options).readers());
  }

  Reception openReception(int n, ReceiveOptions options) throws FilterException {
    if (n < 1 || n > options.inFlight()) {
      throw new IllegalArgumentException(
          "n must be between 1 and inFlight (" + options.inFlight() + "), got " + n);
    }
    if (!gate.enter()) {
      throw closedException();
    }
    try {
      if (!receiving.compareAndSet(false, true)) {
        throw alreadyReceives();
      }
      Receives receives = openReceives(n, options);
      counters.oversizeFrom(receives::oversize);
      openReaders.set(n);
      Reception opened = new Reception(this, receives, options, counters, n);
      reception = opened;
      return opened;
    } finally {
      gate.leave();
    }
  }

  private Receives openReceives(int n, ReceiveOptions options) throws FilterException {
    try {
      return backend.openReceives(n, options);
    } catch (FilterException e) {
      receiving.set(false);
      throw e;
    }
  }

  @Override
  public EventReader openEvents(ByteBuffer request, WaitPolicy wait) throws FilterException {
    Objects.requireNonNull(wait, "wait");
    if (receiving.get()) {
      throw alreadyReceives();
    }
    return EventReaderImpl.open(this, request, wait);
  }

  private IllegalStateException alreadyReceives() {
    return new IllegalStateException(
        name
            + " already receives: serve, pump, openReaders and openEvents may be used once a"
            + " connection");
  }

  @Override
  public void serve(MessageHandler handler) throws FilterException {
    Objects.requireNonNull(handler, "handler");
    ErrorHandler errors = new LoggingErrorHandler(name);
    MessageReader reader = openReception(1, ReceiveOptions.defaults()).readers().get(0);
    try {
      for (; ; ) {
        try {
          int result = reader.poll(handler, Integer.MAX_VALUE, MessageReader.FOREVER);
          if (result == MessageReader.CLOSED) {
            return;
          }
          if (result == MessageReader.DISCONNECTED) {
            throw new PortDisconnectedException(Hresult.ERROR_INVALID_HANDLE, Hresult.GET, name);
          }
        } catch (HandlerException e) {
          errors.onError(e);
        } catch (UncheckedIOException e) {
          if (!isTooLarge(e)) {
            throw asFilterException(e);
          }
          errors.onError(e);
        }
      }
    } finally {
      reader.close();
    }
  }

  static boolean isTooLarge(UncheckedIOException e) {
    return e.getCause() instanceof FilterException
        && ((FilterException) e.getCause()).hresult() == Hresult.ERROR_INSUFFICIENT_BUFFER;
  }

  private FilterException asFilterException(UncheckedIOException e) {
    return e.getCause() instanceof FilterException
        ? (FilterException) e.getCause()
        : new FilterException(Hresult.ERROR_INVALID_HANDLE, Hresult.GET, name);
  }

  @Override
  public MessagePump.Builder pump() {
    return new PumpBuilder(this);
  }

  // ---- state

  @Override
  public PortCounters counters() {
    return counters;
  }

  Counters cells() {
    return counters;
  }

  @Override
  public boolean isConnected() {
    return !closed.get() && !disconnected;
  }

  String name() {
    return name;
  }

  boolean isClosed() {
    return closed.get();
  }

  void disconnectedNow() {
    if (!disconnected) {
      disconnected = true;
      if (!closed.get()) {
        Events.disconnected(name);
      }
    }
  }

  /** For threads other than readers: whether native code may be entered; then {@link #leave}. */
  boolean enter() {
    return gate.enter();
  }

  void leave() {
    gate.leave();
  }

  private IllegalStateException closedException() {
    return new IllegalStateException("the connection to " + name + " is closed");
  }

  // ---- closing

  @Override
  public void close() {
    Reception current = reception;
    if (current != null && current.closeAfterHandler(Thread.currentThread())) {
      return;
    }
    closeNow();
  }

  void closeNow() {
    if (closed.compareAndSet(false, true)) {
      Events.closed(this);
      gate.close();
      Thread thread = new Thread(this::release, "filterport-close-" + Names.of(name));
      thread.setDaemon(true);
      thread.start();
    }
    awaitReleased(closeTimeout());
  }

  private Duration closeTimeout() {
    Reception current = reception;
    return (current == null ? ReceiveOptions.defaults() : current.options()).closeTimeout();
  }

  private void awaitReleased(Duration limit) {
    boolean interrupted = false;
    long deadline = System.nanoTime() + limit.toNanos();
    try {
      for (; ; ) {
        try {
          if (!released.await(deadline - System.nanoTime(), TimeUnit.NANOSECONDS)) {
            LOG.warn(
                "{}: close returns after {} while native calls are still running; they are cleaned"
                    + " up when they return",
                name,
                limit);
          }
          return;
        } catch (InterruptedException e) {
          interrupted = true;
        }
      }
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private void release() {
    try {
      interruptReaders();
      awaitOutside();
      interruptReaders(); // those of a thread that was just opening them
      Reception current = reception;
      if (current != null) {
        current.stop(closeTimeout().toNanos());
      }
      backend.close();
      if (current != null) {
        current.finish(closeTimeout().toNanos());
        counters.oversizeEnded();
      }
    } catch (RuntimeException | Error e) {
      LOG.error("{}: closing failed", name, e);
    } finally {
      released.countDown();
    }
  }

  private void interruptReaders() {
    Reception current = reception;
    if (current != null) {
      current.interrupt();
    }
  }

  /**
   * Until nobody is inside native code. After a moment's grace the handle is closed to wake the
   * rest.
   */
  private void awaitOutside() {
    long start = System.nanoTime();
    long pause = 50_000;
    boolean handleClosed = false;
    for (; ; ) {
      Reception current = reception;
      boolean readersOut = current == null || current.readersOutside();
      if (readersOut && gate.isEmpty()) {
        return;
      }
      if (!handleClosed && System.nanoTime() - start > GRACE_NANOS) {
        handleClosed = true;
        if (current != null && readersOut) {
          current.stop(closeTimeout().toNanos());
        }
        backend.close();
      }
      LockSupport.parkNanos(this, pause);
      pause = Math.min(pause * 2, GRACE_NANOS);
    }
  }

  /**
   * A reader has ended. After the last one the receives are taken back, so that senders are not
   * misled.
   */
  void readerEnded() {
    Reception current = reception;
    if (openReaders.decrementAndGet() == 0 && current != null && gate.enter()) {
      try {
        current.stopAnswering(closeTimeout().toNanos());
      } finally {
        gate.leave();
      }
    }
  }

  @Override
  public String toString() {
    return name + (closed.get() ? " (closed)" : disconnected ? " (disconnected)" : "");
  }
}
