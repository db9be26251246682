// SPDX-License-Identifier: Apache-2.0
package io.github.filterport.guard;

/** How an operation ended, in an event that reports it; see {@link FileEvent#outcome()}. */
public enum Outcome {
  /** A question: not decided yet. */
  NONE,
  /** The decider said allow. */
  ALLOWED,
  /** The decider said deny. */
  DENIED,
  /** No verdict in time: {@link Policy#onTimeout()}. */
  TIMED_OUT,
  /** No decider was connected, or it went: {@link Policy#onNoClient()}. */
  NO_CLIENT,
  /** Too many questions waited already: {@link Policy#onOverload()}. */
  OVERLOAD,
  /** The question could not be built or sent: {@link Policy#onFailure()}. */
  FAILED,
  /** The reply was no verdict, as after a decider threw: {@link Policy#onFailure()}. */
  INVALID_REPLY,
  /** Not asked, because the requestor is the kernel. */
  NOT_ASKED,
  /** A value that this version does not know. */
  UNKNOWN;

  private static final Outcome[] ALL = values();

  /** Constants stand in the order of their wire values. */
  static Outcome of(int code) {
    return code >= 0 && code < ALL.length ? ALL[code] : UNKNOWN;
  }
}
