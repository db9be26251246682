// SPDX-License-Identifier: Apache-2.0
package io.github.filterport.bench.measure;

import io.github.filterport.bench.result.Measurement;
import java.util.Locale;

/** Findings in a line, for the log. */
final class Describe {
  private Describe() {}

  static String latency(Measurement one) {
    return String.format(
        Locale.ROOT,
        "%-52s p50 %9.2f us  p99 %9.2f us  %10.0f /s",
        one.id(),
        one.p50() / 1000,
        one.p99() / 1000,
        one.perSecond());
  }

  static String rate(Measurement one) {
    return String.format(Locale.ROOT, "%-52s %8.3f M/s", one.id(), one.perSecond() / 1e6);
  }
}
