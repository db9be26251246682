// SPDX-License-Identifier: Apache-2.0
package io.github.filterport.host;

/** How a {@link Volume} sees file operations. */
public enum VolumeKind {
  /**
   * Gates real opens and executions by every process of the machine through fanotify. Needs
   * CAP_SYS_ADMIN; without it {@link EmbeddedFilterManager#volume} fails with the reason.
   */
  FANOTIFY("fanotify"),

  /**
   * Sees only the opens issued through {@link DirectVolume#open}, which run through the same
   * callback stack. The volume itself needs no privilege; the bundled driver's port still admits
   * uid 0 only, which a user namespace ({@code unshare -Ur}) gives to anybody.
   */
  DIRECT("direct");

  private final String word;

  VolumeKind(String word) {
    this.word = word;
  }

  String word() {
    return word;
  }
}
