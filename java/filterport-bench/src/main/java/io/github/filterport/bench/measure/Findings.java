// SPDX-License-Identifier: Apache-2.0
package io.github.filterport.bench.measure;

import io.github.filterport.bench.result.Absent;
import io.github.filterport.bench.result.Measurement;
import io.github.filterport.bench.result.Numbers;
import io.github.filterport.bench.result.Reading;
import io.github.filterport.bench.result.Series;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.function.ToDoubleFunction;

/** What a run has found so far. */
public final class Findings {
  private final List<Measurement> measurements = new ArrayList<>();
  private final List<Reading> readings = new ArrayList<>();
  private final List<Absent> absent = new ArrayList<>();

  /** Adds what those rounds gave. */
  public void addAll(Collection<Series> series) {
    series.forEach(one -> measurements.add(one.measurement()));
  }

  /** Adds a number. */
  public void add(
      String group, String subject, String unit, double value, Map<String, Object> conditions) {
    StringBuilder id = new StringBuilder(group + "/" + subject);
    conditions.forEach((name, set) -> id.append('/').append(name).append('=').append(set));
    readings.add(new Reading(id.toString(), group, subject, unit, value, conditions));
  }

  /** Notes that something could not be measured. */
  public void absent(String id, String reason) {
    absent.add(new Absent(id, reason));
    System.out.println("  left out: " + id + ": " + reason);
  }

  /** All times of messages. */
  public List<Measurement> measurements() {
    return measurements;
  }

  /** All numbers. */
  public List<Reading> readings() {
    return readings;
  }

  /** All that is missing. */
  public List<Absent> absent() {
    return absent;
  }

  /** The measurement of that id. */
  public Optional<Measurement> measurement(String id) {
    return measurements.stream().filter(one -> one.id().equals(id)).findFirst();
  }

  /** The number of that id. */
  public OptionalDouble reading(String id) {
    return readings.stream()
        .filter(one -> one.id().equals(id))
        .mapToDouble(Reading::value)
        .findFirst();
  }

  /** Why something is missing. */
  public Optional<String> reason(String id) {
    return absent.stream().filter(one -> id.startsWith(one.id())).map(Absent::reason).findFirst();
  }

  /** Median over the rounds, which were interleaved, of one measurement divided by another. */
  public OptionalDouble ratio(
      String numerator, String denominator, ToDoubleFunction<Measurement.Round> of) {
    Optional<Measurement> above = measurement(numerator);
    Optional<Measurement> below = measurement(denominator);
    if (above.isEmpty() || below.isEmpty()) {
      return OptionalDouble.empty();
    }
    List<Measurement.Round> a = above.get().rounds();
    List<Measurement.Round> b = below.get().rounds();
    double[] ratios = new double[Math.min(a.size(), b.size())];
    for (int i = 0; i < ratios.length; i++) {
      ratios[i] = of.applyAsDouble(a.get(i)) / of.applyAsDouble(b.get(i));
    }
    return ratios.length == 0 ? OptionalDouble.empty() : OptionalDouble.of(Numbers.median(ratios));
  }
}
