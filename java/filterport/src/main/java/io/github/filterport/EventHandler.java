// SPDX-License-Identifier: Apache-2.0
package io.github.filterport;

/** Gets what {@link EventReader#poll} has read, on the polling thread, in the driver's order. */
@FunctionalInterface
public interface EventHandler {
  /** One event. It is valid inside this call only. */
  void onEvent(Event event) throws Exception;

  /** Events that were lost, in their place among the others. By default they are ignored. */
  default void onGap(EventGap gap) throws Exception {}
}
