// SPDX-License-Identifier: Apache-2.0
package io.github.filterport;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.LongSupplier;

/**
 * Counters of a connection, or of all connections of a pump. Each reader has a cell that only its
 * thread writes; everybody else adds to shared ones.
 */
final class Counters implements PortCounters {
  static final int DELIVERED = 0;
  static final int ONE_WAY = 1;
  static final int REPLIED = 2;
  static final int FALLBACK = 3;
  static final int LATE = 4;
  static final int FAILED = 5;
  static final int DISCONNECTED = 6;
  static final int IN_FLIGHT = 7;
  static final int HANDLER_ERRORS = 8;
  static final int DEFER_REFUSED = 9;
  static final int OVERSIZE = 10;
  private static final int KINDS = 11;

  /** One reader's numbers, with a cache line of room on both sides. */
  static final class Cell {
    private static final VarHandle LONGS = MethodHandles.arrayElementVarHandle(long[].class);
    private static final int MARGIN = 8;

    private final long[] values = new long[MARGIN + KINDS + MARGIN];

    void add(int kind, long count) {
      long value = (long) LONGS.getOpaque(values, MARGIN + kind) + count;
      LONGS.setOpaque(values, MARGIN + kind, value);
    }

    long get(int kind) {
      return (long) LONGS.getOpaque(values, MARGIN + kind);
    }
  }

  private final CopyOnWriteArrayList<Cell> cells = new CopyOnWriteArrayList<>();
  private final LongAdder[] shared = new LongAdder[KINDS];
  private volatile LongSupplier oversizeSource = () -> 0;

  Counters() {
    for (int kind = 0; kind < KINDS; kind++) {
      shared[kind] = new LongAdder();
    }
  }

  /**
   * The cell of reader {@code index}; connections of one pump use the same one after each other.
   */
  synchronized Cell cell(int index) {
    while (cells.size() <= index) {
      cells.add(new Cell());
    }
    return cells.get(index);
  }

  /** From any thread. */
  void add(int kind, long count) {
    shared[kind].add(count);
  }

  /** One message less in flight, from any thread. */
  void settle(int kind) {
    add(kind, 1);
    add(IN_FLIGHT, -1);
  }

  /** Where the running connection's number of too small receives comes from. */
  void oversizeFrom(LongSupplier source) {
    oversizeSource = source;
  }

  /** The running connection ends: keeps its number. */
  void oversizeEnded() {
    long last = oversizeSource.getAsLong();
    oversizeSource = () -> 0;
    add(OVERSIZE, last);
  }

  private long sum(int kind) {
    long sum = shared[kind].sum();
    for (Cell cell : cells) {
      sum += cell.get(kind);
    }
    return sum;
  }

  @Override
  public long delivered() {
    return sum(DELIVERED);
  }

  @Override
  public long oneWay() {
    return sum(ONE_WAY);
  }

  @Override
  public long replied() {
    return sum(REPLIED);
  }

  @Override
  public long fallback() {
    return sum(FALLBACK);
  }

  @Override
  public long late() {
    return sum(LATE);
  }

  @Override
  public long failed() {
    return sum(FAILED);
  }

  @Override
  public long disconnected() {
    return sum(DISCONNECTED);
  }

  @Override
  public long inFlight() {
    return sum(IN_FLIGHT);
  }

  @Override
  public long handlerErrors() {
    return sum(HANDLER_ERRORS);
  }

  @Override
  public long deferRefused() {
    return sum(DEFER_REFUSED);
  }

  @Override
  public long oversize() {
    return sum(OVERSIZE) + oversizeSource.getAsLong();
  }

  @Override
  public String toString() {
    return String.format(
        "delivered=%d oneWay=%d replied=%d fallback=%d late=%d failed=%d disconnected=%d inFlight=%d"
            + " handlerErrors=%d deferRefused=%d oversize=%d",
        delivered(),
        oneWay(),
        replied(),
        fallback(),
        late(),
        failed(),
        disconnected(),
        inFlight(),
        handlerErrors(),
        deferRefused(),
        oversize());
  }
}
