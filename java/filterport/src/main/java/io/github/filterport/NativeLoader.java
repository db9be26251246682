// SPDX-License-Identifier: Apache-2.0
package io.github.filterport;

import org.jspecify.annotations.Nullable;

/** Finds and loads the native half. */
final class NativeLoader {
  private NativeLoader() {}

  record State(@Nullable Throwable cause) {}

  static State state() {
    return new State(new UnsatisfiedLinkError("filterport: native library not loaded"));
  }
}
