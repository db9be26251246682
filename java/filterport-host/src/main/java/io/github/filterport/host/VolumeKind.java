// SPDX-License-Identifier: Apache-2.0
package io.github.filterport.host;

import java.nio.file.Path;

/** How a {@link Volume} sees file operations. */
public enum VolumeKind {
  /**
   * Gates real opens and executions by every process of the machine through fanotify. Needs
   * CAP_SYS_ADMIN; without it {@link EmbeddedFilterManager#volume} fails with the reason.
   */
  FANOTIFY("fanotify", ""),

  /**
   * As {@link #FANOTIFY}, for the files right in the folder only and not those below its
   * subfolders: the folder is marked, not its file system. For folders of a busy file system whose
   * other files shall not pass through the Filter Manager at all; not for enforcement, since what
   * is moved or linked elsewhere is not gated.
   */
  FANOTIFY_FOLDER("fanotify", "mark=directory"),

  /**
   * Sees only the opens issued through {@link DirectVolume#open}, which run through the same
   * callback stack. The volume itself needs no privilege; the bundled driver's port still admits
   * uid 0 only, which a user namespace ({@code unshare -Ur}) gives to anybody.
   */
  DIRECT("direct", "");

  private final String word;
  private final String option;

  VolumeKind(String word, String option) {
    this.word = word;
    this.option = option;
  }

  /** The arguments of the command {@code volume}. */
  String[] arguments(Path directory) {
    return option.isEmpty()
        ? new String[] {word, directory.toString()}
        : new String[] {word, directory.toString(), option};
  }
}
