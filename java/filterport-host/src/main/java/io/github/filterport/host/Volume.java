// SPDX-License-Identifier: Apache-2.0
package io.github.filterport.host;

import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * A folder whose file operations the loaded drivers see. Made by {@link
 * EmbeddedFilterManager#volume}. Thread-safe.
 */
public class Volume implements AutoCloseable {
  private final EmbeddedFilterManager manager;
  private final String id;
  private final String device;
  private final Path directory;
  private final VolumeKind kind;
  private final AtomicBoolean closed = new AtomicBoolean();

  Volume(EmbeddedFilterManager manager, String id, String device, Path directory, VolumeKind kind) {
    this.manager = manager;
    this.id = id;
    this.device = device;
    this.directory = directory;
    this.kind = kind;
  }

  /** The name by which fltmgrd knows the volume. */
  public final String id() {
    return id;
  }

  /** How drivers name the volume: paths in events begin with it, {@code \Device\Fanotify1}. */
  public final String device() {
    return device;
  }

  /**
   * The file that an event's path names: {@code \Device\Fanotify1\a\b} is {@code a/b} in {@link
   * #directory()}. A backslash in a file's own name cannot be told from a separator.
   *
   * @param eventPath a path as drivers report it
   * @return null if the path is not on this volume, or its bytes are no text
   */
  public final @Nullable Path file(String eventPath) {
    if (!eventPath.startsWith(device)
        || (eventPath.length() > device.length() && eventPath.charAt(device.length()) != '\\')) {
      return null;
    }
    try {
      String relative = eventPath.substring(device.length()).replace('\\', '/');
      return directory.resolve(relative.isEmpty() ? "" : relative.substring(1));
    } catch (InvalidPathException e) {
      return null;
    }
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
