// SPDX-License-Identifier: Apache-2.0
package io.github.filterport.bench.measure;

import io.github.filterport.bench.run.Command;
import java.io.IOException;
import java.util.HashMap;
import java.util.Map;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;

/**
 * Calls for each message on the Windows back end, counted by the Windows library on a Windows JVM
 * under Wine: device controls by fltmgr.sys, calls into the native library by the test
 * CallPatternTest. Each poll waits once for completions, see jni/test/engine.
 */
public final class WindowsBackEnd implements Scenario {
  /** Group of its readings. */
  public static final String GROUP = "windows";

  private static final String PROGRAM = "ci/steps/lib/bench-windows";
  private static final Pattern COUNT = Pattern.compile("counted ([a-z.]+)=([0-9.]+)");

  @Override
  public String name() {
    return GROUP;
  }

  @Override
  public void run(Setting setting) throws IOException {
    if (setting.smoke()) {
      setting.findings().absent(GROUP, "not in the short run");
      return;
    }
    Map<String, Double> counts = new HashMap<>();
    try {
      COUNT
          .matcher(Command.output(PROGRAM))
          .results()
          .forEach((MatchResult one) -> counts.put(one.group(1), Double.valueOf(one.group(2))));
    } catch (IOException e) {
      setting.findings().absent(GROUP, "no count under Wine: " + e.getMessage());
      return;
    }
    double controls = number(counts, "alone.controls");
    add(setting, "device-controls", "alone", controls);
    for (String load : new String[] {"alone", "batches"}) {
      double polls = number(counts, load + ".polls");
      add(setting, "waits", load, polls);
      add(setting, "native-calls", load, number(counts, load + ".native"));
      add(setting, "system-calls", load, controls + polls);
    }
  }

  private static double number(Map<String, Double> counts, String name) throws IOException {
    Double value = counts.get(name);
    if (value == null) {
      throw new IOException("no " + name + " among " + counts);
    }
    return value;
  }

  private static void add(Setting setting, String what, String load, double value) {
    Map<String, Object> conditions = Map.of("messages", load);
    setting.findings().add(GROUP, what, "calls per message", value, conditions);
    setting.say(String.format("%-16s %-8s %.3f calls per message", what, load, value));
  }
}
