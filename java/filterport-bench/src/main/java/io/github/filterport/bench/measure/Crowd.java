// SPDX-License-Identifier: Apache-2.0
package io.github.filterport.bench.measure;

import io.github.filterport.bench.result.Series;
import io.github.filterport.bench.run.Launcher;
import io.github.filterport.bench.run.Launcher.ClientOptions;
import io.github.filterport.bench.run.Load;
import io.github.filterport.bench.run.Placement;
import io.github.filterport.bench.run.Subject;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * 64 senders at once, a handler that computes for 50 µs, 2 readers on one connection. Served in
 * order and without cost of its own, each message would take 64 / 2 × 50 µs: the ideal queue.
 */
public final class Crowd implements Scenario {
  /** Group of its measurements. */
  public static final String GROUP = "crowd";

  /** What each message would take at best, nanoseconds. */
  public static final double IDEAL_NANOS = 64 / 2 * 50_000.0;

  private static final int SENDERS = 64;
  private static final int READERS = 2;
  private static final long HANDLER_NANOS = 50_000;

  @Override
  public String name() {
    return GROUP;
  }

  @Override
  public void run(Setting setting) throws IOException {
    Map<String, Series> series = new LinkedHashMap<>();
    ClientOptions options =
        new ClientOptions(1, SENDERS, READERS, Launcher.ADAPTIVE, HANDLER_NANOS);
    try (Subject c = setting.launcher().nativeClient(options);
        Subject java = setting.launcher().javaClient(options)) {
      Load load = Load.pingPong(setting.nanos(), setting.nanos() * 4).withSenders(SENDERS);
      for (int round = 0; round < setting.fewRounds(); round++) {
        for (Subject subject : List.of(c, java)) {
          subject.place(Placement.FREE);
          series
              .computeIfAbsent(
                  subject.name(), key -> new Series(GROUP, subject.name(), Placement.FREE.id()))
              .add(subject.run(load));
        }
      }
    }
    setting.findings().addAll(series.values());
    series.values().forEach(one -> setting.say(Describe.latency(one.measurement())));
  }
}
