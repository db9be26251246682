// SPDX-License-Identifier: Apache-2.0
package io.github.filterport.bench.run;

import io.github.filterport.host.EmbeddedFilterManager;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** The Filter Manager that stands for the kernel: fltmgrd with the benchmark driver. */
public final class Manager implements AutoCloseable {
  private final EmbeddedFilterManager manager;
  private final BenchDriver driver;

  private Manager(EmbeddedFilterManager manager, BenchDriver driver) {
    this.manager = manager;
    this.driver = driver;
  }

  /** Starts it from a native build tree. */
  public static Manager start(Path natives) throws IOException {
    EmbeddedFilterManager manager =
        EmbeddedFilterManager.start(
            EmbeddedFilterManager.Options.defaults()
                .withExecutable(natives.resolve("bin/fltmgrd"))
                .withDrivers(natives.resolve("drivers")));
    try {
      manager.loadDriver("bench");
      return new Manager(manager, new BenchDriver(manager.connector(BenchDriver.PORT).connect()));
    } catch (IOException | RuntimeException e) {
      manager.close();
      throw e;
    }
  }

  BenchDriver driver() {
    return driver;
  }

  /** The Filter Manager itself, for what is not measured with the benchmark driver. */
  public EmbeddedFilterManager embedded() {
    return manager;
  }

  /** The process that runs drivers: the supervisor's child. */
  public long hostPid() {
    return hostPid(manager);
  }

  static long hostPid(EmbeddedFilterManager manager) {
    return ProcessHandle.of(manager.pid())
        .flatMap(supervisor -> supervisor.descendants().findFirst())
        .map(ProcessHandle::pid)
        .orElse(manager.pid());
  }

  void pin(String cores) throws IOException {
    List<Long> processes = new ArrayList<>();
    processes.add(hostPid());
    Command.pin(processes, cores);
  }

  @Override
  public void close() {
    driver.close();
    manager.close();
  }
}
