// SPDX-License-Identifier: Apache-2.0
package io.github.filterport;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What a flight recording tells, over an engine of plain memory. */
@Timeout(60)
class FlightEventsTest {
  private static final ReceiveOptions OPTIONS =
      ReceiveOptions.defaults().withInFlight(8).withPayload(64).withReply(16).withMaxDeferred(3);

  @TempDir Path folder;

  @BeforeEach
  void hasRecorder() {
    assumeTrue(
        ModuleLayer.boot().findModule("jdk.jfr").isPresent(),
        "this JDK has no flight recorder (module jdk.jfr)");
  }

  @Test
  void slowHandlersAreToldAndQuickOnesAreNot() throws Exception {
    FakeBackend backend = new FakeBackend();
    try (FlightLog log = FlightLog.start("SlowHandler");
        PortImpl port = backend.port()) {
      MessageReader reader = port.openReaders(1, OPTIONS).get(0);
      backend.receives().ask(4, 1);
      assertThat(reader.poll(m -> m.reply(0), 1)).isEqualTo(1);
      backend.receives().ask(4, 2);
      assertThat(reader.poll(FlightEventsTest::replySlowly, 1)).isEqualTo(1);
      List<Map<String, Object>> events = log.end(folder.resolve("slow.jfr"));
      assertThat(events).hasSize(1);
      assertThat(events.get(0)).containsEntry("port", port.name());
      assertThat((Long) events.get(0).get("elapsed")).isGreaterThanOrEqualTo(Events.SLOW_NANOS);
    }
  }

  private static void replySlowly(Message message) {
    long begin = System.nanoTime();
    while (System.nanoTime() - begin < Events.SLOW_NANOS) {
      Thread.onSpinWait();
    }
    message.reply(0);
  }

  @Test
  void countersOfOpenConnectionsAreToldPeriodically() throws Exception {
    FakeBackend backend = new FakeBackend();
    try (FlightLog log = FlightLog.start("Counters");
        PortImpl port = new PortImpl(backend, "\\Recorded", new Counters())) {
      new PortImpl(new FakeBackend(), "\\Closed", new Counters()).close();
      MessageReader reader = port.openReaders(1, OPTIONS).get(0);
      backend.receives().ask(4, 1);
      backend.receives().tell(2);
      assertThat(reader.poll(m -> m.reply(0), 2)).isEqualTo(2);
      List<Map<String, Object>> all = log.end(folder.resolve("counters.jfr"));
      assertThat(all).extracting(event -> event.get("port")).doesNotContain("\\Closed");
      List<Map<String, Object>> events =
          all.stream().filter(event -> event.get("port").equals("\\Recorded")).toList();
      assertThat(events).hasSize(1);
      assertThat(events.get(0))
          .containsEntry("port", port.name())
          .containsEntry("delivered", 2L)
          .containsEntry("replied", 1L)
          .containsEntry("oneWay", 1L)
          .containsEntry("inFlight", 0L);
    }
  }

  @Test
  void whatGoesWrongIsTold() throws Exception {
    FakeBackend backend = new FakeBackend();
    try (FlightLog log = FlightLog.start("HandlerError", "Unanswered", "LateReply");
        PortImpl port = backend.port()) {
      MessageReader reader = port.openReaders(1, OPTIONS).get(0);
      backend.receives().ask(4, 1);
      assertThatThrownBy(
              () ->
                  reader.poll(
                      m -> {
                        throw new IllegalStateException("on purpose");
                      },
                      1))
          .isInstanceOf(HandlerException.class);
      long late = backend.receives().ask(4, 2);
      backend.receives().force(late, Receives.NO_WAITER);
      assertThat(reader.poll(m -> m.reply(0), 1)).isEqualTo(1);
      List<Map<String, Object>> events = log.end(folder.resolve("wrong.jfr"));
      assertThat(events)
          .extracting(event -> event.get("event"))
          .containsExactlyInAnyOrder("HandlerError", "Unanswered", "LateReply");
    }
  }
}
