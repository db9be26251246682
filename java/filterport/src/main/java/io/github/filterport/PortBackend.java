// SPDX-License-Identifier: Apache-2.0
package io.github.filterport;

import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/** One connection below the gate: the shim's, or a test's. */
interface PortBackend {
  /** Bytes returned, or a negative HRESULT. Both buffers are direct. */
  long send(
      ByteBuffer in,
      int inOffset,
      int inLength,
      @Nullable ByteBuffer out,
      int outOffset,
      int outLength);

  /** Allocates the arena and arms all receives. */
  Receives openReceives(int readers, ReceiveOptions options) throws FilterException;

  /** Closes the handle; calls inside it wake. Idempotent; may block. */
  void close();
}
