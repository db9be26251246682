// SPDX-License-Identifier: Apache-2.0
package io.github.filterport;

/** What became of a reply. In each case the message is spent. */
public enum ReplyOutcome {
  /** The sender has it. */
  DELIVERED,
  /**
   * The sender no longer waits: it timed out, was cancelled, or wanted no reply (0x801F0020). Carry
   * on with the next message. Counted in {@link PortCounters#late()}.
   */
  NO_WAITER,
  /**
   * Longer than the sender's buffer (0x800700EA). The sender got STATUS_BUFFER_OVERFLOW and no
   * bytes. Look at {@link Message#replyCapacity()} first. Counted in {@link PortCounters#failed()}.
   */
  TOO_LONG,
  /** The driver closed its end. Poll once more to see it, then connect again. */
  DISCONNECTED,
  /** This message was answered before; nothing was sent. */
  ALREADY_ANSWERED,
  /** This side closed the connection; nothing was sent. The sender got STATUS_PORT_DISCONNECTED. */
  CLOSED
}
