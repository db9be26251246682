// SPDX-License-Identifier: Apache-2.0
package io.github.filterport;

import org.jspecify.annotations.Nullable;

/**
 * The reply to a message that nobody answered: its handler returned or threw without replying, or a
 * deferred one was forgotten. Immutable.
 */
public final class FallbackReply {
  private static final int STATUS_UNSUCCESSFUL = 0xC0000001;
  private static final FallbackReply NONE = new FallbackReply(0, null);
  private static final FallbackReply DEFAULT = status(STATUS_UNSUCCESSFUL);

  private final int ntstatus;
  private final byte @Nullable [] payload;

  private FallbackReply(int ntstatus, byte @Nullable [] payload) {
    this.ntstatus = ntstatus;
    this.payload = payload;
  }

  /** STATUS_UNSUCCESSFUL (0xC0000001) without payload: FltSendMessage returns it to the driver. */
  public static FallbackReply defaults() {
    return DEFAULT;
  }

  /** No reply at all: the sender waits until its own time-out. Such messages count as failed. */
  public static FallbackReply none() {
    return NONE;
  }

  /** A reply without payload. */
  public static FallbackReply status(int ntstatus) {
    return new FallbackReply(ntstatus, new byte[0]);
  }

  /**
   * A reply with payload. Where it is longer than the message admits, the status goes out without
   * it.
   */
  public static FallbackReply of(int ntstatus, byte[] payload) {
    return new FallbackReply(ntstatus, payload.clone());
  }

  /** The status of the reply. */
  public int ntstatus() {
    return ntstatus;
  }

  /** The number of payload bytes. */
  public int length() {
    return payload == null ? 0 : payload.length;
  }

  /** Whether there is no reply at all. */
  public boolean isNone() {
    return payload == null;
  }

  byte @Nullable [] payloadBytes() {
    return payload;
  }
}
