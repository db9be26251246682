// SPDX-License-Identifier: Apache-2.0
package io.github.filterport.guard;

/** What happens to an operation that got no verdict; see {@link Policy}. */
public enum Action {
  /** The operation goes on. */
  ALLOW(GuardProtocol.ACTION_ALLOW),

  /** The opener sees STATUS_ACCESS_DENIED. */
  DENY(GuardProtocol.ACTION_DENY),

  /**
   * The opener sees an error that tells the cause: STATUS_IO_TIMEOUT (time-out),
   * STATUS_DEVICE_NOT_READY (no client), STATUS_INSUFFICIENT_RESOURCES (overload),
   * STATUS_UNSUCCESSFUL (failure). fanotify on Linux knows only one error: openers see EPERM.
   */
  ERROR(GuardProtocol.ACTION_ERROR);

  private static final Action[] ALL = values();

  private final int code;

  Action(int code) {
    this.code = code;
  }

  int code() {
    return code;
  }

  static Action of(int code) {
    for (Action action : ALL) {
      if (action.code == code) {
        return action;
      }
    }
    throw new IllegalArgumentException("no action has the code " + code);
  }
}
