// SPDX-License-Identifier: Apache-2.0
package io.github.filterport.bench.measure;

import io.github.filterport.bench.result.Series;
import io.github.filterport.bench.run.Launcher;
import io.github.filterport.bench.run.Launcher.ClientOptions;
import io.github.filterport.bench.run.Load;
import io.github.filterport.bench.run.Placement;
import io.github.filterport.bench.run.PortSubject;
import io.github.filterport.bench.run.ProcessFigures;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Round trips on one connection while the same Java process holds 1, 100, 1,000 of them. */
public final class Connections implements Scenario {
  /** Group of its measurements. */
  public static final String GROUP = "connections";

  private static final int[] ALL_COUNTS = {1, 100, 1000};
  private static final int[] SMOKE_COUNTS = {1, 10};
  private static final int IN_FLIGHT = 4;

  @Override
  public String name() {
    return GROUP;
  }

  @Override
  public void run(Setting setting) throws IOException {
    Map<String, Series> series = new LinkedHashMap<>();
    List<PortSubject> subjects = new ArrayList<>();
    int[] counts = setting.smoke() ? SMOKE_COUNTS : ALL_COUNTS;
    try {
      for (int count : counts) {
        subjects.add(start(setting, count));
      }
      for (int round = 0; round < setting.rounds(); round++) {
        for (Placement placement : List.of(Placement.SAME_CORE, Placement.TWO_CORES)) {
          for (int i = 0; i < counts.length; i++) {
            int count = counts[i];
            PortSubject subject = subjects.get(i);
            subject.place(placement);
            series
                .computeIfAbsent(
                    count + placement.id(),
                    key ->
                        new Series(GROUP, subject.name(), placement.id())
                            .with("connections", count))
                .add(subject.run(Load.pingPong(setting.warmNanos(), setting.nanos())));
          }
        }
      }
    } finally {
      subjects.forEach(PortSubject::close);
    }
    setting.findings().addAll(series.values());
    series.values().forEach(one -> setting.say(Describe.latency(one.measurement())));
  }

  /** The memory of all connections beyond the first, on both sides, is read before any traffic. */
  private static PortSubject start(Setting setting, int count) throws IOException {
    long host = setting.manager().hostPid();
    long before = ProcessFigures.residentBytes(host);
    PortSubject subject =
        setting.launcher().javaClient(new ClientOptions(count, IN_FLIGHT, 1, Launcher.ADAPTIVE, 0));
    subject.place(Placement.FREE);
    subject.run(Load.pingPong(0, setting.nanos()));
    if (count > 1) {
      Map<String, Object> conditions = Map.of("connections", count);
      setting
          .findings()
          .add(
              GROUP,
              "host-bytes-each",
              "bytes",
              (double) (ProcessFigures.residentBytes(host) - before) / count,
              conditions);
      setting
          .findings()
          .add(
              GROUP,
              "client-bytes-each",
              "bytes",
              (double) ProcessFigures.sharedBytes(subject.client().pid()) / count,
              conditions);
    }
    return subject;
  }
}
