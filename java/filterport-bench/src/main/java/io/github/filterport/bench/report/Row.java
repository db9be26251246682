// SPDX-License-Identifier: Apache-2.0
package io.github.filterport.bench.report;

import io.github.filterport.bench.measure.Findings;
import io.github.filterport.bench.result.Measurement;
import io.github.filterport.bench.result.Target;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
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
    String absolute =
        of.applyAsDouble(summary(numerator)) >= 0 ? absolute(numerator, denominator, of) : "";
    return value(part, ratio.getAsDouble(), limit, most, absolute);
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

  /** What is known beside the limit. */
  Row also(String words) {
    measured.add(words);
    return this;
  }

  /** A part without a measurement. */
  Row missing(String part, String... ids) {
    measured.add((part.strip() + " –").strip());
    for (String id : ids) {
      if (findings.measurement(id).isEmpty()) {
        reasons.add(
            (part.strip() + " not measured: " + findings.reason(id).orElse("no " + id)).strip());
        break;
      }
    }
    return this;
  }

  Row unmet(String reason) {
    reasons.add(reason);
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
