// SPDX-License-Identifier: Apache-2.0
package io.github.filterport;

import java.time.Duration;

/** Hears of the connections that a pump makes and loses. Called on the pump's threads. */
public interface ConnectionListener {
  /**
   * A connection was made; receiving starts when this returns. The place to tell the driver by
   * {@link FilterPort#send} what it has to know.
   *
   * @throws FilterException counts as a failed attempt: the connection is closed
   */
  default void onConnected(FilterPort port) throws FilterException {}

  /** The connection ended by the driver's side or by an error. */
  default void onDisconnected(FilterPort port) {}

  /** An attempt to connect again failed; the next one follows after {@code pause}. */
  default void onConnectFailed(FilterException cause, Duration pause) {}
}
