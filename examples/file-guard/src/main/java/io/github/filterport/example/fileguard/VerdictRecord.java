// SPDX-License-Identifier: Apache-2.0
package io.github.filterport.example.fileguard;

import io.github.filterport.guard.FileEvent;
import io.github.filterport.guard.Operation;
import io.github.filterport.host.Volume;
import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/**
 * Every verdict as a line of a file, {@code sequence operation verdict rule path}, and each
 * distinct kind of verdict once on the screen.
 */
final class VerdictRecord implements AutoCloseable {
  private final BufferedWriter lines;
  private final Map<String, Integer> counts = new TreeMap<>();

  private final Volume volume;

  VerdictRecord(Path file, Volume volume) throws IOException {
    this.volume = volume;
    lines = Files.newBufferedWriter(file);
  }

  synchronized void add(FileEvent event, Rule rule) throws IOException {
    Operation operation = event.operation();
    Path file = volume.file(event.path());
    String path = file == null ? event.path() : file.toString();
    lines.write(
        event.sequence() + " " + operation + " " + rule.verdict() + " " + rule + " " + path + "\n");
    String kind =
        String.format(
            "%-5s %-7s  %-36s",
            rule.verdict(), operation.toString().toLowerCase(Locale.ROOT), rule.reason());
    if (counts.merge(kind, 1, Integer::sum) == 1) {
      String name = file == null ? path : volume.directory().relativize(file).toString();
      System.out.println(kind + " first: " + name + ", asked for by process " + event.processId());
    }
  }

  /** Prints how often each kind came. */
  synchronized void printCounts() {
    counts.forEach((kind, count) -> System.out.printf("%s %5d times%n", kind, count));
  }

  @Override
  public synchronized void close() throws IOException {
    lines.close();
  }
}
