// SPDX-License-Identifier: Apache-2.0
package io.github.filterport;

import java.nio.ByteBuffer;

/**
 * A message that is answered outside its handler. Any thread may use it, one at a time. It holds
 * one of the connection's receive slots until it is completed, or until {@link
 * ReceiveOptions#deferTimeout()} has passed and the fallback reply has gone out.
 */
public interface PendingReply {
  /** FILTER_MESSAGE_HEADER.MessageId. */
  long id();

  /**
   * The driver's bytes; see {@link Message#payload()}.
   *
   * @throws IllegalStateException once it is completed or has expired
   */
  ByteBuffer payload();

  /**
   * Where to write the reply's payload; see {@link Message#replyBuffer()}.
   *
   * @throws IllegalStateException once it is completed or has expired
   */
  ByteBuffer replyBuffer();

  /**
   * Answers, once; does not block. Later calls return {@link ReplyOutcome#ALREADY_ANSWERED}, also
   * when the fallback reply went out before; they never answer another message.
   *
   * @param ntstatus what FltSendMessage returns to the driver; 0 is STATUS_SUCCESS
   * @param length payload bytes
   * @throws IllegalArgumentException if length is negative or more than {@link
   *     ReceiveOptions#reply()}; nothing is answered then
   */
  ReplyOutcome complete(int ntstatus, int length);
}
