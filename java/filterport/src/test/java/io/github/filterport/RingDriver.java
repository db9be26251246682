// SPDX-License-Identifier: Apache-2.0
package io.github.filterport;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.jspecify.annotations.Nullable;

/** The test driver with event rings; twin of jni/test/ring.c. */
final class RingDriver {
  static final String PORT = "\\Ring";

  private static final int MAP = 1;
  private static final int WRITE = 2;
  private static final int WRITE_MANY = 3;
  private static final int LOSE = 4;
  private static final int CLOSE = 5;
  private static final int QUERY = 6;
  private static final int POKE = 7;

  /** What became of writing. */
  record Told(int written, int first) {}

  /** RING_COUNTERS. */
  record RingCounters(long events, long dropped, long refused, long unread, long capacity) {}

  private RingDriver() {}

  /** A connection whose ring has that many bytes. */
  static Connector connector(TestManager manager, int dataLength) {
    return manager.connector(PORT).context(context(dataLength, 0));
  }

  /**
   * One whose ring is there for the next connection with that number, too.
   *
   * @param number 1 to 4
   */
  static Connector kept(@Nullable String manager, int number, int dataLength) {
    Connector connector = FilterPort.connector(PORT).context(context(dataLength, number));
    return manager == null ? connector : connector.manager(manager);
  }

  private static byte[] context(int dataLength, int kept) {
    return ByteBuffer.allocate(8)
        .order(ByteOrder.LITTLE_ENDIAN)
        .putInt(dataLength)
        .putInt(kept)
        .array();
  }

  static EventReader open(FilterPort port) throws FilterException {
    return open(port, WaitPolicy.adaptive());
  }

  static EventReader open(FilterPort port, WaitPolicy wait) throws FilterException {
    return port.openEvents(request(MAP, 0, 0, 0), wait);
  }

  /** Events of that length; each starts with its number in this request. */
  static Told write(FilterPort port, int count, int length) throws FilterException {
    return told(port, request(WRITE, count, length, 0));
  }

  /** The same, of 8 bytes, many at a time. */
  static Told writeMany(FilterPort port, int count) throws FilterException {
    return told(port, request(WRITE_MANY, count, 8, 0));
  }

  static void lose(FilterPort port, int count) throws FilterException {
    told(port, request(LOSE, count, 0, 0));
  }

  static void close(FilterPort port) throws FilterException {
    told(port, request(CLOSE, 0, 0, 0));
  }

  /** Something other than the request to map. */
  static ByteBuffer otherRequest() {
    return request(QUERY, 0, 0, 0);
  }

  /** Overwrites the producer's memory, as a broken driver might. */
  static void poke(FilterPort port, int offset, long value) throws FilterException {
    told(port, request(POKE, offset, 0, value));
  }

  static RingCounters query(FilterPort port) throws FilterException {
    ByteBuffer out = answer();
    port.send(request(QUERY, 0, 0, 0), out);
    return new RingCounters(
        out.getLong(0), out.getLong(8), out.getLong(16), out.getLong(24), out.getLong(32));
  }

  private static Told told(FilterPort port, ByteBuffer request) throws FilterException {
    ByteBuffer out = answer();
    port.send(request, out);
    return new Told(out.getInt(0), out.getInt(4));
  }

  private static ByteBuffer answer() {
    return ByteBuffer.allocateDirect(64).order(ByteOrder.LITTLE_ENDIAN);
  }

  private static ByteBuffer request(int command, int count, int length, long value) {
    return ByteBuffer.allocateDirect(24)
        .order(ByteOrder.LITTLE_ENDIAN)
        .putInt(command)
        .putInt(count)
        .putInt(length)
        .putInt(0)
        .putLong(value)
        .flip();
  }
}
