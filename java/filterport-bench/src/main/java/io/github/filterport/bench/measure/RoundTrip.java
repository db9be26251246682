// SPDX-License-Identifier: Apache-2.0
package io.github.filterport.bench.measure;

import io.github.filterport.bench.result.Series;
import io.github.filterport.bench.run.Jdk;
import io.github.filterport.bench.run.Launcher;
import io.github.filterport.bench.run.Launcher.ClientOptions;
import io.github.filterport.bench.run.Load;
import io.github.filterport.bench.run.Placement;
import io.github.filterport.bench.run.Subject;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * One message after the other, each answered: the Java client, the C client on the same port, and
 * the peers. All processes live through the whole scenario; each round measures one after the
 * other.
 */
public final class RoundTrip implements Scenario {
  /** Group of its measurements. */
  public static final String GROUP = "round-trip";

  private static final List<Placement> PLACEMENTS =
      List.of(Placement.SAME_CORE, Placement.TWO_CORES);

  @Override
  public String name() {
    return GROUP;
  }

  @Override
  public void run(Setting setting) throws IOException {
    List<Subject> subjects = new ArrayList<>();
    try {
      start(setting, subjects);
      warm(setting, subjects);
      Map<String, Series> series = new LinkedHashMap<>();
      for (int round = 0; round < setting.rounds(); round++) {
        for (Placement placement : PLACEMENTS) {
          for (Subject subject : subjects) {
            measure(setting, series, subject, placement);
          }
        }
      }
      setting.findings().addAll(series.values());
      series.values().forEach(one -> setting.say(Describe.latency(one.measurement())));
    } finally {
      subjects.forEach(Subject::close);
    }
  }

  private static void start(Setting setting, List<Subject> subjects) throws IOException {
    Launcher launcher = setting.launcher();
    for (long spin : new long[] {Launcher.BLOCK, Launcher.ADAPTIVE}) {
      subjects.add(launcher.nativeClient(ClientOptions.waiting(spin)));
      subjects.add(launcher.javaClient(ClientOptions.waiting(spin)));
      subjects.add(launcher.jna(spin));
      Optional<Path> jdk25 = Jdk.of25();
      if (jdk25.isPresent()) {
        subjects.add(launcher.foreignFunctions(jdk25.get(), spin));
      } else {
        setting.findings().absent(GROUP + "/ffm", "no JDK 25 at hand");
      }
    }
    subjects.add(launcher.futex(false));
    subjects.add(launcher.futex(true));
    subjects.add(launcher.socketC());
    subjects.add(launcher.socketJdk());
    subjects.add(launcher.aeron("busy"));
    subjects.add(launcher.aeron("back-off"));
  }

  /** So that what is measured is compiled. */
  private static void warm(Setting setting, List<Subject> subjects) throws IOException {
    for (Subject subject : subjects) {
      subject.place(Placement.FREE);
      subject.run(Load.pingPong(0, setting.nanos() * 2));
    }
  }

  private static void measure(
      Setting setting, Map<String, Series> series, Subject subject, Placement placement)
      throws IOException {
    if (subject.name().equals("futex-spin") && placement == Placement.SAME_CORE) {
      return; // two threads that only spin on one core measure the scheduler's time slice
    }
    subject.place(placement);
    Series one =
        series.computeIfAbsent(
            subject.name() + placement, key -> new Series(GROUP, subject.name(), placement.id()));
    one.add(subject.run(Load.pingPong(setting.warmNanos(), setting.nanos())));
  }
}
