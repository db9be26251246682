// SPDX-License-Identifier: Apache-2.0
package io.github.filterport.guard;

/** Hears what was done; see {@link FileGuard#observe}. */
@FunctionalInterface
public interface EventObserver {
  /**
   * Called for each report on a thread of the guard; nobody waits for it. Reports that come while
   * no receive is armed are lost: a gap in {@link FileEvent#sequence()}, counted by the driver.
   *
   * @param event valid until this returns
   * @throws Exception goes to the error handler; observing goes on
   */
  void onEvent(FileEvent event) throws Exception;
}
