// SPDX-License-Identifier: Apache-2.0
package io.github.filterport;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Objects;

/** A flyweight over the ring's memory. The reader has checked that place and length lie inside. */
final class EventImpl implements Event {
  private final ByteBuffer data;
  private final ByteBuffer payload;
  private int offset;
  private int length = -1;
  private int kind;
  private long sequence;

  EventImpl(ByteBuffer data) {
    this.data = data;
    this.payload = data.duplicate().order(ByteOrder.LITTLE_ENDIAN);
  }

  EventImpl at(int newOffset, int newLength, int newKind, long newSequence) {
    offset = newOffset;
    length = newLength;
    kind = newKind;
    sequence = newSequence;
    return this;
  }

  void release() {
    length = -1;
  }

  private void checkValid() {
    if (length < 0) {
      throw new IllegalStateException("this event is over: its handler has returned");
    }
  }

  @Override
  public long sequence() {
    checkValid();
    return sequence;
  }

  @Override
  public int kind() {
    checkValid();
    return kind;
  }

  @Override
  public int length() {
    checkValid();
    return length;
  }

  @Override
  public ByteBuffer payload() {
    checkValid();
    return payload.limit(offset + length).position(offset);
  }

  @Override
  public int payloadOffset() {
    checkValid();
    return offset;
  }

  private int place(int index, int size) {
    checkValid();
    return offset + Objects.checkFromIndexSize(index, size, length);
  }

  @Override
  public byte getByte(int index) {
    return data.get(place(index, Byte.BYTES));
  }

  @Override
  public short getShort(int index) {
    return data.getShort(place(index, Short.BYTES));
  }

  @Override
  public int getInt(int index) {
    return data.getInt(place(index, Integer.BYTES));
  }

  @Override
  public long getLong(int index) {
    return data.getLong(place(index, Long.BYTES));
  }

  @Override
  public String toString() {
    return length < 0
        ? "an event that is over"
        : "#" + sequence + " kind " + kind + ", " + length + " bytes";
  }
}
