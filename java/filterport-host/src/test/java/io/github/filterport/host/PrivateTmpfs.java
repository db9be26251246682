// SPDX-License-Identifier: Apache-2.0
package io.github.filterport.host;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/** A tmpfs of the test's own: no other file system of the machine is ever marked. */
final class PrivateTmpfs {
  private final Path folder;

  private PrivateTmpfs(Path folder) {
    this.folder = folder;
  }

  /** Skips the test, with the reason, where mounting is not allowed. */
  static PrivateTmpfs mount(Path folder) throws Exception {
    String error =
        run("mount", "-t", "tmpfs", "-o", "size=16m,mode=755", "none", folder.toString());
    assumeTrue(error.isEmpty(), () -> "needs CAP_SYS_ADMIN: " + error);
    return new PrivateTmpfs(folder);
  }

  /** Runs a command; returns what it said if it failed. */
  private static String run(String... command) throws IOException, InterruptedException {
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    return process.waitFor() == 0 ? "" : output + " (" + String.join(" ", command) + ")";
  }

  void unmount() throws Exception {
    String error = run("umount", folder.toString());
    if (!error.isEmpty()) {
      run("umount", "-l", folder.toString());
      throw new AssertionError("the tmpfs was still in use: " + error);
    }
  }
}
