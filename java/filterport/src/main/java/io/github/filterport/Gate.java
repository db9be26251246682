// SPDX-License-Identifier: Apache-2.0
package io.github.filterport;

import java.util.concurrent.atomic.AtomicInteger;

/** Counts the threads inside native code, and lets none in any more once it is closed. */
final class Gate {
  private static final int CLOSED = Integer.MIN_VALUE;

  private final AtomicInteger state = new AtomicInteger();

  /** Whether the caller may go in; it must then {@link #leave}. */
  boolean enter() {
    if (state.getAndIncrement() >= 0) {
      return true;
    }
    state.getAndDecrement();
    return false;
  }

  void leave() {
    state.getAndDecrement();
  }

  void close() {
    state.getAndUpdate(value -> value | CLOSED);
  }

  /** Whether nobody is inside. A thread that is being refused counts for a moment. */
  boolean isEmpty() {
    return (state.get() & ~CLOSED) == 0;
  }
}
