// SPDX-License-Identifier: Apache-2.0
package io.github.filterport;

import java.util.Objects;

/**
 * Events that the driver had and that this reader will never see.
 *
 * @param first the sequence number of the first of them
 * @param last that of the last; not less than first
 * @param reason why
 */
public record EventGap(long first, long last, Reason reason) {
  /** Why events were lost. */
  public enum Reason {
    /** The ring was full: read faster, commit more often, or ask the driver for a larger ring. */
    FULL,
    /** The event was longer than the ring takes. */
    TOO_LONG,
    /** The driver could not make the event, for instance for want of memory. */
    NOT_MADE
  }

  /** Checks the arguments. */
  public EventGap {
    Objects.requireNonNull(reason, "reason");
    if (last < first) {
      throw new IllegalArgumentException(
          "last must not be less than first, got " + first + " to " + last);
    }
  }

  /** How many events. */
  public long count() {
    return last - first + 1;
  }
}
