// SPDX-License-Identifier: Apache-2.0
package io.github.filterport;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** The test driver that sends as many messages as asked for; twin of jni/test/flood.c. */
final class FloodDriver {
  static final String PORT = "\\Flood";

  /** What became of a flood. */
  record Answer(int sent, int right, int timedOut, int last) {}

  private FloodDriver() {}

  /**
   * Sends {@code count} messages to this connection, one after the other; blocks until all are
   * answered.
   */
  static Answer flood(FilterPort port, int count, int length, int replyCapacity, int milliseconds)
      throws FilterException {
    ByteBuffer in = ByteBuffer.allocateDirect(16).order(ByteOrder.LITTLE_ENDIAN);
    in.putInt(count).putInt(length).putInt(replyCapacity).putInt(milliseconds).flip();
    ByteBuffer out = ByteBuffer.allocateDirect(16).order(ByteOrder.LITTLE_ENDIAN);
    port.send(in, out);
    return new Answer(out.getInt(0), out.getInt(4), out.getInt(8), out.getInt(12));
  }

  /** The right reply to one of its messages. */
  static void answer(Message message) {
    message.replyBuffer().putInt(0, ~message.payload().getInt(0));
    message.reply(4);
  }
}
