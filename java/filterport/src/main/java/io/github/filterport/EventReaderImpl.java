// SPDX-License-Identifier: Apache-2.0
package io.github.filterport;

import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Reads a ring. It sleeps in a poll of the connection's receives, where the driver's wake-up
 * message comes, and with it everything else that ends a wait: the port's end, close, wakeup.
 *
 * <p>One more receive is pending than a poll can have taken and not yet armed again, so a wake-up
 * always finds one.
 */
final class EventReaderImpl implements EventReader {
  private static final int RECEIVES = 4;
  private static final int WAKE_BYTES = 64;
  private static final MessageHandler IGNORE = message -> {};

  /** How many polls without waiting and without an event lie between two looks at the port. */
  private static final int LOOK_EVERY = 64;

  /** As in the native waits: so many misses, then only one trial in so many sleeps. */
  private static final int SPIN_MISSES = 4;

  private static final int SPIN_TRIAL_EVERY = 64;

  private final PortImpl port;
  private final RingMap ring;
  private final MessageReader receives;
  private final ByteBuffer data;
  private final int mask;
  private final EventImpl event;
  private final long spinNanos;

  private volatile @Nullable Thread owner;
  private volatile boolean closed;
  private @Nullable String defect;
  private boolean handling;
  private long position;
  private long expected;
  private long committed;
  private boolean resuming;
  private long sleeps;
  private int misses;
  private int idlePolls;

  private EventReaderImpl(PortImpl port, RingMap ring, MessageReader receives, WaitPolicy wait) {
    this.port = port;
    this.ring = ring;
    this.receives = receives;
    this.data = ring.data();
    this.mask = data.capacity() - 1;
    this.event = new EventImpl(data);
    this.spinNanos = Runtime.getRuntime().availableProcessors() > 1 ? wait.spinNanos() : 0;
    this.position = ring.start();
    this.committed = position;
    this.resuming = position != 0;
    this.expected = firstExpected(ring);
    ring.awake();
  }

  static EventReaderImpl open(PortImpl port, ByteBuffer request, WaitPolicy wait)
      throws FilterException {
    ByteBuffer answer =
        ByteBuffer.allocateDirect(RingMap.Views.LENGTH).order(ByteOrder.LITTLE_ENDIAN);
    int length = port.send(request, answer);
    RingMap ring = RingMap.of(answer, length, port.name());
    ReceiveOptions options =
        ReceiveOptions.defaults()
            .withMaxDeferred(0)
            .withInFlight(RECEIVES)
            .withPayload(WAKE_BYTES)
            .withWaitPolicy(wait);
    MessageReader receives = port.openReaders(1, options).get(0);
    return new EventReaderImpl(port, ring, receives, wait);
  }

  /** 0: not known, since what the reader before has left does not fit together. */
  private static long firstExpected(RingMap ring) {
    if (ring.start() == 0) {
      return 1;
    }
    boolean known = ring.committedPosition() == ring.start() && ring.committedSequence() > 0;
    return known ? ring.committedSequence() + 1 : 0;
  }

  // ---- polling

  @Override
  public int poll(EventHandler handler, int limit) {
    return poll(handler, limit, 0);
  }

