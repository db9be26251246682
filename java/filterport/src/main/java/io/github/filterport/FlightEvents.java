// SPDX-License-Identifier: Apache-2.0
package io.github.filterport;

import jdk.jfr.Category;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.Period;
import jdk.jfr.StackTrace;
import jdk.jfr.Timespan;

/** The event classes; touched only through {@link Events}, since jdk.jfr may be missing. */
final class FlightEvents {
  private FlightEvents() {}

  static boolean isPresent() {
    return ModuleLayer.boot().findModule("jdk.jfr").isPresent();
  }

  @Category("filterport")
  @StackTrace(false)
  abstract static class PortEvent extends Event {
    @Label("Port")
    String port = "";
  }

  @Name("io.github.filterport.Connect")
  @Label("Connect")
  static final class Connect extends PortEvent {}

  @Name("io.github.filterport.Disconnect")
  @Label("Disconnect")
  static final class Disconnect extends PortEvent {}

  @Name("io.github.filterport.LateReply")
  @Label("Late Reply")
  static final class LateReply extends PortEvent {}

  @Name("io.github.filterport.HandlerError")
  @Label("Handler Error")
  static final class HandlerError extends PortEvent {
    @Label("Error")
    String error = "";
  }

  @Name("io.github.filterport.Unanswered")
  @Label("Unanswered Message")
  static final class Unanswered extends PortEvent {}

  @Name("io.github.filterport.DeferExhausted")
  @Label("Deferral Refused")
  static final class DeferExhausted extends PortEvent {}

  @Name("io.github.filterport.Oversize")
  @Label("Message Too Long")
  static final class Oversize extends PortEvent {}

  @Name("io.github.filterport.NativeLoad")
  @Label("Native Library Loaded")
  @Category("filterport")
  @StackTrace(false)
  static final class NativeLoad extends Event {
    @Label("From")
    String from = "";
  }

  @Name("io.github.filterport.RingLoss")
  @Label("Events Lost")
  static final class RingLoss extends PortEvent {
    @Label("First")
    long first;

    @Label("Last")
    long last;

    @Label("Reason")
    String reason = "";
  }

  @Name("io.github.filterport.SlowHandler")
  @Label("Slow Handler")
  static final class SlowHandler extends PortEvent {
    @Label("Elapsed")
    @Timespan(Timespan.NANOSECONDS)
    long elapsed;
  }

  /** Of one connection, or of a pump; see {@link PortCounters}. */
  @Name("io.github.filterport.Counters")
  @Label("Counters")
  @Period("10 s")
  static final class CountersOfPort extends PortEvent {
    @Label("Delivered")
    long delivered;

    @Label("One-Way")
    long oneWay;

    @Label("Replied")
    long replied;

    @Label("Answered by Fallback")
    long fallback;

    @Label("Late")
    long late;

    @Label("Failed")
    long failed;

    @Label("Disconnected")
    long disconnected;

    @Label("In Flight")
    long inFlight;

    @Label("Handler Errors")
    long handlerErrors;

    @Label("Deferrals Refused")
    long deferRefused;

    @Label("Too Long")
    long oversize;
  }

  private static final SlowHandler SLOW_HANDLER = new SlowHandler();

  private static void commit(PortEvent event, String port) {
    if (event.isEnabled()) {
      event.port = port;
      event.commit();
    }
  }

  static void connect(String port) {
    commit(new Connect(), port);
  }

  static void disconnect(String port) {
    commit(new Disconnect(), port);
  }

  static void ringLoss(String port, long first, long last, EventGap.Reason reason) {
    RingLoss event = new RingLoss();
    if (event.isEnabled()) {
      event.first = first;
      event.last = last;
      event.reason = reason.name();
      commit(event, port);
    }
  }

  static void lateReply(String port) {
    commit(new LateReply(), port);
  }

  static void handlerError(String port, Throwable error) {
    HandlerError event = new HandlerError();
    event.error = error.toString();
    commit(event, port);
  }

  static void unanswered(String port) {
    commit(new Unanswered(), port);
  }

  static void deferExhausted(String port) {
    commit(new DeferExhausted(), port);
  }

  static void oversize(String port) {
    commit(new Oversize(), port);
  }

  static boolean watchesHandlers() {
    return SLOW_HANDLER.isEnabled();
  }

  static void slowHandler(String port, long nanos) {
    SlowHandler event = new SlowHandler();
    event.elapsed = nanos;
    commit(event, port);
  }

  static void counters(String port, PortCounters counters) {
    CountersOfPort event = new CountersOfPort();
    event.delivered = counters.delivered();
    event.oneWay = counters.oneWay();
    event.replied = counters.replied();
    event.fallback = counters.fallback();
    event.late = counters.late();
    event.failed = counters.failed();
    event.disconnected = counters.disconnected();
    event.inFlight = counters.inFlight();
    event.handlerErrors = counters.handlerErrors();
    event.deferRefused = counters.deferRefused();
    event.oversize = counters.oversize();
    commit(event, port);
  }

  static void nativeLoad(String from) {
    NativeLoad event = new NativeLoad();
    if (event.isEnabled()) {
      event.from = from;
      event.commit();
    }
  }
}
