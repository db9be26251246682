// SPDX-License-Identifier: Apache-2.0
package io.github.filterport.bench.run;

import org.HdrHistogram.Histogram;

/** Reads the counts of native/common/histogram.h. */
final class RawHistogram {
  static final int SUB_BITS = 7;
  static final int LARGEST_BITS = 36;
  static final int BUCKETS = (LARGEST_BITS - SUB_BITS + 1) << SUB_BITS;
  private static final int SUB_COUNT = 1 << SUB_BITS;

  private RawHistogram() {}

  /** Nanoseconds in the middle of a bucket. */
  static long value(int bucket) {
    if (bucket < SUB_COUNT) {
      return bucket;
    }
    int shift = (bucket >> SUB_BITS) - 1;
    long low = (long) (SUB_COUNT + (bucket & (SUB_COUNT - 1))) << shift;
    return low + ((1L << shift) >> 1);
  }

  static Histogram empty() {
    Histogram histogram = new Histogram(1L << LARGEST_BITS, 3);
    histogram.setAutoResize(true);
    return histogram;
  }

  static void add(Histogram histogram, int bucket, long count) {
    if (count != 0) {
      histogram.recordValueWithCount(value(bucket), count);
    }
  }
}
