// SPDX-License-Identifier: Apache-2.0
package io.github.filterport.bench.peer;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** Numbers of native/common/protocol.h that a client needs. */
final class Numbers {
  static final String PORT = "\\Bench";
  static final int PAYLOAD = 512;
  static final int REPLY = 16;
  private static final int MAGIC = 0x48434E42;

  private Numbers() {}

  /** BENCH_CONNECT. */
  static byte[] connect(int number) {
    return ByteBuffer.allocate(8)
        .order(ByteOrder.LITTLE_ENDIAN)
        .putInt(MAGIC)
        .putInt(number)
        .array();
  }
}
