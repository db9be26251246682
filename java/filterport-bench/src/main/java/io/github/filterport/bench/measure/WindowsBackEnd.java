// SPDX-License-Identifier: Apache-2.0
package io.github.filterport.bench.measure;

import java.io.IOException;
import java.io.Reader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Properties;

/**
 * Calls for each message on the Windows back end. They were counted before this run began, by the
 * Windows library on a Windows JVM under Wine: device controls by fltmgr.sys, calls into the native
 * library by the test CallPatternTest. Each poll waits once for completions, see jni/test/engine.
 */
public final class WindowsBackEnd implements Scenario {
  /** Group of its readings. */
  public static final String GROUP = "windows";

  /** System property: the file of counts. */
  private static final String FILE = "bench.windows";

  @Override
  public String name() {
    return GROUP;
  }

  @Override
  public void run(Setting setting) throws IOException {
    Findings findings = setting.findings();
    String file = System.getProperty(FILE, "");
    if (file.isEmpty() || !Files.isReadable(Path.of(file))) {
      findings.absent(GROUP, setting.smoke() ? "not in the short run" : "no run under Wine");
      return;
    }
    Properties counts = new Properties();
    try (Reader reader = Files.newBufferedReader(Path.of(file))) {
      counts.load(reader);
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

  private static double number(Properties counts, String name) throws IOException {
    String value = counts.getProperty(name);
    if (value == null) {
      throw new IOException("no " + name + " among " + counts);
    }
    return Double.parseDouble(value);
  }

  private static void add(Setting setting, String what, String load, double value) {
    Map<String, Object> conditions = Map.of("messages", load);
    setting.findings().add(GROUP, what, "calls per message", value, conditions);
    setting.say(String.format("%-16s %-8s %.3f calls per message", what, load, value));
  }
}
