// SPDX-License-Identifier: Apache-2.0
package io.github.filterport.bench.peer;

import org.HdrHistogram.Histogram;
import org.HdrHistogram.HistogramIterationValue;

/** A Java sender's answer, in the words and buckets of native/common. */
final class HistogramLine {
  private static final int SUB_BITS = 7;

  private HistogramLine() {}

  static String of(Histogram times, long elapsed) {
    StringBuilder line =
        new StringBuilder(
            "result " + times.getTotalCount() + " " + elapsed + " " + times.getMaxValue());
    for (HistogramIterationValue one : times.recordedValues()) {
      line.append(' ')
          .append(bucket(one.getValueIteratedTo()))
          .append(':')
          .append(one.getCountAddedInThisIterationStep());
    }
    return line.toString();
  }

  private static int bucket(long value) {
    if (value < 1 << SUB_BITS) {
      return (int) value;
    }
    int shift = 63 - Long.numberOfLeadingZeros(value) - SUB_BITS;
    return ((shift + 1) << SUB_BITS) + (int) ((value >> shift) - (1 << SUB_BITS));
  }
}
