// SPDX-License-Identifier: Apache-2.0
package io.github.filterport.example.fileguard;

import io.github.filterport.host.DirectVolume;
import io.github.filterport.host.OpenOutcome;
import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Where fanotify is not allowed: opens issued through the Filter Manager, one after the other. */
final class DirectOpens {
  private static final int EPERM = 1;
  private static final int EIO = 5;

  private DirectOpens() {}

  /** Opens each path of the list; one line a path, {@code errno nanoseconds path}. */
  static void run(DirectVolume volume, Path list, Path outcomes) throws IOException {
    // In the name of whoever started this program: the program itself is exempt.
    long pid = ProcessHandle.current().parent().map(ProcessHandle::pid).orElse(1L);
    DirectVolume asParent = volume.as(pid, 0);
    try (BufferedWriter lines = Files.newBufferedWriter(outcomes)) {
      for (String path : Files.readAllLines(list)) {
        long start = System.nanoTime();
        OpenOutcome outcome = asParent.open(path);
        long nanos = System.nanoTime() - start;
        int errno = outcome.opened() ? 0 : outcome.denied() ? EPERM : EIO;
        lines.write(errno + " " + nanos + " " + path + "\n");
      }
    }
  }
}
