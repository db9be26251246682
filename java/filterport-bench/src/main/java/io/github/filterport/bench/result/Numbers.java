// SPDX-License-Identifier: Apache-2.0
package io.github.filterport.bench.result;

import java.util.Arrays;

/** Arithmetic on results. */
public final class Numbers {
  private Numbers() {}

  /** The middle value, or the mean of the two middle ones; 0 of nothing. */
  public static double median(double... values) {
    if (values.length == 0) {
      return 0;
    }
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    int middle = sorted.length / 2;
    return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
  }
}
