// SPDX-License-Identifier: Apache-2.0
package io.github.filterport;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.jspecify.annotations.Nullable;

/**
 * A ring's memory as this process sees it; twin of driver/ring/ring_format.h, which tells who may
 * write what, and in which order.
 */
final class RingMap {
  static final int VERSION = 1;
  static final int ALIGNMENT = 16;

  /** RING_VIEWS. */
  static final class Views {
    static final int MAGIC = 0x56525046;
    static final int PRODUCER_OFFSET = 8;
    static final int PRODUCER_LENGTH_OFFSET = 16;
    static final int CONSUMER_OFFSET = 24;
    static final int CONSUMER_LENGTH_OFFSET = 32;
    static final int POSITION_OFFSET = 40;
    static final int LENGTH = 64;

    private Views() {}
  }

  /** RING_PRODUCER. */
  static final class Producer {
    static final int MAGIC = 0x4E525046;
    static final int DATA_OFFSET_OFFSET = 8;
    static final int DATA_LENGTH_OFFSET = 16;
    static final int PUBLISHED_OFFSET = 128;
    static final int LOST_OFFSET = 136;
    static final int DROPPED_OFFSET = 144;
    static final int STATE_OFFSET = 152;
    static final int LENGTH = 256;
    static final long CLOSED = 2;

    private Producer() {}
  }

  /** RING_CONSUMER. */
  static final class Consumer {
    static final int CONSUMED_OFFSET = 0;
    static final int SEQUENCE_OFFSET = 8;
    static final int SLEEPING_OFFSET = 64;
    static final int LENGTH = 128;

    private Consumer() {}
  }

  /** RING_RECORD. */
  static final class Header {
    static final int LENGTH_OFFSET = 0;
    static final int KIND_OFFSET = 4;
    static final int SEQUENCE_OFFSET = 8;
    static final int LENGTH = 16;
    static final int FIRST_RESERVED_KIND = 0xFFFFFF00;
    static final int PADDING = 0xFFFFFFFF;
    static final int TOO_LONG = 0xFFFFFFFE;
    static final int NOT_MADE = 0xFFFFFFFD;

    private Header() {}
  }

  private static final VarHandle LONG =
      MethodHandles.byteBufferViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

  private static final long LEAST_DATA = 4096;
  private static final long MOST_DATA = 0x40000000;

  private final ByteBuffer producer;
  private final ByteBuffer consumer;
  private final ByteBuffer data;
  private final long start;

  private RingMap(ByteBuffer producer, ByteBuffer consumer, ByteBuffer data, long start) {
    this.producer = producer;
    this.consumer = consumer;
    this.data = data;
    this.start = start;
  }

  /** Believes nothing of the answer that the system or the memory itself does not confirm. */
  static RingMap of(ByteBuffer answer, int length, String port) throws FilterException {
    if (length != Views.LENGTH || answer.getInt(0) != Views.MAGIC) {
      throw wrong(
          port, "the driver's answer is not RING_VIEWS: is this its request to map a ring?");
    }
    if (answer.getInt(4) != VERSION) {
      throw wrong(port, "version " + answer.getInt(4) + ", this library reads " + VERSION);
    }
    ByteBuffer consumer =
        view(answer, Views.CONSUMER_OFFSET, Views.CONSUMER_LENGTH_OFFSET, Consumer.LENGTH, true);
    ByteBuffer producer =
        view(answer, Views.PRODUCER_OFFSET, Views.PRODUCER_LENGTH_OFFSET, Producer.LENGTH, false);
    if (producer == null || consumer == null) {
      throw wrong(port, "the driver's answer names memory that is not mapped here");
    }
    return of(producer, consumer, answer.getLong(Views.POSITION_OFFSET), port);
  }

  static RingMap of(ByteBuffer producer, ByteBuffer consumer, long start, String port)
      throws FilterException {
    if (producer.getInt(0) != Producer.MAGIC || producer.getInt(4) != VERSION) {
      throw wrong(port, "the memory does not begin with RING_PRODUCER of version " + VERSION);
    }
    int dataOffset = producer.getInt(Producer.DATA_OFFSET_OFFSET);
    long dataLength = producer.getLong(Producer.DATA_LENGTH_OFFSET);
    if (dataLength < LEAST_DATA
        || dataLength > MOST_DATA
        || Long.bitCount(dataLength) != 1
        || dataOffset < Producer.LENGTH
        || dataOffset % ALIGNMENT != 0
        || dataOffset > producer.capacity() - dataLength) {
      throw wrong(
          port, "data at " + dataOffset + ", length " + dataLength + ", of " + producer.capacity());
    }
    ByteBuffer data =
        producer
            .slice(dataOffset, (int) dataLength)
            .asReadOnlyBuffer()
            .order(ByteOrder.LITTLE_ENDIAN);
    RingMap map = new RingMap(producer, consumer, data, start);
    long unread = map.published() - start;
    if (start < 0 || start % ALIGNMENT != 0 || unread < 0 || unread > dataLength) {
      throw wrong(port, "start at " + start + " of " + map.published());
    }
    return map;
  }

  /** Null if there is no such memory. It is unmapped when no buffer of it is left. */
  private static @Nullable ByteBuffer view(
      ByteBuffer answer, int addressOffset, int lengthOffset, int least, boolean writable) {
    long address = answer.getLong(addressOffset);
    long length = answer.getLong(lengthOffset);
    if (length < least || length > Integer.MAX_VALUE) {
      return null;
    }
    ByteBuffer root = ViewShim.buffer(address, length, writable);
    if (root == null) {
      return null;
    }
    NativePort.CLEANER.register(root, () -> ViewShim.unmap(address));
    return root.order(ByteOrder.LITTLE_ENDIAN);
  }

  static FilterException wrong(String port, String what) {
    return new FilterException(Hresult.ERROR_INVALID_DATA, "event ring", port + ": " + what);
  }

  ByteBuffer data() {
    return data;
  }

  /** Where reading begins. */
  long start() {
    return start;
  }

  long published() {
    return (long) LONG.getAcquire(producer, Producer.PUBLISHED_OFFSET);
  }

  /** To be read before {@link #published}: everything up to it is published then, or lost. */
  long lost() {
    return (long) LONG.getAcquire(producer, Producer.LOST_OFFSET);
  }

  long dropped() {
    return (long) LONG.getAcquire(producer, Producer.DROPPED_OFFSET);
  }

  /** To be read before {@link #published}: nothing is published any more then. */
  boolean isClosed() {
    return (long) LONG.getAcquire(producer, Producer.STATE_OFFSET) == Producer.CLOSED;
  }

  /** What the reader before this one has left. */
  long committedPosition() {
    return (long) LONG.getAcquire(consumer, Consumer.CONSUMED_OFFSET);
  }

  long committedSequence() {
    return (long) LONG.getAcquire(consumer, Consumer.SEQUENCE_OFFSET);
  }

  void commit(long position, long sequence) {
    LONG.setRelease(consumer, Consumer.SEQUENCE_OFFSET, sequence);
    LONG.setRelease(consumer, Consumer.CONSUMED_OFFSET, position);
  }

  /** Afterwards the ring must be looked at again before sleeping. */
  void sleeping(long number) {
    LONG.setVolatile(consumer, Consumer.SLEEPING_OFFSET, number);
    VarHandle.fullFence();
  }

  void awake() {
    LONG.setRelease(consumer, Consumer.SLEEPING_OFFSET, 0L);
  }
}
