// SPDX-License-Identifier: Apache-2.0
package io.github.filterport.bench.result;

import io.github.filterport.bench.run.Sample;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.ToDoubleFunction;
import org.HdrHistogram.Histogram;

/** Gathers the rounds of one measurement. */
public final class Series {
  private static final double[] PERCENTILES = {
    0, 10, 25, 50, 75, 90, 95, 99, 99.5, 99.9, 99.99, 100
  };

  private final String group;
  private final String subject;
  private final String placement;
  private final Map<String, Object> conditions = new TreeMap<>();
  private final List<Measurement.Round> rounds = new ArrayList<>();
  private final Histogram all = new Histogram(1L << 36, 3);

  /** Nothing measured yet. */
  public Series(String group, String subject, String placement) {
    this.group = group;
    this.subject = subject;
    this.placement = placement;
    all.setAutoResize(true);
  }

  /** Something that was set; it becomes part of the id. */
  public Series with(String name, Object value) {
    conditions.put(name, value);
    return this;
  }

  /** One more round. */
  public void add(Sample sample) {
    Histogram times = sample.times();
    all.add(times);
    rounds.add(
        new Measurement.Round(
            sample.messages(),
            times.getValueAtPercentile(50),
            times.getValueAtPercentile(90),
            times.getValueAtPercentile(99),
            times.getValueAtPercentile(99.9),
            times.getTotalCount() == 0 ? 0 : times.getMaxValue(),
            sample.perSecond()));
  }

  /** All rounds. */
  public Measurement measurement() {
    List<List<Double>> percentiles = new ArrayList<>();
    for (double percentile : PERCENTILES) {
      percentiles.add(List.of(percentile, (double) all.getValueAtPercentile(percentile)));
    }
    return new Measurement(
        id(group, subject, placement, conditions),
        group,
        subject,
        placement,
        conditions,
        rounds,
        median(Measurement.Round::p50),
        median(Measurement.Round::p99),
        median(Measurement.Round::perSecond),
        percentiles);
  }

  /** group/subject/placement/name=value... */
  public static String id(
      String group, String subject, String placement, Map<String, Object> conditions) {
    StringBuilder id = new StringBuilder(group + "/" + subject + "/" + placement);
    conditions.forEach((name, value) -> id.append('/').append(name).append('=').append(value));
    return id.toString();
  }

  private double median(ToDoubleFunction<Measurement.Round> of) {
    return Numbers.median(rounds.stream().mapToDouble(of).toArray());
  }
}
