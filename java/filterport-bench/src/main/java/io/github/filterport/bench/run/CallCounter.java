// SPDX-License-Identifier: Apache-2.0
package io.github.filterport.bench.run;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/**
 * Counts system calls by the kernel's own tracepoint, through {@code perf stat}: no tracer stops
 * the process, so it waits and spins as it does unobserved.
 */
public final class CallCounter implements AutoCloseable {
  private static final String EVENT = "raw_syscalls:sys_enter";
  private static final long ATTACH_MILLIS = 300;

  private final Process perf;

  private CallCounter(Process perf) {
    this.perf = perf;
  }

  /** Why it cannot be done here; empty if it can. */
  public static Optional<String> unavailable() {
    try {
      String output = Command.output("perf", "stat", "-x,", "-e", EVENT, "true");
      return output.contains(EVENT) && !output.contains("<not")
          ? Optional.empty()
          : Optional.of("perf stat counts no " + EVENT + " here: " + output.strip());
    } catch (IOException e) {
      return Optional.of("perf stat does not run here: " + e.getMessage());
    }
  }

  /**
   * The process's threads called "reader" from now on, if there are any, or else all of them: what
   * a JVM does beside reading is not a message's.
   */
  public static CallCounter start(long process) throws IOException {
    String readers = readersOf(process);
    String[] whom =
        readers.isEmpty()
            ? new String[] {"-p", Long.toString(process)}
            : new String[] {"-t", readers};
    Process perf =
        new ProcessBuilder("perf", "stat", "-x,", "-e", EVENT, whom[0], whom[1])
            .redirectErrorStream(true)
            .start();
    try {
      // perf says nothing when it has attached itself.
      if (perf.waitFor(ATTACH_MILLIS, TimeUnit.MILLISECONDS)) {
        throw new IOException(
            "perf stat: "
                + new String(perf.getInputStream().readAllBytes(), StandardCharsets.UTF_8));
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    }
    return new CallCounter(perf);
  }

  private static String readersOf(long process) throws IOException {
    List<String> readers = new ArrayList<>();
    try (DirectoryStream<Path> threads =
        Files.newDirectoryStream(Path.of("/proc", Long.toString(process), "task"))) {
      for (Path thread : threads) {
        try {
          if (Files.readString(thread.resolve("comm")).strip().equals("reader")) {
            readers.add(thread.getName(thread.getNameCount() - 1).toString());
          }
        } catch (IOException e) {
          continue; // it has ended
        }
      }
    }
    return String.join(",", readers);
  }

  /** Ends it and returns the count. */
  public long stop() throws IOException {
    Command.output("kill", "-INT", Long.toString(perf.pid()));
    String output = new String(perf.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    return output
        .lines()
        .filter(line -> line.contains(EVENT))
        .map(line -> line.substring(0, line.indexOf(',')))
        .mapToLong(Long::parseLong)
        .findFirst()
        .orElseThrow(() -> new IOException("perf stat: " + output.strip()));
  }

  @Override
  public void close() {
    perf.destroyForcibly();
  }
}
