// SPDX-License-Identifier: Apache-2.0
package io.github.filterport.bench.run;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/**
 * Counts a process's system calls by the kernel's own tracepoint, through {@code perf stat}: no
 * tracer stops the process, so it waits and spins as it does unobserved.
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

  /** All threads of the process from now on, and those that they start. */
  public static CallCounter start(long process) throws IOException {
    Process perf =
        new ProcessBuilder("perf", "stat", "-x,", "-e", EVENT, "-p", Long.toString(process))
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
