// SPDX-License-Identifier: Apache-2.0
package io.github.filterport.bench.result;

import java.util.List;
import java.util.Map;

/**
 * Times of messages, from several rounds.
 *
 * @param id unique, for instance {@code round-trip/java-adaptive/two-cores}
 * @param group what it belongs to, for instance {@code round-trip}
 * @param subject who answered
 * @param placement on which cores
 * @param conditions everything else that was set, by name
 * @param rounds one entry for each round, in the order of the run
 * @param p50 median of the rounds' medians, nanoseconds
 * @param p99 median of the rounds' 99th percentiles, nanoseconds
 * @param perSecond median of the rounds' messages a second
 * @param percentiles of all rounds together: percentile, nanoseconds
 */
public record Measurement(
    String id,
    String group,
    String subject,
    String placement,
    Map<String, Object> conditions,
    List<Round> rounds,
    double p50,
    double p99,
    double perSecond,
    List<List<Double>> percentiles) {
  /** One round: times in nanoseconds, 0 where they were not taken. */
  public record Round(
      long messages,
      double p50,
      double p90,
      double p99,
      double p999,
      double max,
      double perSecond) {}
}
