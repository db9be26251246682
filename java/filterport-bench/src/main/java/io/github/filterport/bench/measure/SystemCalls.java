// SPDX-License-Identifier: Apache-2.0
package io.github.filterport.bench.measure;

import io.github.filterport.bench.run.CallCounter;
import io.github.filterport.bench.run.Launcher;
import io.github.filterport.bench.run.Launcher.ClientOptions;
import io.github.filterport.bench.run.Load;
import io.github.filterport.bench.run.Placement;
import io.github.filterport.bench.run.PortSubject;
import io.github.filterport.bench.run.ProcessFigures;
import io.github.filterport.bench.run.Sample;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * System calls and processor time for a message, on either side. The kernel counts the calls
 * (tracepoints read by perf), so nothing is slowed down or woken by the counting.
 *
 * <ul>
 *   <li>both busy: round trips one after the other, spinning, a core for each side;
 *   <li>reader asleep: a message now and then; the sender spins for the answer (limit 1 ms);
 *   <li>sender asleep: a handler of 5 ms; the reader spins for the next message;
 *   <li>both asleep: nobody spins.
 * </ul>
 */
public final class SystemCalls implements Scenario {
  /** Group of its readings. */
  public static final String GROUP = "system-calls";

  private static final long LONG_SPIN = 1_000_000;
  private static final long LONG_HANDLER = 5_000_000;
  private static final long LONG_INTERVAL = 20_000_000;

  @Override
  public String name() {
    return GROUP;
  }

  private record Case(String name, Placement placement, long spin, long handler, long interval) {}

  private static final List<Case> CASES =
      List.of(
          new Case("both-busy", Placement.TWO_CORES, Launcher.ADAPTIVE, 0, 0),
          new Case("reader-asleep", Placement.TWO_CORES, LONG_SPIN, 0, LONG_INTERVAL),
          new Case("sender-asleep", Placement.TWO_CORES, LONG_SPIN, LONG_HANDLER, 0),
          new Case("both-asleep", Placement.TWO_CORES, Launcher.BLOCK, 0, 0),
          new Case("one-core", Placement.SAME_CORE, Launcher.ADAPTIVE, 0, 0));

  @Override
  public void run(Setting setting) throws IOException {
    Optional<String> reason = CallCounter.unavailable();
    if (reason.isPresent()) {
      setting.findings().absent(GROUP, reason.get());
    }
    for (Case one : setting.smoke() ? CASES.subList(0, 1) : CASES) {
      ClientOptions options = new ClientOptions(1, 4, 1, one.spin, one.handler);
      try (PortSubject c = setting.launcher().nativeClient(options);
          PortSubject java = setting.launcher().javaClient(options)) {
        for (PortSubject subject : List.of(c, java)) {
          subject.place(one.placement);
          measure(setting, one, subject, reason.isEmpty());
        }
      }
    }
  }

  private static void measure(Setting setting, Case one, PortSubject subject, boolean count)
      throws IOException {
    long nanos = setting.smoke() ? setting.nanos() : 1_000_000_000L;
    long warm = setting.smoke() ? setting.warmNanos() : 500_000_000L;
    long host = setting.manager().hostPid();
    long client = subject.client().pid();
    Load load = Load.pingPong(0, nanos).every(one.interval).untimed();
    subject.run(load.lasting(warm));
    Map<String, Object> conditions = Map.of("case", one.name, "client", kind(subject));
    long hostTime = ProcessFigures.processorNanos(host);
    long clientTime = ProcessFigures.processorNanos(client);
    Sample plain = subject.run(load);
    double messages = Math.max(1, plain.messages());
    Findings findings = setting.findings();
    double hostNanos = (ProcessFigures.processorNanos(host) - hostTime) / messages;
    double clientNanos = (ProcessFigures.processorNanos(client) - clientTime) / messages;
    findings.add("processor", "host", "ns per message", hostNanos, conditions);
    findings.add("processor", "client", "ns per message", clientNanos, conditions);
    if (!count) {
      return;
    }
    Sample counted;
    double hostCalls;
    double clientCalls;
    try (CallCounter onHost = CallCounter.start(host);
        CallCounter onClient = CallCounter.start(client)) {
      counted = subject.run(load);
      hostCalls = onHost.stop() / (double) Math.max(1, counted.messages());
      clientCalls = onClient.stop() / (double) Math.max(1, counted.messages());
    }
    findings.add(GROUP, "host", "calls per message", hostCalls, conditions);
    findings.add(GROUP, "client", "calls per message", clientCalls, conditions);
    setting.say(
        String.format(
            "%-14s %-5s %8d messages: host %.3f calls, %6.0f ns; client %.3f calls, %6.0f ns",
            one.name,
            kind(subject),
            counted.messages(),
            hostCalls,
            hostNanos,
            clientCalls,
            clientNanos));
  }

  private static String kind(PortSubject subject) {
    return subject.name().substring(0, subject.name().indexOf('-'));
  }
}
