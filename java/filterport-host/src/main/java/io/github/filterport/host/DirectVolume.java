// SPDX-License-Identifier: Apache-2.0
package io.github.filterport.host;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * A volume whose opens are issued here instead of by the machine's processes. Each runs through the
 * loaded drivers' callbacks on a worker of fltmgrd, exactly as a gated open would: for tests, and
 * for machines where fanotify is not allowed. Thread-safe.
 */
public final class DirectVolume extends Volume {
  private final @Nullable Requestor requestor;

  DirectVolume(EmbeddedFilterManager manager, String id, String device, Path directory) {
    super(manager, id, device, directory, VolumeKind.DIRECT);
    this.requestor = null;
  }

  private DirectVolume(DirectVolume volume, Requestor requestor) {
    super(volume.manager(), volume.id(), volume.device(), volume.directory(), VolumeKind.DIRECT);
    this.requestor = requestor;
  }

  /**
   * The same volume; opens through the result are made in the name of another process, as drivers
   * see it. Without this they carry fltmgrd's own choice.
   *
   * @param pid process id
   * @param uid user id
   */
  public DirectVolume as(long pid, int uid) {
    return new DirectVolume(this, new Requestor(pid, uid));
  }

  /**
   * Opens a file and closes it again. Blocks until the drivers have decided, at most the manager's
   * request time-out. Pins a virtual thread: no.
   *
   * @param path relative to {@link #directory()}, or absolute inside it
   * @param access what to ask for; nothing means {@link OpenAccess#READ}
   * @throws FilterManagerException if fltmgrd is gone or does not answer in time; a refused open is
   *     no exception but an outcome
   */
  public OpenOutcome open(String path, OpenAccess... access) throws FilterManagerException {
    return manager().await(openAsync(path, access), "open " + path);
  }

  /**
   * Like {@link #open} without waiting: any number may be under way. The result fails with {@link
   * FilterManagerException} when fltmgrd goes away. It completes on a thread that reads all of
   * fltmgrd's answers: what depends on it must not block, or run elsewhere ({@code
   * thenApplyAsync}).
   */
  public CompletableFuture<OpenOutcome> openAsync(String path, OpenAccess... access) {
    List<String> arguments = new ArrayList<>(5);
    arguments.add(id());
    arguments.add(directory().resolve(path).toString());
    arguments.add(OpenAccess.letters(access));
    if (requestor != null) {
      arguments.add("pid=" + requestor.pid());
      arguments.add("uid=" + requestor.uid());
    }
    return manager()
        .request("open", arguments.toArray(String[]::new))
        .thenApply(values -> new OpenOutcome(EmbeddedFilterManager.status(values)));
  }

  /**
   * Opens each path, all at once. Blocks like {@link #open}; outcomes in the order of the paths.
   */
  public List<OpenOutcome> openAll(List<String> paths, OpenAccess... access)
      throws FilterManagerException {
    List<CompletableFuture<OpenOutcome>> opens = new ArrayList<>(paths.size());
    for (String path : paths) {
      opens.add(openAsync(path, access));
    }
    CompletableFuture<Void> all =
        CompletableFuture.allOf(opens.toArray(CompletableFuture<?>[]::new));
    manager().await(all, "open " + paths.size() + " paths");
    return opens.stream().map(CompletableFuture::join).toList();
  }

  private record Requestor(long pid, int uid) {}
}
