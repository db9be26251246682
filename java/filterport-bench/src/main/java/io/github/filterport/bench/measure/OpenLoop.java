// SPDX-License-Identifier: Apache-2.0
package io.github.filterport.bench.measure;

import io.github.filterport.bench.result.Series;
import io.github.filterport.bench.run.Launcher;
import io.github.filterport.bench.run.Launcher.ClientOptions;
import io.github.filterport.bench.run.Load;
import io.github.filterport.bench.run.Placement;
import io.github.filterport.bench.run.Sample;
import io.github.filterport.bench.run.Subject;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * One sender at fixed rates, on two cores, up to saturation: times count from the moment a message
 * was to be sent, not from when it was. The sender spins until that moment.
 */
public final class OpenLoop implements Scenario {
  /** Group of its measurements. */
  public static final String GROUP = "open-loop";

  private static final int[] RATES = {
    1_000, 10_000, 50_000, 100_000, 200_000, 400_000, 600_000, 800_000, 1_000_000, 1_400_000,
    2_000_000, 3_000_000
  };
  private static final double KEPT_UP = 0.95;

  @Override
  public String name() {
    return GROUP;
  }

  @Override
  public void run(Setting setting) throws IOException {
    Map<String, Series> series = new LinkedHashMap<>();
    List<Subject> subjects = new ArrayList<>();
    try {
      for (long spin : new long[] {Launcher.ADAPTIVE, Launcher.BLOCK}) {
        subjects.add(setting.launcher().nativeClient(ClientOptions.waiting(spin)));
        subjects.add(setting.launcher().javaClient(ClientOptions.waiting(spin)));
      }
      for (Subject subject : subjects) {
        subject.place(Placement.TWO_CORES);
        subject.run(Load.pingPong(0, setting.nanos()));
      }
      Set<String> saturated = new HashSet<>();
      for (int rate : setting.smoke() ? new int[] {1_000, 50_000} : RATES) {
        for (int round = 0; round < setting.fewRounds(); round++) {
          for (Subject subject : subjects) {
            if (!saturated.contains(subject.name())) {
              subject.place(Placement.TWO_CORES);
              measure(setting, series, subject, rate);
            }
          }
        }
        series.values().stream()
            .map(Series::measurement)
            .filter(one -> one.conditions().get("rate").equals(rate))
            .filter(one -> one.perSecond() < KEPT_UP * rate)
            .forEach(one -> saturated.add(one.subject()));
      }
    } finally {
      subjects.forEach(Subject::close);
    }
    setting.findings().addAll(series.values());
    series.values().forEach(one -> setting.say(Describe.latency(one.measurement())));
  }

  private static void measure(
      Setting setting, Map<String, Series> series, Subject subject, int rate) throws IOException {
    Sample sample =
        subject.run(
            Load.pingPong(setting.warmNanos(), setting.nanos()).every(1_000_000_000L / rate));
    series
        .computeIfAbsent(
            subject.name() + rate,
            key -> new Series(GROUP, subject.name(), Placement.TWO_CORES.id()).with("rate", rate))
        .add(sample);
  }
}
