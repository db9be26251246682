// SPDX-License-Identifier: Apache-2.0
package io.github.filterport;

import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * The native methods about memory that a driver has mapped into this process, registered by the
 * shim when it is loaded; twin of jni/entry_view.cpp.
 */
final class ViewShim {
  private ViewShim() {}

  /** Null if the system knows no view that begins there, is as long, and as writable. */
  static native @Nullable ByteBuffer buffer(long address, long length, boolean writable);

  static native void unmap(long address);
}
