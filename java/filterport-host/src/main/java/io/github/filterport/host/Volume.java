// SPDX-License-Identifier: Apache-2.0
package io.github.filterport.host;

import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * A folder whose file operations the loaded drivers see. Made by {@link
 * EmbeddedFilterManager#volume}. Thread-safe.
 */
public class Volume implements AutoCloseable {
  private final EmbeddedFilterManager manager;
  private final String id;
  private final Path directory;
  private final VolumeKind kind;
  private final AtomicBoolean closed = new AtomicBoolean();

  Volume(EmbeddedFilterManager manager, String id, Path directory, VolumeKind kind) {
    this.manager = manager;
    this.id = id;
    this.directory = directory;
    this.kind = kind;
  }

  /** The name by which fltmgrd knows the volume. */
  public final String id() {
    return id;
  }

  /** The folder, absolute. */
  public final Path directory() {
    return directory;
  }

  /** How operations reach the drivers. */
  public final VolumeKind kind() {
    return kind;
  }

  final EmbeddedFilterManager manager() {
    return manager;
  }

  /**
   * Takes the volume away from the drivers; gated opens that wait are released. Idempotent. Blocks
   * until fltmgrd has done so, at most the manager's request time-out. Does nothing once the
   * manager is closed or gone.
   *
   * @throws FilterManagerException if fltmgrd refuses or does not answer in time
   */
  @Override
  public void close() throws FilterManagerException {
    if (closed.compareAndSet(false, true) && manager.isAlive()) {
      manager.call("unvolume", id);
    }
  }

  @Override
  public String toString() {
    return kind + " volume " + id + " on " + directory;
  }
}
