// SPDX-License-Identifier: Apache-2.0
package io.github.filterport.host;

import io.github.filterport.Connector;
import io.github.filterport.guard.FileGuard;
import io.github.filterport.host.EmbeddedFilterManager.Options;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.function.BooleanSupplier;

/** A Filter Manager with the bundled driver and a folder of files: what most tests here need. */
interface Guarded extends AutoCloseable {
  String MARKER = "FILTERPORT-TEST-MARKER";
  Duration HEARTBEAT = Duration.ofMillis(700);

  /** In whose name opens are issued: neither this JVM, which is exempt, nor the Filter Manager. */
  long OPENER = 1;

  static Guarded start(Path folder) throws IOException {
    return isWindows()
        ? ServiceGuarded.start(folder)
        : EmbeddedGuarded.start(folder, Options.defaults().withHeartbeat(HEARTBEAT));
  }

  static boolean isWindows() {
    return System.getProperty("os.name", "").startsWith("Windows");
  }

  static void fill(Path folder) throws IOException {
    Files.writeString(folder.resolve("plain.txt"), "nothing to see");
    Files.writeString(folder.resolve("setup.exe"), "MZ");
    Files.writeString(folder.resolve("marked.txt"), MARKER + " and more");
  }

  /** The folder, with opens in the name of {@link #OPENER}. */
  TestVolume volume() throws IOException;

  Connector connector(String port);

  default FileGuard guard() throws IOException {
    return FileGuard.connect(connector(FileGuard.PORT));
  }

  default FileGuard guard(FileGuard.Options options) throws IOException {
    return FileGuard.connect(connector(FileGuard.PORT), options);
  }

  @Override
  void close();

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
}
