// SPDX-License-Identifier: Apache-2.0
package io.github.filterport.guard;

import io.github.filterport.Message;
import io.github.filterport.PendingReply;
import io.github.filterport.ReplyOutcome;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/** A message with an event in it, without a driver. */
final class FakeMessage implements Message {
  private final ByteBuffer payload;
  private final ByteBuffer reply = ByteBuffer.allocate(64).order(ByteOrder.LITTLE_ENDIAN);
  private int replied = -1;

  FakeMessage(ByteBuffer payload) {
    this.payload = payload.order(ByteOrder.LITTLE_ENDIAN);
  }

  static ByteBuffer event(int kind, long sequence, String path, byte[] content) {
    byte[] chars = path.getBytes(StandardCharsets.UTF_16LE);
    int contentAt = GuardProtocol.Event.LENGTH + (chars.length + 7) / 8 * 8;
    int size = contentAt + content.length;
    ByteBuffer bytes = ByteBuffer.allocateDirect(size).order(ByteOrder.LITTLE_ENDIAN);
    bytes.putInt(GuardProtocol.Event.MAGIC_OFFSET, GuardProtocol.MAGIC);
    bytes.putShort(GuardProtocol.Event.VERSION_OFFSET, (short) GuardProtocol.VERSION);
    bytes.putShort(GuardProtocol.Event.KIND_OFFSET, (short) kind);
    bytes.putInt(GuardProtocol.Event.SIZE_OFFSET, size);
    bytes.putLong(GuardProtocol.Event.SEQUENCE_OFFSET, sequence);
    bytes.putLong(GuardProtocol.Event.PROCESS_ID_OFFSET, 4711);
    bytes.putInt(GuardProtocol.Event.PATH_OFFSET_OFFSET, GuardProtocol.Event.LENGTH);
    bytes.putInt(GuardProtocol.Event.PATH_LENGTH_OFFSET, chars.length);
    bytes.putInt(GuardProtocol.Event.CONTENT_OFFSET_OFFSET, content.length == 0 ? 0 : contentAt);
    bytes.putInt(GuardProtocol.Event.CONTENT_LENGTH_OFFSET, content.length);
    bytes.put(GuardProtocol.Event.LENGTH, chars);
    bytes.put(contentAt, content);
    return bytes;
  }

  int repliedLength() {
    return replied;
  }

  @Override
  public long id() {
    return 1;
  }

  @Override
  public ByteBuffer payload() {
    return payload;
  }

  @Override
  public int payloadOffset() {
    return 0;
  }

  @Override
  public boolean wantsReply() {
    return true;
  }

  @Override
  public int replyLength() {
    return 32;
  }

  @Override
  public int replyCapacity() {
    return 16;
  }

  @Override
  public ByteBuffer replyBuffer() {
    return reply;
  }

  @Override
  public ReplyOutcome reply(int length) {
    return reply(0, length);
  }

  @Override
  public ReplyOutcome reply(int ntstatus, int length) {
    replied = length;
    return ReplyOutcome.DELIVERED;
  }

  @Override
  public @Nullable PendingReply tryDefer() {
    return null;
  }
}
