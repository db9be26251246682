// SPDX-License-Identifier: Apache-2.0
package io.github.filterport;

import static io.github.filterport.CountersCheck.addsUp;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

/**
 * Many messages: nothing is allocated, nothing is lost, races have only the outcomes that are
 * listed.
 */
@Timeout(300)
class FloodTest {
  private static final int WARM_UP = TestSystem.count(100_000, 3_000);
  private static final int MILLION = TestSystem.count(1_000_000, 10_000);
  private static TestManager manager;

  @BeforeAll
  static void start() throws Exception {
    manager = TestManager.start("flood");
  }

  @AfterAll
  static void stop() {
    manager.close();
  }

  @Test
  void aMillionMessagesAllocateNothing() throws Exception {
    AtomicReference<Thread> handlerThread = new AtomicReference<>();
    try (FilterPort port = manager.connector(FloodDriver.PORT).connect();
        MessagePump pump =
            port.pump()
                .threadFactory(
                    task -> {
                      Thread thread = new Thread(task, "counted");
                      handlerThread.set(thread);
                      return thread;
                    })
                .start(FloodDriver::answer)) {
      assertThat(FloodDriver.flood(port, WARM_UP, 64, 16, 0).right()).isEqualTo(WARM_UP);
      long before = ThreadAllocation.of(handlerThread.get());
      assertThat(FloodDriver.flood(port, MILLION, 64, 16, 0).right()).isEqualTo(MILLION);
      long bytes = ThreadAllocation.of(handlerThread.get()) - before;
      System.out.println(
          "allocated by the handler's thread for " + MILLION + " messages: " + bytes + " bytes");
      assertThat(bytes / MILLION).as("bytes per message").isZero();
      assertThat(bytes).as("bytes for a million messages").isLessThan(100_000);
      assertThat(pump.counters().replied()).isEqualTo(WARM_UP + MILLION);
    }
  }

  @Test
  void manySendersAndReadersLoseNothing() throws Exception {
    int senders = 16;
    int each = TestSystem.count(2_000, 100);
    long all = (long) senders * each;
    ExecutorService others = Executors.newFixedThreadPool(2);
    try (FilterPort port = manager.connector(FloodDriver.PORT).connect();
        MessagePump pump =
            port.pump()
                .threads(3)
                .options(ReceiveOptions.defaults().withInFlight(8).withMaxDeferred(7))
                .start(
                    m -> {
                      PendingReply pending = m.payload().getInt(0) % 3 == 0 ? m.tryDefer() : null;
                      if (pending == null) {
                        FloodDriver.answer(m);
                      } else {
                        others.execute(
                            () -> {
                              pending.replyBuffer().putInt(0, ~pending.payload().getInt(0));
                              pending.complete(0, 4);
                            });
                      }
                    })) {
      List<CompletableFuture<FloodDriver.Answer>> answers = new ArrayList<>();
      for (int i = 0; i < senders; i++) {
        answers.add(Background.call(() -> FloodDriver.flood(port, each, 64, 16, 0)));
      }
      for (CompletableFuture<FloodDriver.Answer> answer : answers) {
        assertThat(answer.join()).isEqualTo(new FloodDriver.Answer(each, each, 0, 0));
      }
      assertThat(pump.stop(Duration.ofSeconds(20))).isTrue();
      PortCounters c = pump.counters();
      assertThat(c.replied()).as(c.toString()).isEqualTo(all);
      assertThat(c.delivered()).as(c.toString()).isEqualTo(all);
      assertThat(c.inFlight()).isZero();
    } finally {
      others.shutdown();
    }
  }

  @Test
  void replyRacesTimeout() throws Exception {
    // Outcomes: the reply is in time (DELIVERED, the sender succeeds) or late (NO_WAITER, the
    // sender times out), or the sender gave up before delivery (no message). No reply may reach
    // another one.
    AtomicInteger delivered = new AtomicInteger();
    AtomicInteger late = new AtomicInteger();
    try (FilterPort port = manager.connector(FloodDriver.PORT).connect();
        MessagePump pump =
            port.pump()
                .threads(2)
                .start(
                    m -> {
                      long until = System.nanoTime() + m.payload().getInt(0) % 3 * 600_000L;
                      while (System.nanoTime() < until) {
                        Thread.onSpinWait();
                      }
                      m.replyBuffer().putInt(0, ~m.payload().getInt(0));
                      switch (m.reply(4)) {
                        case DELIVERED:
                          delivered.incrementAndGet();
                          break;
                        case NO_WAITER:
                          late.incrementAndGet();
                          break;
                        default:
                          throw new AssertionError();
                      }
                    })) {
      List<CompletableFuture<FloodDriver.Answer>> answers = new ArrayList<>();
      for (int i = 0; i < 2; i++) {
        answers.add(Background.call(() -> FloodDriver.flood(port, 1_000, 64, 16, 1)));
      }
      int sent = 0;
      int timedOut = 0;
      for (CompletableFuture<FloodDriver.Answer> answer : answers) {
        assertThat(answer.join().last()).isZero();
        assertThat(answer.join().right()).isEqualTo(answer.join().sent());
        sent += answer.join().sent();
        timedOut += answer.join().timedOut();
      }
      assertThat(pump.stop(Duration.ofSeconds(20))).isTrue();
      assertThat(sent + timedOut).isEqualTo(2_000);
      assertThat(sent).isEqualTo(delivered.get());
      assertThat(late.get()).isLessThanOrEqualTo(timedOut);
      // Those that came and whose sender had gone before the pump stopped are late too, unhandled.
      assertThat(pump.counters().late()).isBetween((long) late.get(), (long) timedOut);
    }
  }

