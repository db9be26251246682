// SPDX-License-Identifier: Apache-2.0
package io.github.filterport;

import java.util.concurrent.locks.LockSupport;

/** Makes connections, with the connector's patience. */
final class PortConnect {
  private static final long PAUSE_NANOS = 20_000_000;

  private PortConnect() {}

  static PortImpl connect(Connector connector) throws FilterException {
    return connect(connector, new Counters());
  }

  static PortImpl connect(Connector connector, Counters counters) throws FilterException {
    long start = System.nanoTime();
    long patience = connector.awaitLimit().toNanos();
    for (; ; ) {
      try {
        return new PortImpl(NativePort.connect(connector), connector.name(), counters);
      } catch (FilterException e) {
        long left = patience - (System.nanoTime() - start);
        if (left <= 0 || !mayPass(e) || Thread.currentThread().isInterrupted()) {
          throw e;
        }
        LockSupport.parkNanos(Math.min(left, PAUSE_NANOS));
      }
    }
  }

  private static boolean mayPass(FilterException e) {
    switch (e.hresult()) {
      case Hresult.ERROR_FILE_NOT_FOUND:
      case Hresult.ERROR_CONNECTION_COUNT_LIMIT:
      case Hresult.ERROR_NOT_READY:
        return true;
      default:
        return false;
    }
  }
}
