// SPDX-License-Identifier: Apache-2.0
package io.github.filterport.bench.measure;

import io.github.filterport.bench.run.Launcher;
import io.github.filterport.bench.run.Manager;
import java.nio.file.Path;

/**
 * What every scenario gets.
 *
 * @param manager that sends
 * @param launcher of peers
 * @param findings to add to
 * @param natives build tree
 * @param folder for temporary files
 * @param rounds of each measurement
 * @param millis of a round's recorded part
 * @param smoke whether only to show that it runs
 */
public record Setting(
    Manager manager,
    Launcher launcher,
    Findings findings,
    Path natives,
    Path folder,
    int rounds,
    int millis,
    boolean smoke) {
  /** A round's recorded part. */
  public long nanos() {
    return millis * 1_000_000L;
  }

  /** What precedes it. */
  public long warmNanos() {
    return nanos() / 5;
  }

  /** Rounds where there are many measurements. */
  public int fewRounds() {
    return Math.max(1, rounds / 2);
  }

  /** For the log. */
  public void say(String what) {
    System.out.println("  " + what);
  }
}
