// SPDX-License-Identifier: Apache-2.0
package io.github.filterport.bench.run;

/**
 * What a sender does in one round.
 *
 * @param senders threads, each with one message under way
 * @param oneWay whether messages want no reply
 * @param timed whether each message is timed, or only all of them together
 * @param length payload bytes of a message
 * @param warmNanos time at the start that is not recorded
 * @param nanos length of the recorded part, or 0 for no limit
 * @param messages most messages of each sender, or 0 for no limit
 * @param intervalNanos from one intended send to the next of the same sender, or 0 for at once
 */
public record Load(
    int senders,
    boolean oneWay,
    boolean timed,
    int length,
    long warmNanos,
    long nanos,
    long messages,
    long intervalNanos) {
  static final int REPLY = 16;
  private static final int LENGTH = 256;

  /** One sender, one message after the other, each answered. */
  public static Load pingPong(long warmNanos, long nanos) {
    return new Load(1, false, true, LENGTH, warmNanos, nanos, 0, 0);
  }

  /** With that many senders. */
  public Load withSenders(int count) {
    return new Load(count, oneWay, timed, length, warmNanos, nanos, messages, intervalNanos);
  }

  /** With messages of that many bytes. */
  public Load withLength(int bytes) {
    return new Load(senders, oneWay, timed, bytes, warmNanos, nanos, messages, intervalNanos);
  }

  /** Without replies and without times. */
  public Load asStream() {
    return new Load(senders, true, false, length, warmNanos, nanos, messages, intervalNanos);
  }

  /** Without times of single messages. */
  public Load untimed() {
    return new Load(senders, oneWay, false, length, warmNanos, nanos, messages, intervalNanos);
  }

  /** At a fixed rate of each sender. */
  public Load every(long interval) {
    return new Load(senders, oneWay, timed, length, warmNanos, nanos, messages, interval);
  }

  /** Not more messages of each sender than that. */
  public Load atMost(long count) {
    return new Load(senders, oneWay, timed, length, warmNanos, nanos, count, intervalNanos);
  }

  /** With another length of the recorded part. */
  public Load lasting(long newNanos) {
    return new Load(senders, oneWay, timed, length, warmNanos, newNanos, messages, intervalNanos);
  }
}
