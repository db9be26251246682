// SPDX-License-Identifier: Apache-2.0
package io.github.filterport;

import java.time.Duration;

/** How a reader waits for messages. Immutable. */
public final class WaitPolicy {
  private static final long DEFAULT_SPIN_NANOS = 20_000;
  private static final long MAX_SPIN_NANOS = 1_000_000;
  private static final WaitPolicy BLOCK = new WaitPolicy(0);
  private static final WaitPolicy ADAPTIVE = new WaitPolicy(DEFAULT_SPIN_NANOS);

  private final long spinNanos;

  private WaitPolicy(long spinNanos) {
    this.spinNanos = spinNanos;
  }

  /** Sleeps at once. Least processor time; a wake-up costs some tens of microseconds. */
  public static WaitPolicy block() {
    return BLOCK;
  }

  /**
   * Spins while that pays, at most 20 microseconds, then sleeps. The default. It learns: where
   * spinning does not pay, or where there is one processor, it sleeps at once.
   */
  public static WaitPolicy adaptive() {
    return ADAPTIVE;
  }

  /**
   * As {@link #adaptive()} with another limit.
   *
   * @param spinLimit from 0 to 1 millisecond
   */
  public static WaitPolicy adaptive(Duration spinLimit) {
    if (spinLimit.isNegative() || spinLimit.compareTo(Duration.ofNanos(MAX_SPIN_NANOS)) > 0) {
      throw new IllegalArgumentException("spinLimit must be between 0 and 1 ms, got " + spinLimit);
    }
    return new WaitPolicy(spinLimit.toNanos());
  }

  /** The longest time to spin. Zero: sleep at once. */
  public Duration spinLimit() {
    return Duration.ofNanos(spinNanos);
  }

  int spinNanos() {
    return (int) spinNanos;
  }

  @Override
  public String toString() {
    return spinNanos == 0 ? "block" : "adaptive, at most " + spinNanos + " ns";
  }
}
