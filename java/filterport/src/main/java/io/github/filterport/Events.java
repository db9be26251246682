// SPDX-License-Identifier: Apache-2.0
package io.github.filterport;

/** Flight recorder events, where the flight recorder is there. Never one for each message. */
final class Events {
  private static final boolean PRESENT = FlightEvents.isPresent();

  private Events() {}

  /** A handler that takes longer is told of. */
  static final long SLOW_NANOS = 10_000_000;

  static void connected(PortImpl port) {
    if (PRESENT) {
      FlightEvents.connect(port.name());
      FlightCounters.opened(port);
    }
  }

  static void closed(PortImpl port) {
    if (PRESENT) {
      FlightCounters.closed(port);
    }
  }

  /** Whether somebody records slow handlers: only then is a handler's time taken. */
  static boolean watchesHandlers() {
    return PRESENT && FlightEvents.watchesHandlers();
  }

  /** {@code begin} is System.nanoTime() from before the handler. */
  static void handled(String port, long begin) {
    long elapsed = System.nanoTime() - begin;
    if (elapsed >= SLOW_NANOS) {
      FlightEvents.slowHandler(port, elapsed);
    }
  }

  static void disconnected(String port) {
    if (PRESENT) {
      FlightEvents.disconnect(port);
    }
  }

  static void lateReply(String port) {
    if (PRESENT) {
      FlightEvents.lateReply(port);
    }
  }

  static void handlerError(String port, Throwable error) {
    if (PRESENT) {
      FlightEvents.handlerError(port, error);
    }
  }

  static void unanswered(String port) {
    if (PRESENT) {
      FlightEvents.unanswered(port);
    }
  }

  static void deferExhausted(String port) {
    if (PRESENT) {
      FlightEvents.deferExhausted(port);
    }
  }

  static void oversize(String port) {
    if (PRESENT) {
      FlightEvents.oversize(port);
    }
  }

  static void ringLoss(String port, long first, long last, EventGap.Reason reason) {
    if (PRESENT) {
      FlightEvents.ringLoss(port, first, last, reason);
    }
  }

  static void nativeLoad(String from) {
    if (PRESENT) {
      FlightEvents.nativeLoad(from);
    }
  }
}
