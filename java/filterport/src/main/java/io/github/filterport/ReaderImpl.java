// SPDX-License-Identifier: Apache-2.0
package io.github.filterport;

import java.io.UncheckedIOException;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.LongBuffer;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * A reader. Its thread alone writes {@code state}; who closes sets a flag first and then looks at
 * the state, the thread writes the state first and then looks at the flag, so that one of them sees
 * the other.
 *
 * <pre>
 *   OUTSIDE --poll--> NATIVE --messages--> HANDLING --reply--> NATIVE --> HANDLING --> OUTSIDE
 * </pre>
 */
final class ReaderImpl implements MessageReader {
  private static final int OUTSIDE = 0;
  private static final int NATIVE = 1;
  private static final int HANDLING = 2;
  private static final VarHandle STATE;

  static {
    try {
      STATE = MethodHandles.lookup().findVarHandle(ReaderImpl.class, "state", int.class);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  private final Reception reception;
  private final PortImpl port;
  private final Receives receives;
  private final int index;
  private final LongBuffer batch;
  private final int batchLimit;
  private final Counters.Cell cell;
  private final MessageImpl message;
  private final AtomicBoolean finished = new AtomicBoolean();

  @SuppressWarnings("UnusedVariable") // through STATE
  private volatile int state;

  private volatile boolean closeRequested;
  private volatile @Nullable Thread owner;

  /**
   * Written by the owner, or by another thread inside {@link #finished} when the owner is outside.
   */
  private int next;

  private int count;
  private int rearm;
  private boolean closePortAfterHandler;

  ReaderImpl(Reception reception, int index) {
    this.reception = reception;
    this.port = reception.port();
    this.receives = reception.receives();
    this.index = index;
    this.batch = reception.map().batch(index);
    this.batchLimit = reception.map().batchLimit();
    this.cell = reception.counters().cell(index);
    this.message = new MessageImpl(reception, this);
  }

  // ---- polling

  @Override
  public int poll(MessageHandler handler, int limit) {
    return poll(handler, limit, 0);
  }

  @Override
  public int poll(MessageHandler handler, int limit, long timeoutNanos) {
    Objects.requireNonNull(handler, "handler");
    if (limit < 1) {
      throw new IllegalArgumentException("limit must be at least 1, got " + limit);
    }
    if (timeoutNanos < 0) {
      throw new IllegalArgumentException("timeoutNanos must not be negative, got " + timeoutNanos);
    }
    checkThread();
    if (next == count) {
      int result = receive(limit, timeoutNanos);
      if (result <= 0) {
        return result;
      }
    } else {
      STATE.setVolatile(this, HANDLING);
      if (closeRequested) {
        STATE.setVolatile(this, OUTSIDE);
        finishIfOutside();
        return CLOSED;
      }
    }
    return handle(handler, limit);
  }

  private void checkThread() {
    Thread current = Thread.currentThread();
    Thread known = owner;
    if (known == null) {
      synchronized (this) {
        if (owner == null) {
          owner = current;
        }
        known = owner;
      }
    }
    if (known != current) {
      throw new IllegalStateException(
          "this reader belongs to thread "
              + Objects.requireNonNull(known).getName()
              + ", which polled first; open one reader for each thread");
    }
    if ((int) STATE.getOpaque(this) != OUTSIDE) {
      throw new IllegalStateException("poll was called from inside this reader's own handler");
    }
  }

  /**
   * Messages taken: the state is HANDLING then, and never OUTSIDE in between; otherwise OUTSIDE.
   */
  private int receive(int limit, long timeoutNanos) {
    STATE.setVolatile(this, NATIVE);
    if (closeRequested) {
      STATE.setVolatile(this, OUTSIDE);
      finishIfOutside();
      return CLOSED;
    }
    int result = 0;
    try {
      result = receives.poll(index, rearm, Math.min(limit, batchLimit), timeoutNanos);
      rearm = 0;
      if (result == Receives.ERROR) {
        result = receives.lastError();
      }
    } finally {
      if (result > 0) {
        next = 0;
        count = result;
        STATE.setRelease(this, HANDLING);
      } else {
        STATE.setVolatile(this, OUTSIDE);
      }
    }
    if (result > 0) {
      cell.add(Counters.DELIVERED, result);
      cell.add(Counters.IN_FLIGHT, result);
      return result;
    }
    switch (result) {
      case 0:
        if (closeRequested) { // what has woken it
          finishIfOutside();
          return CLOSED;
        }
        return 0;
      case DISCONNECTED:
        port.disconnectedNow();
        return DISCONNECTED;
      case CLOSED:
        finishIfOutside();
        return CLOSED;
      case Receives.TOO_LARGE:
        Events.oversize(port.name());
        throw failure(
            Hresult.ERROR_INSUFFICIENT_BUFFER,
            port.name()
                + ": a message is longer than maxPayload ("
                + reception.options().maxPayload()
                + " bytes)");
      default:
        throw failure(result, port.name());
    }
  }

  private static UncheckedIOException failure(int hresult, String object) {
    FilterException cause = FilterException.of(hresult, Hresult.GET, object);
    return new UncheckedIOException(cause.getMessage(), cause);
  }

  private int handle(MessageHandler handler, int limit) {
    int handled = 0;
    try {
      do {
        handled++;
        handleNext(handler);
      } while (next < count && handled < limit && !closeRequested && !closePortAfterHandler);
    } finally {
      STATE.setVolatile(this, OUTSIDE);
      if (closePortAfterHandler) {
        closePortAfterHandler = false;
        port.closeNow();
      }
      if (closeRequested) {
        finishIfOutside();
      }
    }
    return handled;
  }

  private void handleNext(MessageHandler handler) {
    long packed = batch.get(next++);
    int slot = (int) packed;
    int length = (int) (packed >>> 32);
    message.begin(slot, length);
    boolean watched = Events.watchesHandlers();
    long begin = watched ? System.nanoTime() : 0;
    try {
      handler.onMessage(message);
    } catch (Exception e) {
      cell.add(Counters.HANDLER_ERRORS, 1);
      Events.handlerError(port.name(), e);
      if (e instanceof InterruptedException) {
        Thread.currentThread().interrupt();
      }
      throw new HandlerException(
          port.name() + ": the handler of message " + message.idForText() + " threw " + e, e);
    } catch (Error e) {
      cell.add(Counters.HANDLER_ERRORS, 1);
      Events.handlerError(port.name(), e);
      throw e;
    } finally {
      if (watched) {
        Events.handled(port.name(), begin);
      }
      if (!message.end()) {
        reception.slots().poison(slot, length);
        batch.put(rearm++, slot);
      }
    }
  }

  // ---- for the message at hand

  /** Enters native code from the handler, unless the port is closed; then {@link #leaveReply}. */
  boolean enterReply() {
    STATE.setVolatile(this, NATIVE);
    if (port.isClosed()) {
      STATE.setRelease(this, HANDLING);
      return false;
    }
    return true;
  }

  void leaveReply() {
    STATE.setRelease(this, HANDLING);
  }

  boolean isOwner(Thread thread) {
    return owner == thread;
  }

  void settle(int kind) {
    cell.add(kind, 1);
    cell.add(Counters.IN_FLIGHT, -1);
  }

  void deferRefused() {
    cell.add(Counters.DEFER_REFUSED, 1);
    Events.deferExhausted(port.name());
  }

  // ---- others

  @Override
  public void wakeup() {
    if (port.enter()) {
      try {
        receives.wakeup(index);
      } finally {
        port.leave();
      }
    }
  }

  @Override
  public ByteBuffer arena() {
    return reception.map().arena().duplicate().order(ByteOrder.LITTLE_ENDIAN);
  }

  @Override
  public boolean pinned() {
    return receives.pinned();
  }

  // ---- closing

  @Override
  public void close() {
    closeRequested = true;
    if (isOwner(Thread.currentThread())) {
      finishIfOutside();
      return;
    }
    long deadline = System.nanoTime() + reception.options().closeTimeout().toNanos();
    long pause = 50_000;
    while (!finished.get() && (int) STATE.getVolatile(this) != OUTSIDE) {
      wakeup();
      if (System.nanoTime() - deadline > 0) {
        return; // its handler is still running; it ends when that returns
      }
      LockSupport.parkNanos(this, pause);
      pause = Math.min(pause * 2, 10_000_000);
    }
    finishIfOutside();
  }

  void requestClose() {
    closeRequested = true;
  }

  boolean isInsideNative() {
    return (int) STATE.getVolatile(this) == NATIVE;
  }

  boolean closePortAfterHandler(Thread thread) {
    if (owner != thread || (int) STATE.getOpaque(this) == OUTSIDE) {
      return false;
    }
    closePortAfterHandler = true;
    return true;
  }

  /**
   * Gives back what the reader holds, once, unless its thread is inside. It asks again when it
   * leaves.
   */
  void finishIfOutside() {
    if (!closeRequested && !port.isClosed()) {
      return;
    }
    if ((int) STATE.getVolatile(this) != OUTSIDE || !finished.compareAndSet(false, true)) {
      return;
    }
    boolean open = port.enter();
    try {
      while (next < count) {
        int slot = (int) batch.get(next++);
        reception.counters().settle(open ? answerUnhandled(slot) : Counters.DISCONNECTED);
        batch.put(rearm++, slot);
      }
      for (int i = 0; open && i < rearm; i++) {
        receives.rearm((int) batch.get(i));
      }
      rearm = 0;
    } finally {
      if (open) {
        port.leave();
      }
    }
    port.readerEnded();
  }

  private int answerUnhandled(int slot) {
    int replyLength = reception.map().readReplyLength(slot);
    return replyLength == 0 ? Counters.ONE_WAY : reception.answerByFallback(slot, replyLength);
  }
}
