// SPDX-License-Identifier: Apache-2.0
package io.github.filterport.bench.measure;

import io.github.filterport.bench.run.Launcher;
import io.github.filterport.bench.run.Launcher.ClientOptions;
import io.github.filterport.bench.run.Load;
import io.github.filterport.bench.run.Placement;
import io.github.filterport.bench.run.PortSubject;
import io.github.filterport.bench.run.Sample;
import java.io.IOException;
import java.util.List;
import java.util.Map;

/** Bytes that the Java reader's thread allocates for a message, and collections meanwhile. */
public final class Allocation implements Scenario {
  /** Group of its readings. */
  public static final String GROUP = "allocation";

  private static final long ANSWERED = 10_000_000;
  private static final long ONE_WAY = 100_000_000;
  private static final long MOST_NANOS = 40_000_000_000L;

  @Override
  public String name() {
    return GROUP;
  }

  @Override
  public void run(Setting setting) throws IOException {
    ClientOptions options = ClientOptions.waiting(Launcher.ADAPTIVE).withInFlight(64);
    long most = setting.smoke() ? setting.nanos() : MOST_NANOS;
    try (PortSubject java = setting.launcher().javaClient(options)) {
      java.place(Placement.TWO_CORES);
      Load answered = Load.pingPong(setting.nanos() * 2, most).untimed();
      measure(setting, java, "answered", answered.atMost(ANSWERED));
      measure(setting, java, "one-way", answered.asStream().atMost(ONE_WAY));
    }
  }

  private static void measure(Setting setting, PortSubject java, String kind, Load load)
      throws IOException {
    java.run(load.atMost(1_000_000)); // compiled, and nothing of that is counted
    Memory before = Memory.of(java);
    Sample sample = java.run(load);
    Memory after = Memory.of(java);
    Map<String, Object> conditions = Map.of("kind", kind);
    Findings findings = setting.findings();
    double bytes = (double) (after.allocated - before.allocated) / Math.max(1, sample.messages());
    long collections = after.collections - before.collections;
    findings.add(GROUP, "messages", "messages", (double) sample.messages(), conditions);
    findings.add(GROUP, "bytes-per-message", "bytes", bytes, conditions);
    findings.add(GROUP, "collections", "collections", (double) collections, conditions);
    setting.say(
        String.format(
            "%s: %d messages, %.6f bytes each, %d collections",
            kind, sample.messages(), bytes, collections));
  }

  private record Memory(long allocated, long collections) {
    static Memory of(PortSubject java) throws IOException {
      List<String> words = List.of(java.client().ask("memory").split(" ", -1));
      return new Memory(Long.parseLong(words.get(1)), Long.parseLong(words.get(2)));
    }
  }
}
