// SPDX-License-Identifier: Apache-2.0
package io.github.filterport.guard;

import io.github.filterport.EventGap;

/** Hears what was done; see {@link FileGuard#observe}. */
@FunctionalInterface
public interface EventObserver {
  /**
   * Called for each report on a thread of the guard; nobody waits for it. Reports are lost while
   * the ring is full ({@link FileGuard.Options#reportRing()}): see {@link #onLost}; without a ring
   * while no receive is armed. The driver counts them.
   *
   * @param event valid until this returns
   * @throws Exception goes to the error handler; observing goes on
   */
  void onEvent(FileEvent event) throws Exception;

  /**
   * Called in their place for reports that were lost, where they come through a ring. The gap's
   * numbers count the ring's events, not operations. By default nothing is done.
   *
   * @throws Exception goes to the error handler; observing goes on
   */
  default void onLost(EventGap gap) throws Exception {}
}