  @Test
  void messagesThatAStopSettlesCountAsLate() throws Exception {
    // Two come in; the handler of the first lasts until both senders have given up, and the pump
    // stops before it looks at the second.
    CountDownLatch handling = new CountDownLatch(1);
    CountDownLatch release = new CountDownLatch(1);
    AtomicInteger handled = new AtomicInteger();
    try (FilterPort port = manager.connector(FloodDriver.PORT).connect();
        MessagePump pump =
            port.pump()
                .start(
                    m -> {
                      handled.incrementAndGet();
                      handling.countDown();
                      release.await();
                    })) {
      List<CompletableFuture<FloodDriver.Answer>> answers = new ArrayList<>();
      for (int i = 0; i < 2; i++) {
        answers.add(Background.call(() -> FloodDriver.flood(port, 1, 64, 16, 500)));
      }
      handling.await();
      for (CompletableFuture<FloodDriver.Answer> answer : answers) {
        assertThat(answer.join().timedOut()).isEqualTo(1);
      }
      CompletableFuture<Boolean> stopped = Background.call(() -> pump.stop(Duration.ofSeconds(20)));
      while (pump.isRunning()) {
        Thread.onSpinWait();
      }
      release.countDown();
      assertThat(stopped.join()).isTrue();
      assertThat(pump.counters().delivered()).isBetween((long) handled.get(), 2L);
      assertThat(pump.counters().late()).isEqualTo(pump.counters().delivered());
      addsUp(pump.counters());
    }
  }

  @Test
  void closeInFullFlightLosesNothing() throws Exception {
    for (int round = 0; round < TestSystem.count(20, 5); round++) {
      FilterPort port = manager.connector(FloodDriver.PORT).connect();
      AtomicInteger handled = new AtomicInteger();
      MessagePump pump =
          port.pump()
              .threads(2)
              .start(
                  m -> {
                    handled.incrementAndGet();
                    FloodDriver.answer(m);
                  });
      List<CompletableFuture<FloodDriver.Answer>> answers = new ArrayList<>();
      for (int i = 0; i < 4; i++) {
        answers.add(Background.call(() -> FloodDriver.flood(port, MILLION, 64, 16, 0)));
      }
      while (handled.get() < 200) {
        Thread.onSpinWait();
      }
      pump.close();
      for (CompletableFuture<FloodDriver.Answer> answer : answers) {
        // its own FilterSendMessage may have been cut off by the close, too
        answer.handle((done, failed) -> done).join();
      }
      PortCounters c = pump.counters();
      assertThat(c.inFlight()).as(c.toString()).isZero();
      assertThat(c.delivered())
          .as(c.toString())
          .isEqualTo(c.replied() + c.disconnected() + c.late() + c.fallback());
      assertThat(pump.failure()).isNull();
    }
  }

  @Test
  @EnabledOnOs(value = OS.LINUX, disabledReason = "counts what /proc shows, which Windows lacks")
  void twoHundredConnectionsLeakNothing() throws Exception {
    connectAndReceive(20);
    Footprint before = Footprint.settled();
    connectAndReceive(200);
    Footprint after = Footprint.settled();
    assertThat(after.descriptors()).isLessThanOrEqualTo(before.descriptors());
    assertThat(after.arenas()).isLessThanOrEqualTo(before.arenas());
    assertThat(after.threads()).isLessThanOrEqualTo(before.threads() + 2);
  }

  private static void connectAndReceive(int times) throws Exception {
    for (int i = 0; i < times; i++) {
      try (FilterPort port = manager.connector(FloodDriver.PORT).connect()) {
        MessageReader reader = port.openReaders(1, ReceiveOptions.defaults()).get(0);
        CompletableFuture<FloodDriver.Answer> answer =
            Background.call(() -> FloodDriver.flood(port, 1, 64, 16, 0));
        assertThat(reader.poll(FloodDriver::answer, 1, MessageReader.FOREVER)).isEqualTo(1);
        assertThat(answer.join().right()).isEqualTo(1);
        assertThat(Footprint.now().arenas()).as("arenas show in the maps").isPositive();
      }
    }
  }

  /** What this process holds, once nothing becomes less any more. */
  private record Footprint(long descriptors, long arenas, long threads) {
    static Footprint settled() throws Exception {
      Footprint last = now();
      for (int same = 0; same < 5; ) {
        System.gc(); // arenas go when no buffer of them is reachable
        Thread.sleep(20);
        Footprint next = now();
        same =
            next.descriptors < last.descriptors
                    || next.arenas < last.arenas
                    || next.threads < last.threads
                ? 0
                : same + 1;
        last = next;
      }
      return last;
    }

    private static Footprint now() throws Exception {
      try (Stream<Path> descriptors = Files.list(Path.of("/proc/self/fd"));
          Stream<Path> threads = Files.list(Path.of("/proc/self/task"));
          Stream<String> maps = Files.lines(Path.of("/proc/self/maps"))) {
        return new Footprint(
            descriptors.count(),
            maps.filter(line -> line.contains("memfd:")).count(),
            threads.count());
      }
    }
  }
}
