// SPDX-License-Identifier: Apache-2.0
package io.github.filterport;

/** Hears of what goes wrong while a pump runs. */
@FunctionalInterface
public interface ErrorHandler {
  /**
   * Called on the pump's thread. What it throws stops the pump.
   *
   * @param error the exception of a message handler, a {@link FilterException} of a receive, or the
   *     Error that stops the pump
   */
  void onError(Throwable error);
}
