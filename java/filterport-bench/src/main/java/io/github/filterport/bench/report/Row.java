// SPDX-License-Identifier: Apache-2.0
package io.github.filterport.bench.report;

import io.github.filterport.bench.measure.Findings;
import io.github.filterport.bench.result.Measurement;
import io.github.filterport.bench.result.Target;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.function.ToDoubleFunction;

/** Builds one row of the targets from its parts. A part that was not measured is not met. */
final class Row {
  private final int number;
  private final String title;
  private final String target;
  private final Findings findings;
  private final List<String> measured = new ArrayList<>();
  private final List<String> reasons = new ArrayList<>();

  Row(int number, String title, String target, Findings findings) {
    this.number = number;
    this.title = title;
    this.target = target;
    this.findings = findings;
  }

  Row p50AtMost(String part, String numerator, String denominator, double limit) {
    return ratio(part + " p50", numerator, denominator, Measurement.Round::p50, limit, true);
  }

  Row p99AtMost(String part, String numerator, String denominator, double limit) {
    return ratio(part + " p99", numerator, denominator, Measurement.Round::p99, limit, true);
  }

  Row p50AtLeast(String part, String numerator, String denominator, double limit) {
    return ratio(part + " p50", numerator, denominator, Measurement.Round::p50, limit, false);
  }

  /** Messages a second, one by the other. */
  Row rateAtLeast(String part, String numerator, String denominator, double limit) {
    return ratio(part, numerator, denominator, Measurement.Round::perSecond, limit, false);
  }

  private Row ratio(
      String part,
      String numerator,
      String denominator,
      ToDoubleFunction<Measurement.Round> of,
      double limit,
      boolean most) {
    OptionalDouble ratio = findings.ratio(numerator, denominator, of);
    if (ratio.isEmpty()) {
      return missing(part, numerator, denominator);
    }
    return value(part, ratio.getAsDouble(), limit, most, absolute(numerator, denominator, of));
  }

  private Measurement.Round summary(String id) {
    Measurement one = findings.measurement(id).orElseThrow();
    return new Measurement.Round(0, one.p50(), 0, one.p99(), 0, 0, one.perSecond());
  }

  private String absolute(
      String numerator, String denominator, ToDoubleFunction<Measurement.Round> of) {
    double above = of.applyAsDouble(summary(numerator));
    double below = of.applyAsDouble(summary(denominator));
    return String.format(Locale.ROOT, "%s by %s", figure(above), figure(below));
  }

  private static String figure(double value) {
    return String.format(Locale.ROOT, value >= 1e5 ? "%.4g" : "%.0f", value);
  }

  /** A number with its limit. */
  Row value(String part, double value, double limit, boolean most, String explanation) {
    String words = (part.strip() + String.format(Locale.ROOT, " %.3g", value)).strip();
    measured.add(words);
    boolean met = most ? value <= limit : value >= limit;
    if (!met) {
      reasons.add(
          String.format(
              Locale.ROOT,
              "%s is %s %.3g (%s)",
              words,
              most ? "over" : "under",
              limit,
              explanation));
    }
    return this;
  }

  /** 99th percentile by what would be ideal. */
  Row p99AtMost(String part, String id, double ideal, double limit) {
    Optional<Measurement> one = findings.measurement(id);
    if (one.isEmpty()) {
      return missing(part + " p99", id);
    }
    return value(
        part + " p99",
        one.get().p99() / ideal,
        limit,
        true,
        figure(one.get().p99()) + " by " + figure(ideal) + "; p50 is " + figure(one.get().p50()));
  }

  /** The same, for information. */
  Row alsoP99(String part, String id, double ideal) {
    findings
        .measurement(id)
        .ifPresent(
            one ->
                measured.add(String.format(Locale.ROOT, "(%s p99 %.3g)", part, one.p99() / ideal)));
    return this;
  }

  /** A ratio of medians, for information. */
  Row alsoRatio(String part, String numerator, String denominator) {
    findings
        .ratio(numerator, denominator, Measurement.Round::p50)
        .ifPresent(
            ratio -> measured.add(String.format(Locale.ROOT, "(to %s p50 %.3g)", part, ratio)));
    return this;
  }

  /** A rate and its ratio to another, for information. */
  Row alsoRate(String part, String numerator, String denominator) {
    findings
        .ratio(numerator, denominator, Measurement.Round::perSecond)
        .ifPresent(
            ratio ->
                measured.add(
                    String.format(
                        Locale.ROOT,
                        "(%s %.3g, %.3g M/s)",
                        part,
                        ratio,
                        summary(numerator).perSecond() / 1e6)));
    return this;
  }

  /** Messages a second, in millions. */
  Row millionsAtLeast(String part, String id, double limit) {
    Optional<Measurement> one = findings.measurement(id);
    return one.isEmpty()
        ? missing(part, id)
        : value(part, one.get().perSecond() / 1e6, limit, false, id);
  }

  /** A number with its limit. */
  Row reading(String part, String id, double limit, boolean most) {
    OptionalDouble reading = findings.reading(id);
    return reading.isEmpty()
        ? missing(part, id)
        : value(part, reading.getAsDouble(), limit, most, id);
  }

  /** A number without a limit, which only has to be there. */
  Row stated(String part, String id) {
    OptionalDouble reading = findings.reading(id);
    if (reading.isEmpty()) {
      return missing(part, id);
    }
    measured.add(String.format(Locale.ROOT, "%s %.0f", part, reading.getAsDouble()));
    return this;
  }

  /** A part without a measurement. */
  Row missing(String part, String... ids) {
    measured.add((part.strip() + " –").strip());
    for (String id : ids) {
      if (findings.measurement(id).isEmpty() && findings.reading(id).isEmpty()) {
        reasons.add(
            (part.strip() + " not measured: " + findings.reason(id).orElse("no " + id)).strip());
        break;
      }
    }
    return this;
  }

  Target target() {
    return new Target(
        number,
        title,
        target,
        String.join("; ", measured),
        reasons.isEmpty(),
        String.join("; ", reasons));
  }
}
