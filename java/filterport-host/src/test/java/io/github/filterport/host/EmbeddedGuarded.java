// SPDX-License-Identifier: Apache-2.0
package io.github.filterport.host;

import io.github.filterport.Connector;
import io.github.filterport.host.EmbeddedFilterManager.Options;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** On Linux: fltmgrd as a child. */
final class EmbeddedGuarded implements Guarded {
  final EmbeddedFilterManager manager;
  private final Path folder;

  private EmbeddedGuarded(EmbeddedFilterManager manager, Path folder) {
    this.manager = manager;
    this.folder = folder;
  }

  static EmbeddedGuarded start(Path folder, Options options) throws IOException {
    EmbeddedFilterManager manager = EmbeddedFilterManager.start(options);
    try {
      manager.loadDriver("filterport");
      Guarded.fill(folder);
      return new EmbeddedGuarded(manager, folder);
    } catch (IOException | RuntimeException e) {
      manager.close();
      throw e;
    }
  }

  @Override
  public TestVolume volume() throws FilterManagerException {
    return new EmbeddedVolume(manager.directVolume(folder)).as(Guarded.OPENER);
  }

  @Override
  public Connector connector(String port) {
    return manager.connector(port);
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

  private record EmbeddedVolume(DirectVolume volume) implements TestVolume {
    @Override
    public CompletableFuture<OpenOutcome> openAsync(String path, OpenAccess... access) {
      return volume.openAsync(path, access);
    }

    @Override
    public OpenOutcome open(String path, OpenAccess... access) throws IOException {
      return volume.open(path, access);
    }

    @Override
    public TestVolume as(long pid) {
      return new EmbeddedVolume(volume.as(pid, 0));
    }

    @Override
    public @Nullable Path file(String eventPath) {
      return volume.file(eventPath);
    }
  }
}
