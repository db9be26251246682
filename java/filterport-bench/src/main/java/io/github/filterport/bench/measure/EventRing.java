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
 * One-way events of 48 bytes, one writer, a Java reader that looks at each: through the ring, one
 * by one and 32 at once; as one message for each event; and through Chronicle Queue, which also
 * keeps them on disk (here: memory).
 */
public final class EventRing implements Scenario {
  /** Group of its measurements. */
  public static final String GROUP = "event-ring";

  private static final int EVENT = 48;
  private static final int DEPTH = 64;

  @Override
  public String name() {
    return GROUP;
  }

  @Override
  public void run(Setting setting) throws IOException {
    Map<String, Series> series = new LinkedHashMap<>();
    Launcher launcher = setting.launcher();
    Load stream = Load.pingPong(setting.warmNanos(), setting.nanos()).withLength(EVENT).asStream();
    ClientOptions options = ClientOptions.waiting(Launcher.ADAPTIVE).withInFlight(DEPTH);
    try (Subject ring = launcher.ring();
        Subject batches = launcher.ringBatches(ring);
        Subject messages = launcher.javaClient(options);
        Subject chronicle = launcher.chronicle()) {
      Map<String, Subject> subjects = new LinkedHashMap<>();
      subjects.put("ring", ring);
      subjects.put("ring-batch", batches);
      subjects.put("message-each", messages);
      subjects.put("chronicle", chronicle);
      for (Subject subject : subjects.values()) {
        subject.run(stream.lasting(setting.nanos() * 6)); // Chronicle compiles for a second
      }
      for (int round = 0; round < setting.rounds(); round++) {
        for (Placement placement : List.of(Placement.SAME_CORE, Placement.TWO_CORES)) {
          for (Map.Entry<String, Subject> one : subjects.entrySet()) {
            one.getValue().place(placement);
            series
                .computeIfAbsent(
                    one.getKey() + placement,
                    key -> new Series(GROUP, one.getKey(), placement.id()))
                .add(one.getValue().run(stream));
          }
        }
      }
    }
    setting.findings().addAll(series.values());
    series.values().forEach(one -> setting.say(Describe.rate(one.measurement())));
  }
}
