// SPDX-License-Identifier: Apache-2.0
package io.github.filterport.host;

import io.github.filterport.guard.FileGuard;
import io.github.filterport.host.EmbeddedFilterManager.Options;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.function.BooleanSupplier;

/** A Filter Manager with the bundled driver and a folder of files: what most tests here need. */
final class Guarded implements AutoCloseable {
  static final String MARKER = "FILTERPORT-TEST-MARKER";

  final EmbeddedFilterManager manager;
  final Path folder;

  private Guarded(EmbeddedFilterManager manager, Path folder) {
    this.manager = manager;
    this.folder = folder;
  }

  static Guarded start(Path folder, Options options) throws IOException {
    EmbeddedFilterManager manager = EmbeddedFilterManager.start(options);
    try {
      manager.loadDriver("filterport");
      Files.writeString(folder.resolve("plain.txt"), "nothing to see");
      Files.writeString(folder.resolve("setup.exe"), "MZ");
      Files.writeString(folder.resolve("marked.txt"), MARKER + " and more");
      return new Guarded(manager, folder);
    } catch (IOException | RuntimeException e) {
      manager.close();
      throw e;
    }
  }

  static Guarded start(Path folder) throws IOException {
    return start(folder, Options.defaults());
  }

  DirectVolume volume() throws FilterManagerException {
    // In the name of init: neither this JVM, which is exempt, nor fltmgrd.
    return manager.directVolume(folder).as(1, 0);
  }

  FileGuard guard() throws IOException {
    return FileGuard.connect(manager.connector(FileGuard.PORT));
  }

  FileGuard guard(FileGuard.Options options) throws IOException {
    return FileGuard.connect(manager.connector(FileGuard.PORT), options);
  }

  /** The worker process: the child of the supervisor. */
  ProcessHandle worker() {
    List<ProcessHandle> children =
        ProcessHandle.of(manager.pid()).orElseThrow().children().toList();
    if (children.size() != 1) {
      throw new IllegalStateException("fltmgrd has the children " + children);
    }
    return children.get(0);
  }

  /** Waits until something is so, which other processes bring about; fails after ten seconds. */
  static void await(String what, BooleanSupplier condition) throws InterruptedException {
    long limit = System.nanoTime() + Duration.ofSeconds(10).toNanos();
    while (!condition.getAsBoolean()) {
      if (System.nanoTime() > limit) {
        throw new AssertionError("not within ten seconds: " + what);
      }
      Thread.sleep(5);
    }
  }

  static void signal(ProcessHandle process, String name) throws Exception {
    int status =
        new ProcessBuilder("kill", "-" + name, Long.toString(process.pid())).start().waitFor();
    if (status != 0) {
      throw new AssertionError("kill -" + name + " " + process.pid() + ": status " + status);
    }
  }

  @Override
  public void close() {
    manager.close();
  }
}
