// SPDX-License-Identifier: Apache-2.0
package io.github.filterport.guard;

import io.github.filterport.guard.GuardProtocol.CommandHeader;
import io.github.filterport.guard.GuardProtocol.PolicyCommand;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Objects;

/**
 * What is asked about one kind of operation, and what happens to it without a verdict. Immutable;
 * the {@code with…} methods return changed copies.
 *
 * <p>In force for operations that begin after {@link FileGuard#policy} returned, until the driver
 * is unloaded: it outlives the connection, since what happens without a client is a part of it.
 *
 * @param ask whether operations of this kind are asked; without it they pass
 * @param report whether those that were asked are reported to observers, with their outcome
 * @param timeout how long an opener waits for delivery, decision and reply together; 1 ms to 60 s
 * @param onTimeout no verdict in time
 * @param onNoClient no decider is connected, or it went while it was asked
 * @param onOverload {@link FileGuard#maxInFlight} questions wait already
 * @param onFailure no valid verdict: the decider threw or returned null, no memory
 * @param contentBytes how many of the file's first bytes each question carries, 0 to 65536
 * @param cache whether {@link Verdict#ALLOW_CACHED} is heeded: operations that it covers are then
 *     neither asked nor reported. Setting any policy forgets what is remembered
 */
public record Policy(
    boolean ask,
    boolean report,
    Duration timeout,
    Action onTimeout,
    Action onNoClient,
    Action onOverload,
    Action onFailure,
    int contentBytes,
    boolean cache) {
  private static final Policy DEFAULTS =
      new Policy(
          true,
          true,
          Duration.ofMillis(GuardProtocol.DEFAULT_TIMEOUT_MILLISECONDS),
          Action.ALLOW,
          Action.ALLOW,
          Action.ALLOW,
          Action.ALLOW,
          0,
          false);

  /** Checks the arguments. */
  public Policy {
    Objects.requireNonNull(onTimeout, "onTimeout");
    Objects.requireNonNull(onNoClient, "onNoClient");
    Objects.requireNonNull(onOverload, "onOverload");
    Objects.requireNonNull(onFailure, "onFailure");
    long millis = timeout.toMillis();
    if (millis < GuardProtocol.MIN_TIMEOUT_MILLISECONDS
        || millis > GuardProtocol.MAX_TIMEOUT_MILLISECONDS) {
      throw new IllegalArgumentException("timeout must be 1 ms to 60 s, got " + timeout);
    }
    if (contentBytes < 0 || contentBytes > GuardProtocol.MAX_CONTENT_BYTES) {
      throw new IllegalArgumentException(
          "contentBytes must be 0 to " + GuardProtocol.MAX_CONTENT_BYTES + ", got " + contentBytes);
    }
  }

  /**
   * As after loading the driver: asked and reported, 2 s, allow whatever fails, no content, no
   * cache.
   */
  public static Policy defaults() {
    return DEFAULTS;
  }

  /** With another {@link #ask()}. */
  public Policy withAsk(boolean value) {
    return new Policy(
        value, report, timeout, onTimeout, onNoClient, onOverload, onFailure, contentBytes, cache);
  }

  /** With another {@link #report()}. */
  public Policy withReport(boolean value) {
    return new Policy(
        ask, value, timeout, onTimeout, onNoClient, onOverload, onFailure, contentBytes, cache);
  }

  /** With another {@link #timeout()}. */
  public Policy withTimeout(Duration value) {
    return new Policy(
        ask, report, value, onTimeout, onNoClient, onOverload, onFailure, contentBytes, cache);
  }

  /** With another {@link #onTimeout()}. */
  public Policy withOnTimeout(Action value) {
    return new Policy(
        ask, report, timeout, value, onNoClient, onOverload, onFailure, contentBytes, cache);
  }

  /** With another {@link #onNoClient()}. */
  public Policy withOnNoClient(Action value) {
    return new Policy(
        ask, report, timeout, onTimeout, value, onOverload, onFailure, contentBytes, cache);
  }

  /** With another {@link #onOverload()}. */
  public Policy withOnOverload(Action value) {
    return new Policy(
        ask, report, timeout, onTimeout, onNoClient, value, onFailure, contentBytes, cache);
  }

  /** With another {@link #onFailure()}. */
  public Policy withOnFailure(Action value) {
    return new Policy(
        ask, report, timeout, onTimeout, onNoClient, onOverload, value, contentBytes, cache);
  }

  /** With one action for everything that ends without a verdict. */
  public Policy withoutVerdict(Action value) {
    return new Policy(ask, report, timeout, value, value, value, value, contentBytes, cache);
  }

  /** With another {@link #contentBytes()}. */
  public Policy withContentBytes(int value) {
    return new Policy(
        ask, report, timeout, onTimeout, onNoClient, onOverload, onFailure, value, cache);
  }

  /** With another {@link #cache()}. */
  public Policy withCache(boolean value) {
    return new Policy(
        ask, report, timeout, onTimeout, onNoClient, onOverload, onFailure, contentBytes, value);
  }

  /** Writes FP_POLICY behind its header. */
  void write(ByteBuffer command) {
    int flags =
        (ask ? GuardProtocol.POLICY_ASK : 0)
            | (report ? GuardProtocol.POLICY_REPORT : 0)
            | (cache ? GuardProtocol.POLICY_CACHE : 0);
    command.putInt(PolicyCommand.FLAGS_OFFSET, flags);
    command.putInt(PolicyCommand.TIMEOUT_MILLISECONDS_OFFSET, Math.toIntExact(timeout.toMillis()));
    command.putInt(PolicyCommand.ON_TIMEOUT_OFFSET, onTimeout.code());
    command.putInt(PolicyCommand.ON_NO_CLIENT_OFFSET, onNoClient.code());
    command.putInt(PolicyCommand.ON_OVERLOAD_OFFSET, onOverload.code());
    command.putInt(PolicyCommand.ON_FAILURE_OFFSET, onFailure.code());
    command.putInt(PolicyCommand.CONTENT_BYTES_OFFSET, contentBytes);
  }

  /** Reads what {@link #write} wrote; the header ends at {@link CommandHeader#LENGTH}. */
  static Policy read(ByteBuffer answer) {
    int flags = answer.getInt(PolicyCommand.FLAGS_OFFSET);
    return new Policy(
        (flags & GuardProtocol.POLICY_ASK) != 0,
        (flags & GuardProtocol.POLICY_REPORT) != 0,
        Duration.ofMillis(answer.getInt(PolicyCommand.TIMEOUT_MILLISECONDS_OFFSET)),
        Action.of(answer.getInt(PolicyCommand.ON_TIMEOUT_OFFSET)),
        Action.of(answer.getInt(PolicyCommand.ON_NO_CLIENT_OFFSET)),
        Action.of(answer.getInt(PolicyCommand.ON_OVERLOAD_OFFSET)),
        Action.of(answer.getInt(PolicyCommand.ON_FAILURE_OFFSET)),
        answer.getInt(PolicyCommand.CONTENT_BYTES_OFFSET),
        (flags & GuardProtocol.POLICY_CACHE) != 0);
  }
}
