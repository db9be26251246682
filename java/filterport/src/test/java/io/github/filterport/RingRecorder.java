// SPDX-License-Identifier: Apache-2.0
package io.github.filterport;

import java.util.ArrayList;
import java.util.List;

/** Keeps what a test driver's ring gave: numbers and gaps. */
final class RingRecorder implements EventHandler {
  final List<Long> sequences = new ArrayList<>();
  final List<Long> numbers = new ArrayList<>();
  final List<EventGap> gaps = new ArrayList<>();

  /** The next sequence number that neither an event nor a gap has had; 0: any. */
  long next;

  @Override
  public void onEvent(Event event) {
    follow(event.sequence(), event.sequence());
    sequences.add(event.sequence());
    numbers.add(event.getLong(0));
    byte filling = (byte) event.getLong(0);
    for (int i = 8; i < event.length(); i++) {
      if (event.getByte(i) != filling) {
        throw new AssertionError("event " + event + ": byte " + i + " is " + event.getByte(i));
      }
    }
  }

  @Override
  public void onGap(EventGap gap) {
    follow(gap.first(), gap.last());
    gaps.add(gap);
  }

  private void follow(long first, long last) {
    if (next != 0 && first != next) {
      throw new AssertionError("number " + first + " comes where " + next + " was next");
    }
    next = last + 1;
  }
}
