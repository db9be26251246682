// SPDX-License-Identifier: Apache-2.0
package io.github.filterport;

import java.time.Duration;
import java.util.Objects;

/**
 * How a connection receives. Immutable: start from {@link #defaults()}, each with…() makes a copy.
 */
public final class ReceiveOptions {
  /** Most receives at once. One more is kept for messages longer than {@link #payload()}. */
  public static final int MAX_IN_FLIGHT = 1023;

  /** Longest message payload that can be received, in bytes. */
  public static final int MAX_PAYLOAD = 1 << 24;

  /** Longest reply payload, in bytes. */
  public static final int MAX_REPLY = 1 << 24;

  private static final long MAX_ARENA = 1L << 30;
  private static final ReceiveOptions DEFAULTS = new ReceiveOptions();

  private int inFlight = 64;
  private int payload = 4096;
  private int maxPayload = 65536;
  private int reply = 1024;
  private int maxDeferred = 32;
  private Duration deferTimeout = Duration.ofSeconds(10);
  private Duration closeTimeout = Duration.ofSeconds(5);
  private WaitPolicy waitPolicy = WaitPolicy.adaptive();
  private boolean requirePinned;
  private FallbackReply fallback = FallbackReply.defaults();

  private ReceiveOptions() {}

  private ReceiveOptions(ReceiveOptions other) {
    inFlight = other.inFlight;
    payload = other.payload;
    maxPayload = other.maxPayload;
    reply = other.reply;
    maxDeferred = other.maxDeferred;
    deferTimeout = other.deferTimeout;
    closeTimeout = other.closeTimeout;
    waitPolicy = other.waitPolicy;
    requirePinned = other.requirePinned;
    fallback = other.fallback;
  }

  /**
   * 64 receives of 4096 bytes, messages up to 64 KiB, replies up to 1024 bytes, at most 32 deferred
   * for at most 10 s, 5 s to close, adaptive waiting, pinned if possible, {@link
   * FallbackReply#defaults()}.
   */
  public static ReceiveOptions defaults() {
    return DEFAULTS;
  }

  /** How many receives the connection has: slots, each holding one message at a time. */
  public int inFlight() {
    return inFlight;
  }

  /** How many payload bytes a slot holds. */
  public int payload() {
    return payload;
  }

  /**
   * The longest payload: one slot grows up to this when a message is longer than {@link #payload}.
   */
  public int maxPayload() {
    return maxPayload;
  }

  /** How many reply payload bytes a slot holds. */
  public int reply() {
    return reply;
  }

  /** How many messages may be deferred at once; less than {@link #inFlight}. */
  public int maxDeferred() {
    return maxDeferred;
  }

  /** After this a deferred message gets the fallback reply. */
  public Duration deferTimeout() {
    return deferTimeout;
  }

  /** How long closing waits at most. */
  public Duration closeTimeout() {
    return closeTimeout;
  }

  /** How readers wait. */
  public WaitPolicy waitPolicy() {
    return waitPolicy;
  }

  /** Whether it is an error if the arena cannot be locked in memory. */
  public boolean requirePinned() {
    return requirePinned;
  }

  /** The reply to messages that nobody answered. */
  public FallbackReply fallback() {
    return fallback;
  }

  /**
   * Sets the number of receives, from 1 to {@link #MAX_IN_FLIGHT}. {@link #maxDeferred()} becomes
   * at most one less.
   */
  public ReceiveOptions withInFlight(int count) {
    ReceiveOptions copy = new ReceiveOptions(this);
    copy.inFlight = between("inFlight", count, 1, MAX_IN_FLIGHT);
    copy.maxDeferred = Math.min(maxDeferred, count - 1);
    return copy.checked();
  }

  /**
   * Sets the payload bytes of a slot, from 0 to {@link #MAX_PAYLOAD}. {@link #maxPayload()} becomes
   * at least as much.
   */
  public ReceiveOptions withPayload(int bytes) {
    ReceiveOptions copy = new ReceiveOptions(this);
    copy.payload = between("payload", bytes, 0, MAX_PAYLOAD);
    copy.maxPayload = Math.max(maxPayload, bytes);
    return copy.checked();
  }

  /** Sets the longest payload, from {@link #payload()} to {@link #MAX_PAYLOAD}. */
  public ReceiveOptions withMaxPayload(int bytes) {
    ReceiveOptions copy = new ReceiveOptions(this);
    copy.maxPayload = between("maxPayload", bytes, payload, MAX_PAYLOAD);
    return copy.checked();
  }

  /** Sets the reply payload bytes of a slot, from 0 to {@link #MAX_REPLY}. */
  public ReceiveOptions withReply(int bytes) {
    ReceiveOptions copy = new ReceiveOptions(this);
    copy.reply = between("reply", bytes, 0, MAX_REPLY);
    return copy.checked();
  }

  /** Sets how many messages may be deferred, from 0 to {@link #inFlight()} - 1. */
  public ReceiveOptions withMaxDeferred(int count) {
    ReceiveOptions copy = new ReceiveOptions(this);
    copy.maxDeferred = between("maxDeferred", count, 0, inFlight - 1);
    return copy;
  }

  /** Sets when a deferred message gets the fallback reply; more than zero. */
  public ReceiveOptions withDeferTimeout(Duration limit) {
    ReceiveOptions copy = new ReceiveOptions(this);
    copy.deferTimeout = positive("deferTimeout", limit);
    return copy;
  }

  /** Sets how long closing waits at most; more than zero. */
  public ReceiveOptions withCloseTimeout(Duration limit) {
    ReceiveOptions copy = new ReceiveOptions(this);
    copy.closeTimeout = positive("closeTimeout", limit);
    return copy;
  }

  /** Sets how readers wait. */
  public ReceiveOptions withWaitPolicy(WaitPolicy policy) {
    ReceiveOptions copy = new ReceiveOptions(this);
    copy.waitPolicy = Objects.requireNonNull(policy, "policy");
    return copy;
  }

  /** Sets whether it is an error if the arena cannot be locked in memory. */
  public ReceiveOptions withRequirePinned(boolean required) {
    ReceiveOptions copy = new ReceiveOptions(this);
    copy.requirePinned = required;
    return copy;
  }

  /** Sets the reply to messages that nobody answered. */
  public ReceiveOptions withFallback(FallbackReply reply) {
    ReceiveOptions copy = new ReceiveOptions(this);
    copy.fallback = Objects.requireNonNull(reply, "reply");
    return copy;
  }

  private ReceiveOptions checked() {
    long arena = (long) inFlight * (payload + reply) + maxPayload;
    if (arena > MAX_ARENA) {
      throw new IllegalArgumentException(
          "inFlight * (payload + reply) + maxPayload must be at most "
              + MAX_ARENA
              + " bytes, got "
              + arena);
    }
    return this;
  }

  private static int between(String name, int value, int least, int most) {
    if (value < least || value > most) {
      throw new IllegalArgumentException(
          name + " must be between " + least + " and " + most + ", got " + value);
    }
    return value;
  }

  private static Duration positive(String name, Duration value) {
    if (value.isNegative() || value.isZero()) {
      throw new IllegalArgumentException(name + " must be more than zero, got " + value);
    }
    return value;
  }

  @Override
  public String toString() {
    return String.format(
        "%d receives of %d..%d bytes, replies of %d bytes, %d deferred for %s, close in %s, wait: %s,"
            + " pinned: %s",
        inFlight,
        payload,
        maxPayload,
        reply,
        maxDeferred,
        deferTimeout,
        closeTimeout,
        waitPolicy,
        requirePinned ? "required" : "if possible");
  }
}
