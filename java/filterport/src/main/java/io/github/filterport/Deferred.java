// SPDX-License-Identifier: Apache-2.0
package io.github.filterport;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * The deferred messages of a connection, by slot, and the thread that answers forgotten ones. Time
 * limits are all of one length, so a message that is added never ends before those already there:
 * the thread is woken only when it waits without a limit.
 */
final class Deferred {
  private final Reception reception;
  private final AtomicReferenceArray<@Nullable PendingReplyImpl> bySlot;
  private final AtomicInteger count = new AtomicInteger();
  private volatile boolean closed;
  private volatile boolean idle;
  private volatile @Nullable Thread timer;

  Deferred(Reception reception) {
    this.reception = reception;
    this.bySlot = new AtomicReferenceArray<>(reception.map().slotCount());
  }

  /** Takes one of maxDeferred places; then {@link #add}. */
  boolean reserve() {
    int most = reception.options().maxDeferred();
    for (; ; ) {
      int current = count.get();
      if (current >= most) {
        return false;
      }
      if (count.compareAndSet(current, current + 1)) {
        return true;
      }
    }
  }

  void add(int slot, PendingReplyImpl pending) {
    bySlot.set(slot, pending);
    Thread thread = timer;
    if (thread == null) {
      thread = startTimer();
    }
    if (idle) {
      LockSupport.unpark(thread);
    }
    if (closed) {
      pending.abandon();
    }
  }

  /** A message has ended; called once for each, before its slot is given back. */
  void settle(int slot, int kind) {
    bySlot.set(slot, null);
    reception.counters().settle(kind);
    count.decrementAndGet();
  }

  int count() {
    return count.get();
  }

  void close() {
    closed = true;
    for (int slot = 0; slot < bySlot.length(); slot++) {
      PendingReplyImpl pending = bySlot.get(slot);
      if (pending != null) {
        pending.abandon();
      }
    }
    LockSupport.unpark(timer);
  }

  private synchronized Thread startTimer() {
    Thread thread = timer;
    if (thread == null) {
      thread = new Thread(this::run, "filterport-defer-" + Names.of(reception.port().name()));
      thread.setDaemon(true);
      timer = thread;
      thread.start();
    }
    return thread;
  }

  private void run() {
    while (!closed) {
      idle = true;
      long wait = expireDue();
      if (wait == Long.MAX_VALUE) {
        LockSupport.park(this);
      } else if (wait > 0) {
        idle = false;
        LockSupport.parkNanos(this, wait);
      }
    }
  }

  /** Answers what is due; how long until the next is, Long.MAX_VALUE if there is none. */
  private long expireDue() {
    long wait = Long.MAX_VALUE;
    for (int slot = 0; slot < bySlot.length(); slot++) {
      PendingReplyImpl pending = bySlot.get(slot);
      if (pending != null) {
        long left = pending.deadline() - System.nanoTime();
        if (left <= 0) {
          pending.expire();
        } else {
          wait = Math.min(wait, left);
        }
      }
    }
    return wait;
  }
}
