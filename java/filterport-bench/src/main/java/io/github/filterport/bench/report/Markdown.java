// SPDX-License-Identifier: Apache-2.0
package io.github.filterport.bench.report;

import io.github.filterport.bench.result.Measurement;
import io.github.filterport.bench.result.Reading;
import io.github.filterport.bench.result.Results;
import io.github.filterport.bench.result.Target;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/** Tables in Markdown. */
public final class Markdown {
  private Markdown() {}

  /** target × measured × met, and why not. */
  public static String targets(List<Target> targets) {
    StringBuilder text =
        new StringBuilder(
            "| # | | target | measured | met | why not |\n|---|---|---|---|---|---|\n");
    for (Target one : targets) {
      text.append(
          String.format(
              "| %d | %s | %s | %s | %s | %s |%n",
              one.row(),
              one.title(),
              one.target(),
              one.measured(),
              one.met() ? "yes" : "no",
              one.reason()));
    }
    return text.toString();
  }

  /** Every measurement and number, group by group. */
  public static String figures(Results results) {
    StringBuilder text = new StringBuilder();
    results.measurements().stream()
        .map(Measurement::group)
        .distinct()
        .forEach(
            group -> {
              text.append("\n### ").append(group).append("\n\n");
              text.append(
                  "| | cores | | p50 µs | p99 µs | a second |\n|---|---|---|---|---|---|\n");
              results.measurements().stream()
                  .filter(one -> one.group().equals(group))
                  .forEach(one -> text.append(line(one)));
            });
    results.readings().stream()
        .map(Reading::group)
        .distinct()
        .forEach(
            group -> {
              text.append("\n### ")
                  .append(group)
                  .append("\n\n| | | value | unit |\n|---|---|---|---|\n");
              results.readings().stream()
                  .filter(one -> one.group().equals(group))
                  .forEach(
                      one ->
                          text.append(
                              String.format(
                                  Locale.ROOT,
                                  "| %s | %s | %.4g | %s |%n",
                                  one.subject(),
                                  words(one.conditions()),
                                  one.value(),
                                  one.unit())));
            });
    if (!results.absent().isEmpty()) {
      text.append("\n### Not measured\n\n");
      results
          .absent()
          .forEach(
              one ->
                  text.append("- ")
                      .append(one.id())
                      .append(": ")
                      .append(one.reason())
                      .append('\n'));
    }
    return text.toString();
  }

  private static String line(Measurement one) {
    return String.format(
        Locale.ROOT,
        "| %s | %s | %s | %s | %s | %,.0f |%n",
        one.subject(),
        one.placement().replace('-', ' '),
        words(one.conditions()),
        micros(one.p50()),
        micros(one.p99()),
        one.perSecond());
  }

  private static String micros(double nanos) {
    return nanos == 0 ? "–" : String.format(Locale.ROOT, "%.2f", nanos / 1000);
  }

  private static String words(Map<String, Object> conditions) {
    return conditions.entrySet().stream()
        .map(one -> one.getKey() + " " + one.getValue())
        .collect(Collectors.joining(", "));
  }

  /** The last line of a run. */
  public static String verdict(Results results) {
    return String.format(
        "bench: targets met %d of %d",
        results.targets().stream().filter(Target::met).count(), results.targets().size());
  }
}
