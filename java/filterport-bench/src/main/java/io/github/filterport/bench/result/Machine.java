// SPDX-License-Identifier: Apache-2.0
package io.github.filterport.bench.result;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Where it was measured.
 *
 * @param cores that the harness may use
 * @param cpu its name
 * @param hypervisor whether the machine is a virtual one
 * @param kernel system and version
 * @param jdk that runs harness and peers
 * @param jdk25 that runs the peer that needs one, or "none"
 * @param collector of the peers' JVMs
 * @param load load average over a minute when the run began
 */
public record Machine(
    int cores,
    String cpu,
    boolean hypervisor,
    String kernel,
    String jdk,
    String jdk25,
    String collector,
    double load) {
  /** This one. */
  public static Machine here(String jdk25, String collector) throws IOException {
    String info = Files.readString(Path.of("/proc/cpuinfo"));
    String cpu =
        info.lines()
            .filter(line -> line.startsWith("model name"))
            .map(line -> line.substring(line.indexOf(':') + 1).strip())
            .findFirst()
            .orElse("unknown");
    return new Machine(
        Runtime.getRuntime().availableProcessors(),
        cpu,
        info.contains(" hypervisor"),
        System.getProperty("os.name") + " " + System.getProperty("os.version"),
        System.getProperty("java.vm.name") + " " + System.getProperty("java.runtime.version"),
        jdk25,
        collector,
        ManagementFactory.getOperatingSystemMXBean().getSystemLoadAverage());
  }
}
