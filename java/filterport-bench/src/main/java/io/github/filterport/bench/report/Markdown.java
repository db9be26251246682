// SPDX-License-Identifier: Apache-2.0
package io.github.filterport.bench.report;

import io.github.filterport.bench.result.Results;
import io.github.filterport.bench.result.Target;
import java.util.List;

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

  /** The last line of a run. */
  public static String verdict(Results results) {
    return String.format(
        "bench: targets met %d of %d",
        results.targets().stream().filter(Target::met).count(), results.targets().size());
  }
}
