// SPDX-License-Identifier: Apache-2.0
package io.github.filterport.bench.run;

import java.io.IOException;
import org.HdrHistogram.Histogram;

/**
 * What one round gave.
 *
 * @param times of each message in nanoseconds, on the sender's side; empty if they were not taken
 * @param messages in the recorded part
 * @param nanos length of the recorded part
 */
public record Sample(Histogram times, long messages, long nanos) {
  /** From a line of a peer: result SENT ELAPSED MAXIMUM BUCKET:COUNT... */
  static Sample parse(String line) throws IOException {
    String[] words = line.split(" ", -1);
    if (!words[0].equals("result") || words.length < 4) {
      throw new IOException("a peer said " + line);
    }
    Histogram times = RawHistogram.empty();
    for (int i = 4; i < words.length; i++) {
      int colon = words[i].indexOf(':');
      RawHistogram.add(
          times,
          Integer.parseInt(words[i].substring(0, colon)),
          Long.parseLong(words[i].substring(colon + 1)));
    }
    return new Sample(times, Long.parseLong(words[1]), Long.parseLong(words[2]));
  }

  /** Messages a second. */
  public double perSecond() {
    return nanos == 0 ? 0 : messages * 1e9 / nanos;
  }
}
