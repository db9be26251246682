// SPDX-License-Identifier: Apache-2.0
package io.github.filterport.guard;

import org.jspecify.annotations.Nullable;

/** The kinds of operation that the driver asks about. */
public enum Operation {
  /** An open or create of a file. */
  OPEN(GuardProtocol.KIND_OPEN),

  /** An open of a file in order to execute it. */
  EXECUTE(GuardProtocol.KIND_EXECUTE);

  private static final Operation[] ALL = values();

  private final int kind;

  Operation(int kind) {
    this.kind = kind;
  }

  int kind() {
    return kind;
  }

  /** Null for what a newer driver may know. */
  static @Nullable Operation of(int kind) {
    return kind >= 1 && kind <= ALL.length ? ALL[kind - 1] : null;
  }
}
