// SPDX-License-Identifier: Apache-2.0
package io.github.filterport;

import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * One message of the driver, without a copy. Valid inside its handler and on the handler's thread
 * only; elsewhere every method throws IllegalStateException.
 *
 * <p>The same object is used for many messages: do not keep it, nor the buffers it gives.
 */
public interface Message {
  /** FILTER_MESSAGE_HEADER.MessageId: unique among the connection's messages, without an order. */
  long id();

  /**
   * The driver's bytes: position 0, limit their number, little-endian, 16-byte aligned. Another
   * program wrote them: check them.
   */
  ByteBuffer payload();

  /** Where the payload starts in {@link MessageReader#arena()}. */
  int payloadOffset();

  /** Whether the sender waits for a reply. */
  boolean wantsReply();

  /** FILTER_MESSAGE_HEADER.ReplyLength: the longest reply with its header, 0 if none is wanted. */
  int replyLength();

  /** How many payload bytes a reply may have: what the sender and this reader have room for. */
  int replyCapacity();

  /**
   * Where to write the reply's payload: position 0, limit {@link #replyCapacity()}, little-endian.
   * It is not cleared between messages.
   */
  ByteBuffer replyBuffer();

  /** As {@link #reply(int, int)} with STATUS_SUCCESS. */
  ReplyOutcome reply(int length);

  /**
   * Answers with the first {@code length} bytes of {@link #replyBuffer()}; the sender wakes at
   * once. May be called once; later calls return {@link ReplyOutcome#ALREADY_ANSWERED}.
   *
   * @param ntstatus what FltSendMessage returns to the driver; 0 is STATUS_SUCCESS
   * @param length payload bytes; more than the sender has room for gives {@link
   *     ReplyOutcome#TOO_LONG}
   * @throws IllegalArgumentException if length is negative or more than {@link
   *     ReceiveOptions#reply()}; nothing is answered then
   */
  ReplyOutcome reply(int ntstatus, int length);

  /**
   * Takes the message out of its handler, to be answered later by any thread.
   *
   * @return null if {@link ReceiveOptions#maxDeferred()} messages are already deferred, if this one
   *     is answered, or wants no reply: decide now. Otherwise this message is spent
   */
  @Nullable PendingReply tryDefer();
}
