// SPDX-License-Identifier: Apache-2.0
package io.github.filterport.bench.run;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** What /proc says about a process. */
public final class ProcessFigures {
  /* Fields of /proc/PID/stat behind the name: 14 and 15 of proc(5) are user and system ticks. */
  private static final int USER_TICKS = 11;
  private static final long NANOS_PER_TICK = 10_000_000;

  private ProcessFigures() {}

  private static long status(long process, String field) throws IOException {
    return Files.readAllLines(Path.of("/proc/" + process + "/status")).stream()
        .filter(line -> line.startsWith(field + ":"))
        .map(line -> line.replaceAll("[^0-9]", ""))
        .mapToLong(Long::parseLong)
        .findFirst()
        .orElse(0);
  }

  /** Memory in use, shared pages included. */
  public static long residentBytes(long process) throws IOException {
    return status(process, "VmRSS") * 1024;
  }

  /** Shared memory in use: regions and arenas. */
  public static long sharedBytes(long process) throws IOException {
    return status(process, "RssShmem") * 1024;
  }

  /** Processor time used so far by all its threads, those that have ended included. */
  public static long processorNanos(long process) throws IOException {
    String stat = Files.readString(Path.of("/proc/" + process + "/stat"));
    String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1);
    return (Long.parseLong(fields[USER_TICKS]) + Long.parseLong(fields[USER_TICKS + 1]))
        * NANOS_PER_TICK;
  }
}