  @Override
  public int poll(EventHandler handler, int limit, long timeoutNanos) {
    Objects.requireNonNull(handler, "handler");
    if (limit < 1) {
      throw new IllegalArgumentException("limit must be at least 1, got " + limit);
    }
    if (timeoutNanos < 0) {
      throw new IllegalArgumentException("timeoutNanos must not be negative, got " + timeoutNanos);
    }
    checkThread();
    if (handling) {
      throw new IllegalStateException("poll was called from inside this reader's own handler");
    }
    if (isClosed()) {
      return CLOSED;
    }
    if (defect != null) {
      throw broken(defect);
    }
    boolean over = ring.isClosed();
    int count = drain(handler, limit);
    if (count != 0) {
      idlePolls = 0;
      return count;
    }
    if (over) {
      return end();
    }
    return timeoutNanos == 0 ? look(handler, limit) : await(handler, limit, timeoutNanos);
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
              + ", which polled first; a ring has one reader");
    }
  }

  /** Nothing is there and nobody waits: now and then, whether something can still come. */
  private int look(EventHandler handler, int limit) {
    if (++idlePolls % LOOK_EVERY != 0) {
      return 0;
    }
    int result = receives.poll(IGNORE, 1, 0);
    return result < 0 ? last(handler, limit, result) : 0;
  }

  /** The port has ended: what it left, and only then that it has. */
  private int last(EventHandler handler, int limit, int result) {
    int count = result == DISCONNECTED ? drain(handler, limit) : 0;
    return count != 0 ? count : end();
  }

  private boolean isClosed() {
    return closed || port.isClosed();
  }

  /** Closing the port makes the driver end the ring: that is no end of the driver's. */
  private int end() {
    return isClosed() ? CLOSED : DISCONNECTED;
  }

  private int await(EventHandler handler, int limit, long timeoutNanos) {
    long start = System.nanoTime();
    for (; ; ) {
      long left = FOREVER;
      if (timeoutNanos != FOREVER) {
        left = timeoutNanos - (System.nanoTime() - start);
        if (left <= 0) {
          return drain(handler, limit);
        }
      }
      int result = spin(left) ? 1 : sleep(left);
      if (result < 0) {
        return last(handler, limit, result);
      }
      boolean over = ring.isClosed();
      int count = drain(handler, limit);
      if (count != 0) {
        return count;
      }
      if (over) {
        return end();
      }
      if (result == 0) {
        return 0;
      }
    }
  }

  private boolean hasNews() {
    return isLost(ring.lost()) || ring.isClosed() || ring.published() != position;
  }

  /** Whether events up to {@code lost}, the last that was dropped, are still to be told of. */
  private boolean isLost(long lost) {
    return expected != 0 && lost >= expected;
  }

  private boolean spin(long left) {
    if (spinNanos == 0 || (misses >= SPIN_MISSES && sleeps % SPIN_TRIAL_EVERY != 0)) {
      return false;
    }
    long limit = Math.min(spinNanos, left);
    long start = System.nanoTime();
    do {
      if (ring.published() != position) {
        misses = 0;
        return true;
      }
      Thread.onSpinWait();
    } while (System.nanoTime() - start < limit);
    misses++;
    return false;
  }

  /** 1: look again; 0: the time is over or somebody called wakeup; or the port's end. */
  private int sleep(long left) {
    ring.sleeping(++sleeps);
    try {
      return hasNews() ? 1 : receives.poll(IGNORE, 1, left);
    } finally {
      ring.awake();
    }
  }

  // ---- reading

  private int drain(EventHandler handler, int limit) {
    long lost = ring.lost();
    long published = ring.published();
    long unread = published - position;
    if (unread < 0 || unread > data.capacity() || unread % RingMap.ALIGNMENT != 0) {
      throw broken("published " + published + ", read up to " + position);
    }
    int handled = 0;
    handling = true;
    try {
      while (position != published && handled < limit && !closed) {
        handled += next(handler, published);
      }
      if (position == published && isLost(lost) && handled < limit) {
        long first = expected;
        expected = lost + 1;
        handled++;
        onGap(handler, first, lost, EventGap.Reason.FULL);
      }
    } finally {
      handling = false;
    }
    return handled;
  }

  /** One record: 1 if something was handed over. Each word is read once, checked, then used. */
  private int next(EventHandler handler, long published) {
    int place = (int) position & mask;
    int length = data.getInt(place + RingMap.Header.LENGTH_OFFSET);
    int kind = data.getInt(place + RingMap.Header.KIND_OFFSET);
    long sequence = data.getLong(place + RingMap.Header.SEQUENCE_OFFSET);
    long room = Math.min(published - position, data.capacity() - place) - RingMap.Header.LENGTH;
    if (length < 0 || length > room) {
      throw broken("the event at " + position + " has " + length + " bytes, of " + room);
    }
    long behind =
        position
            + ((RingMap.Header.LENGTH + (long) length + RingMap.ALIGNMENT - 1)
                & -(long) RingMap.ALIGNMENT);
    if (kind == RingMap.Header.PADDING) {
      position = behind;
      return 0;
    }
    if (sequence != expected && skipped(handler, sequence)) {
      return 1;
    }
    position = behind;
    expected = sequence + 1;
    resuming = false;
    if (Integer.compareUnsigned(kind, RingMap.Header.FIRST_RESERVED_KIND) < 0) {
      onEvent(handler, event.at(place + RingMap.Header.LENGTH, length, kind, sequence));
    } else if (kind == RingMap.Header.TOO_LONG) {
      onGap(handler, sequence, sequence, EventGap.Reason.TOO_LONG);
    } else if (kind == RingMap.Header.NOT_MADE) {
      onGap(handler, sequence, sequence, EventGap.Reason.NOT_MADE);
    } else {
      throw broken("an event of the unknown kind " + Integer.toHexString(kind));
    }
    return 1;
  }

  /** The record at hand is not the next one. True: a gap was handed over, look at it again. */
  private boolean skipped(EventHandler handler, long sequence) {
    if (resuming && (expected == 0 || sequence < expected)) {
      return false; // what the reader before has left behind tells less than the ring
    }
    if (sequence < expected) {
      throw broken("event " + sequence + " comes where " + expected + " was next");
    }
    long first = expected;
    expected = sequence;
    onGap(handler, first, sequence - 1, EventGap.Reason.FULL);
    return true;
  }

  private void onEvent(EventHandler handler, EventImpl at) {
    try {
      handler.onEvent(at);
    } catch (Exception e) {
      throw handlerFailed("event", expected - 1, e);
    } finally {
      at.release();
    }
  }

  private void onGap(EventHandler handler, long first, long last, EventGap.Reason reason) {
    Events.ringLoss(port.name(), first, last, reason);
    try {
      handler.onGap(new EventGap(first, last, reason));
    } catch (Exception e) {
      throw handlerFailed("the gap before event", last + 1, e);
    }
  }

  private HandlerException handlerFailed(String what, long sequence, Exception e) {
    if (e instanceof InterruptedException) {
      Thread.currentThread().interrupt();
    }
    Events.handlerError(port.name(), e);
    return new HandlerException(
        port.name() + ": the handler of " + what + " " + sequence + " threw " + e, e);
  }

  /** For good: behind it nothing is certain. */
  private UncheckedIOException broken(String what) {
    defect = what;
    FilterException cause = RingMap.wrong(port.name(), what);
    return new UncheckedIOException(cause.getMessage(), cause);
  }

  // ---- the rest

  @Override
  public void commit() {
    checkThread();
    if (position != committed) {
      committed = position;
      ring.commit(position, expected - 1);
    }
  }

  @Override
  public void wakeup() {
    receives.wakeup();
  }

  @Override
  public ByteBuffer memory() {
    return data.duplicate().order(ByteOrder.LITTLE_ENDIAN);
  }

  @Override
  public long dropped() {
    return ring.dropped();
  }

  @Override
  public void close() {
    closed = true;
    receives.close();
  }

  @Override
  public String toString() {
    return "events of " + port.name() + " up to " + (expected - 1);
  }
}
