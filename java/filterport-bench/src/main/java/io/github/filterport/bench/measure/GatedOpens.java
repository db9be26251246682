// SPDX-License-Identifier: Apache-2.0
package io.github.filterport.bench.measure;

import io.github.filterport.bench.result.Series;
import io.github.filterport.bench.run.Load;
import io.github.filterport.bench.run.Opens;
import io.github.filterport.bench.run.Placement;
import io.github.filterport.bench.run.Subject;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Opens of one file on tmpfs: ungated, gated in one C process, gated through fltmgrd by C and Java.
 */
public final class GatedOpens implements Scenario {
  /** Group of its measurements. */
  public static final String GROUP = "gated-open";

  @Override
  public String name() {
    return GROUP;
  }

  @Override
  public void run(Setting setting) throws IOException {
    Opens opens = new Opens(setting.natives(), setting.folder(), setting.launcher());
    Optional<String> reason = opens.unavailable();
    if (reason.isPresent()) {
      setting.findings().absent(GROUP, reason.get());
      return;
    }
    List<Subject> subjects = new ArrayList<>();
    Map<String, Series> series = new LinkedHashMap<>();
    try {
      subjects.add(opens.ungated());
      subjects.add(opens.gateC());
      subjects.add(opens.gateCOnItsOwnCore());
      subjects.add(opens.clientC());
      subjects.add(opens.clientJava());
      subjects.add(opens.cached());
      subjects.add(opens.cachedDirectory());
      for (Subject subject : subjects) {
        subject.run(Load.pingPong(0, setting.nanos() * 2));
      }
      for (int round = 0; round < setting.rounds(); round++) {
        for (Placement placement : List.of(Placement.SAME_CORE, Placement.TWO_CORES)) {
          for (Subject subject : subjects) {
            subject.place(placement);
            series
                .computeIfAbsent(
                    subject.name() + placement,
                    key -> new Series(GROUP, subject.name(), placement.id()))
                .add(subject.run(Load.pingPong(setting.warmNanos(), setting.nanos())));
          }
        }
      }
    } finally {
      subjects.forEach(Subject::close);
    }
    setting.findings().addAll(series.values());
    series.values().forEach(one -> setting.say(Describe.latency(one.measurement())));
  }
}
