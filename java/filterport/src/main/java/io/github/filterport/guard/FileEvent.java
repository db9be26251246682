// SPDX-License-Identifier: Apache-2.0
package io.github.filterport.guard;

import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * One file operation: a question to a {@link Decider} or a report to an {@link EventObserver}.
 *
 * <p>Read where it lies, without a copy; valid inside its handler only, elsewhere every method
 * throws IllegalStateException. Nothing is allocated except by {@link #path()}, {@link #content()}
 * and {@link #tryDefer()}. Not thread-safe.
 */
public interface FileEvent {
  /** What is done to the file. */
  Operation operation();

  /**
   * The operation's number, counted from 1 since the driver was loaded. A gap is an operation that
   * this client did not hear of. A report about a question has the question's number.
   */
  long sequence();

  /**
   * How long the opener will still wait for the verdict, in nanoseconds; 0 or less: it no longer
   * does. {@link Long#MAX_VALUE} in a report. By the system clock: granularity 1 ms.
   */
  long remainingNanos();

  /** When the driver built the event: 100 ns units since 1601-01-01 UTC. */
  long time();

  /** Process id of the opener, 0 if unknown. */
  long processId();

  /** Thread id of the opener, 0 if unknown. */
  long threadId();

  /**
   * With {@link #processId()} names a process for ever. Only equality means something; 0 if
   * unknown.
   */
  long processStart();

  /**
   * The file's path in the Windows form, {@code \Device\HarddiskVolume2\folder\file.txt}. Decoded
   * at the first call, then kept for the event.
   */
  String path();

  /** Length of {@link #path()} in chars. Does not decode it. */
  int pathLength();

  /**
   * One char of {@link #path()}. Does not decode it.
   *
   * @throws IndexOutOfBoundsException if index is not in 0 … {@link #pathLength()} − 1
   */
  char pathCharAt(int index);

  /** Whether the path ends with {@code suffix}, letter case ignored. Does not decode it. */
  boolean pathEndsWith(String suffix);

  /**
   * How many of the file's first bytes came with the event: at most {@link Policy#contentBytes()},
   * fewer if the file or the receive buffer is smaller.
   */
  int contentLength();

  /**
   * One of the file's first bytes.
   *
   * @throws IndexOutOfBoundsException if index is not in 0 … {@link #contentLength()} − 1
   */
  byte contentByte(int index);

  /** Whether the content begins with these bytes. */
  boolean contentStartsWith(byte[] prefix);

  /** A read-only view of the content: little-endian, position 0, limit {@link #contentLength()}. */
  ByteBuffer content();

  /** Whether the file has more bytes than {@link #content()}. */
  boolean isContentCut();

  /** Whether content was asked for and could not be read. */
  boolean isContentFailed();

  /** Whether the path did not fit and lacks its end. */
  boolean isPathCut();

  /**
   * Whether this was asked before the open, since the open itself destroys data: no file id, no
   * size, no content.
   */
  boolean isBeforeOpen();

  /** Whether this open created the file. */
  boolean isCreated();

  /** Whether {@link #fileId()} and {@link #fileSize()} are known. */
  boolean hasFileId();

  /** The file's id on its volume, low 64 bits; it stays when the file is renamed. */
  long fileId();

  /** High 64 bits of the file's id, 0 where ids have 64 bits. */
  long fileIdHigh();

  /** Size of the file in bytes. */
  long fileSize();

  /** ACCESS_MASK of the open. */
  int desiredAccess();

  /** FILE_SUPERSEDE 0, FILE_OPEN 1, FILE_CREATE 2, FILE_OPEN_IF 3, FILE_OVERWRITE 4, _IF 5. */
  int disposition();

  /** FILE_* create options. */
  int createOptions();

  /** Whether this is a report. */
  boolean isReport();

  /** How the operation ended; {@link Outcome#NONE} in a question. */
  Outcome outcome();

  /**
   * Takes the question out of the decider, which then returns null; the verdict comes later from
   * any thread, in {@link #remainingNanos()}. Copy what you need of the event first.
   *
   * @return null if too many are deferred already ({@link FileGuard.Options#maxDeferred()}), or
   *     this is a report: decide now
   */
  @Nullable PendingVerdict tryDefer();
}
