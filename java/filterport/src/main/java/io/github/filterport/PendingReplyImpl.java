// SPDX-License-Identifier: Apache-2.0
package io.github.filterport;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * A deferred message. One object for each: that is its generation. The reply is written to a buffer
 * of its own, because the slot may already belong to another message when a late thread still
 * writes.
 */
final class PendingReplyImpl implements PendingReply {
  private static final int OPEN = 0;
  private static final int DONE = 1;
  private static final int CLOSED = 2;

  private final AtomicInteger state = new AtomicInteger(OPEN);
  private final Reception reception;
  private final ArenaMap map;
  private final int slot;
  private final int length;
  private final int capacity;
  private final long id;
  private final int fullReplyLength;
  private final long deadline;
  private volatile @Nullable ByteBuffer reply;

  PendingReplyImpl(Reception reception, int slot, int length, int capacity) {
    this.reception = reception;
    this.map = reception.map();
    this.slot = slot;
    this.length = length;
    this.capacity = capacity;
    this.id = map.readMessageId(slot);
    this.fullReplyLength = map.readReplyLength(slot);
    this.deadline = System.nanoTime() + reception.options().deferTimeout().toNanos();
  }

  long deadline() {
    return deadline;
  }

  private void checkOpen() {
    int current = state.get();
    if (current != OPEN) {
      throw new IllegalStateException(
          current == CLOSED
              ? "the connection of this deferred message is closed"
              : "this deferred message is answered: by complete(), or by the fallback reply after"
                  + " deferTimeout");
    }
  }

  @Override
  public long id() {
    return id;
  }

  @Override
  public ByteBuffer payload() {
    checkOpen();
    return map.payload(slot).limit(length);
  }

  @Override
  public ByteBuffer replyBuffer() {
    checkOpen();
    return ownBuffer().clear().order(ByteOrder.LITTLE_ENDIAN);
  }

  private ByteBuffer ownBuffer() {
    ByteBuffer buffer = reply;
    if (buffer == null) {
      buffer = ByteBuffer.allocate(capacity);
      reply = buffer;
    }
    return buffer;
  }

  @Override
  public ReplyOutcome complete(int ntstatus, int replyBytes) {
    MessageImpl.checkLength(replyBytes, map);
    if (!state.compareAndSet(OPEN, DONE)) {
      return state.get() == CLOSED ? ReplyOutcome.CLOSED : ReplyOutcome.ALREADY_ANSWERED;
    }
    PortImpl port = reception.port();
    if (!port.enter()) {
      reception.deferred().settle(slot, Counters.DISCONNECTED);
      return ReplyOutcome.CLOSED;
    }
    int result;
    try {
      if (replyBytes > 0) {
        byte[] bytes = ownBuffer().array();
        map.arena().put(map.replyOffset(slot), bytes, 0, Math.min(replyBytes, capacity));
      }
      result = reception.receives().reply(slot, ntstatus, replyBytes);
      reception.deferred().settle(slot, MessageImpl.counterOf(result));
      reception.receives().rearm(slot);
    } finally {
      port.leave();
    }
    return MessageImpl.outcomeOf(result, port);
  }

  /** The time is over: the fallback reply goes out. */
  void expire() {
    if (!state.compareAndSet(OPEN, DONE)) {
      return;
    }
    PortImpl port = reception.port();
    if (!port.enter()) {
      reception.deferred().settle(slot, Counters.DISCONNECTED);
      return;
    }
    try {
      int kind = reception.answerByFallback(slot, fullReplyLength);
      reception.deferred().settle(slot, kind);
      reception.receives().rearm(slot);
    } finally {
      port.leave();
    }
  }

  /** The connection is closed. */
  void abandon() {
    if (state.compareAndSet(OPEN, CLOSED)) {
      reception.deferred().settle(slot, Counters.DISCONNECTED);
    }
  }
}
