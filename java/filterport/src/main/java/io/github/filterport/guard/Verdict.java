// SPDX-License-Identifier: Apache-2.0
package io.github.filterport.guard;

/** What a {@link Decider} says about an operation. */
public enum Verdict {
  /** The operation goes on. */
  ALLOW(GuardProtocol.VERDICT_ALLOW),

  /** The opener sees STATUS_ACCESS_DENIED; on Linux EPERM. */
  DENY(GuardProtocol.VERDICT_DENY);

  private final int code;

  Verdict(int code) {
    this.code = code;
  }

  int code() {
    return code;
  }
}
