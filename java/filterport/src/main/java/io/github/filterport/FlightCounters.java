// SPDX-License-Identifier: Apache-2.0
package io.github.filterport;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.WeakHashMap;
import jdk.jfr.FlightRecorder;
import jdk.jfr.FlightRecorderListener;

/**
 * Writes the counters of every open connection into a recording from time to time. Until there is a
 * recorder nothing of it is touched.
 */
final class FlightCounters implements FlightRecorderListener {
  /** Weakly: a connection that was forgotten has to be found by its Cleaner. */
  private static final Set<PortImpl> OPEN =
      Collections.synchronizedSet(Collections.newSetFromMap(new WeakHashMap<>()));

  static {
    FlightRecorder.addListener(new FlightCounters());
  }

  private FlightCounters() {}

  static void opened(PortImpl port) {
    OPEN.add(port);
  }

  static void closed(PortImpl port) {
    OPEN.remove(port);
  }

  @Override
  public void recorderInitialized(FlightRecorder recorder) {
    FlightRecorder.addPeriodicEvent(FlightEvents.CountersOfPort.class, FlightCounters::write);
  }

  private static void write() {
    List<PortImpl> ports;
    synchronized (OPEN) {
      ports = new ArrayList<>(OPEN);
    }
    for (PortImpl port : ports) {
      FlightEvents.counters(port.name(), port.counters());
    }
  }
}
