// SPDX-License-Identifier: Apache-2.0
package io.github.filterport;

import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/** A reader's one message object. */
final class MessageImpl implements Message {
  private static final int NONE = 0;
  private static final int OPEN = 1;
  private static final int ANSWERED = 2;
  private static final int DEFERRED = 3;
  private static final ReplyOutcome[] OUTCOMES = ReplyOutcome.values();

  private final Reception reception;
  private final ReaderImpl reader;
  private final ArenaMap map;
  private final Slots slots;
  private final Receives receives;
  private int state = NONE;
  private int slot;
  private int length;
  private int replyLength;

  MessageImpl(Reception reception, ReaderImpl reader) {
    this.reception = reception;
    this.reader = reader;
    this.map = reception.map();
    this.slots = reception.slots();
    this.receives = reception.receives();
  }

  // ---- life

  void begin(int newSlot, int newLength) {
    slot = newSlot;
    length = newLength;
    replyLength = map.readReplyLength(newSlot);
    state = OPEN;
  }

  /** The handler has returned. True if the message is deferred, that is, keeps its slot. */
  boolean end() {
    int last = state;
    if (last == OPEN) {
      reader.settle(unanswered());
    }
    state = NONE;
    return last == DEFERRED;
  }

  private int unanswered() {
    if (replyLength == 0) {
      return Counters.ONE_WAY;
    }
    Events.unanswered(reception.port().name());
    if (!reader.enterReply()) {
      return Counters.DISCONNECTED;
    }
    try {
      return reception.answerByFallback(slot, replyLength);
    } finally {
      reader.leaveReply();
    }
  }

  private void check() {
    if (!reader.isOwner(Thread.currentThread())) {
      throw new IllegalStateException(
          "a message belongs to the thread of its handler; this is thread "
              + Thread.currentThread().getName()
              + ". Use tryDefer() to answer from another thread");
    }
    if (state == NONE) {
      throw new IllegalStateException(
          "a message is valid inside its handler only. Use tryDefer() to answer later");
    }
    if (state == DEFERRED) {
      throw new IllegalStateException("this message was deferred: use its PendingReply");
    }
  }

  // ---- reading

  String idForText() {
    return Long.toUnsignedString(map.readMessageId(slot));
  }

  @Override
  public long id() {
    check();
    return map.readMessageId(slot);
  }

  @Override
  public ByteBuffer payload() {
    check();
    return slots.payload(slot, length);
  }

  @Override
  public int payloadOffset() {
    check();
    return map.payloadOffset(slot);
  }

  @Override
  public boolean wantsReply() {
    check();
    return replyLength != 0;
  }

  @Override
  public int replyLength() {
    check();
    return replyLength;
  }

  @Override
  public int replyCapacity() {
    check();
    return capacity();
  }

  private int capacity() {
    return Math.max(0, Math.min(replyLength - map.replyHeader(), map.replyCapacity()));
  }

  // ---- answering

  @Override
  public ByteBuffer replyBuffer() {
    check();
    return slots.reply(slot, capacity());
  }

  @Override
  public ReplyOutcome reply(int replyBytes) {
    return reply(0, replyBytes);
  }

  @Override
  public ReplyOutcome reply(int ntstatus, int replyBytes) {
    check();
    checkLength(replyBytes, map);
    if (state == ANSWERED) {
      return ReplyOutcome.ALREADY_ANSWERED;
    }
    state = ANSWERED;
    if (replyLength == 0) {
      reader.settle(Counters.ONE_WAY);
      return ReplyOutcome.NO_WAITER;
    }
    if (!reader.enterReply()) {
      reader.settle(Counters.DISCONNECTED);
      return ReplyOutcome.CLOSED;
    }
    int result;
    try {
      result = receives.reply(slot, ntstatus, replyBytes);
    } finally {
      reader.leaveReply();
    }
    if (result == Receives.DELIVERED) {
      reader.settle(Counters.REPLIED);
      return ReplyOutcome.DELIVERED;
    }
    reader.settle(counterOf(result));
    return outcomeOf(result, reception.port());
  }

  static void checkLength(int length, ArenaMap map) {
    if (length < 0 || length > map.replyCapacity()) {
      throw new IllegalArgumentException(
          "length must be between 0 and "
              + map.replyCapacity()
              + " (ReceiveOptions.reply), got "
              + length);
    }
  }

  static int counterOf(int result) {
    switch (result) {
      case Receives.DELIVERED:
        return Counters.REPLIED;
      case Receives.NO_WAITER:
        return Counters.LATE;
      case Receives.DISCONNECTED:
        return Counters.DISCONNECTED;
      default:
        return Counters.FAILED;
    }
  }

  static ReplyOutcome outcomeOf(int result, PortImpl port) {
    if (result == Receives.DISCONNECTED) {
      port.disconnectedNow();
    } else if (result == Receives.NO_WAITER) {
      Events.lateReply(port.name());
    }
    if (result >= 0) {
      return OUTCOMES[result];
    }
    FilterException cause = FilterException.of(result, Hresult.REPLY, port.name());
    throw new IllegalStateException(cause.getMessage(), cause);
  }

  @Override
  public @Nullable PendingReply tryDefer() {
    check();
    if (state != OPEN || replyLength == 0) {
      return null;
    }
    if (!reception.deferred().reserve()) {
      reader.deferRefused();
      return null;
    }
    PendingReplyImpl pending = new PendingReplyImpl(reception, slot, length, capacity());
    state = DEFERRED;
    reception.deferred().add(slot, pending);
    return pending;
  }
}
