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
 * How many messages a second: 1 and 4 senders, depth 1, 16, 64, one-way and answered.
 *
 * <p>Depth is the number of receives that the client has armed. FltSendMessage is synchronous, so a
 * sender has one answered message under way: an answered load of s senders at depth d has s × d
 * threads. A one-way message is sent when it lies in the client's memory, so s threads do there.
 */
public final class Throughput implements Scenario {
  /** Group of its measurements. */
  public static final String GROUP = "throughput";

  private static final int[] DEPTHS = {1, 16, 64};
  private static final int[] SENDERS = {1, 4};

  @Override
  public String name() {
    return GROUP;
  }

  @Override
  public void run(Setting setting) throws IOException {
    Map<String, Series> series = new LinkedHashMap<>();
    for (int depth : setting.smoke() ? new int[] {16} : DEPTHS) {
      ClientOptions options = ClientOptions.waiting(Launcher.ADAPTIVE).withInFlight(depth);
      try (Subject c = setting.launcher().nativeClient(options);
          Subject java = setting.launcher().javaClient(options)) {
        java.place(Placement.FREE);
        java.run(load(setting, 1).asStream());
        java.run(load(setting, depth).untimed());
        for (int round = 0; round < setting.fewRounds(); round++) {
          for (Placement placement : List.of(Placement.SAME_CORE, Placement.TWO_CORES)) {
            for (Subject subject : List.of(c, java)) {
              subject.place(placement);
              measure(setting, series, subject, placement, depth);
            }
          }
        }
      }
    }
    setting.findings().addAll(series.values());
    series.values().forEach(one -> setting.say(Describe.rate(one.measurement())));
  }

  private static Load load(Setting setting, int senders) {
    return Load.pingPong(setting.warmNanos(), setting.nanos()).withSenders(senders);
  }

  private static void measure(
      Setting setting, Map<String, Series> series, Subject subject, Placement placement, int depth)
      throws IOException {
    for (int senders : SENDERS) {
      add(series, subject, placement, "one-way", senders, depth, load(setting, senders).asStream());
      add(
          series,
          subject,
          placement,
          "answered",
          senders,
          depth,
          load(setting, senders * depth).untimed());
    }
  }

  private static void add(
      Map<String, Series> series,
      Subject subject,
      Placement placement,
      String kind,
      int senders,
      int depth,
      Load load)
      throws IOException {
    series
        .computeIfAbsent(
            subject.name() + placement + kind + senders + "x" + depth,
            key ->
                new Series(GROUP, subject.name(), placement.id())
                    .with("kind", kind)
                    .with("senders", senders)
                    .with("depth", depth))
        .add(subject.run(load));
  }
}
