// SPDX-License-Identifier: Apache-2.0
package io.github.filterport.bench.run;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** Small programs of the system, run to their end. */
public final class Command {
  private static final int PIN_ATTEMPTS = 10;

  private Command() {}

  /** What it printed on both outputs; fails if it did. */
  public static String output(String... words) throws IOException {
    Process process = new ProcessBuilder(words).redirectErrorStream(true).start();
    String text = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    try {
      int status = process.waitFor();
      if (status != 0) {
        throw new IOException(String.join(" ", words) + ": status " + status + ": " + text.strip());
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException(String.join(" ", words) + ": interrupted", e);
    }
    return text;
  }

  /** All threads of these processes run on these cores from now on, and those they start. */
  static void pin(List<Long> processes, String cores) throws IOException {
    for (long process : processes) {
      for (int attempt = 1; ; attempt++) {
        try {
          output("taskset", "-acp", cores, Long.toString(process));
          break;
        } catch (IOException e) {
          if (attempt == PIN_ATTEMPTS) {
            throw e; // not just a thread that has ended meanwhile
          }
        }
      }
    }
  }
}
