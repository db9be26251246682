// SPDX-License-Identifier: Apache-2.0
package io.github.filterport;

import org.jspecify.annotations.Nullable;

/**
 * Tells whether the native half of the library is there.
 *
 * <p>The first call of any method of this package that needs it loads it, once for each class
 * loader. All methods are thread-safe. The search, in this order:
 *
 * <ol>
 *   <li>the folder named by the system property {@code filterport.library.path}: when it is set
 *       nothing else is tried, so that a wrong path is seen and not hidden;
 *   <li>the resource {@code META-INF/lib/<platform>/} of this library, extracted to a fresh folder
 *       that only its owner may enter, loaded, and deleted when the program ends. The folder is
 *       made in {@code filterport.extract.dir} if that property is set, else in {@code
 *       java.io.tmpdir};
 *   <li>the folders of {@code java.library.path}.
 * </ol>
 *
 * <p>A native library of another version is refused. The failure's text lists each attempt.
 */
public final class FilterportNative {
  private FilterportNative() {}

  /** Whether the native library is loaded, after trying to load it. Never throws. */
  public static boolean isAvailable() {
    return NativeLoader.state().cause() == null;
  }

  /** Why the native library is not available, with each attempt; null if it is. */
  public static @Nullable Throwable unavailabilityCause() {
    return NativeLoader.state().cause();
  }

  /**
   * Loads the native library if that has not been done.
   *
   * @throws UnsatisfiedLinkError if it cannot be loaded; the text lists each attempt and what to do
   */
  public static void ensureAvailable() {
    Throwable cause = NativeLoader.state().cause();
    if (cause != null) {
      UnsatisfiedLinkError error = new UnsatisfiedLinkError(cause.getMessage());
      error.initCause(cause);
      throw error;
    }
  }
}
