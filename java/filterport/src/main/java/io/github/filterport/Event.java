// SPDX-License-Identifier: Apache-2.0
package io.github.filterport;

import java.nio.ByteBuffer;

/**
 * One event of the driver, without a copy. Valid inside its handler and on the handler's thread
 * only.
 *
 * <p>The same object is used for many events: do not keep it, nor its buffer. Another program wrote
 * the bytes: check them.
 */
public interface Event {
  /** Counts the driver's events from 1 on; a number that is missing is an {@link EventGap}. */
  long sequence();

  /** What kind of event it is, in the driver's own numbering. */
  int kind();

  /** The number of the payload's bytes. */
  int length();

  /**
   * The payload from position to limit: read-only, little-endian, 16-byte aligned. The position is
   * {@link #payloadOffset}, not 0. The same buffer for each event.
   */
  ByteBuffer payload();

  /** Where the payload starts in {@link EventReader#memory()}. */
  int payloadOffset();

  /**
   * A byte of the payload.
   *
   * @throws IndexOutOfBoundsException if it lies outside
   */
  byte getByte(int index);

  /** Two bytes of the payload. */
  short getShort(int index);

  /** Four bytes of the payload. */
  int getInt(int index);

  /** Eight bytes of the payload. */
  long getLong(int index);
}
