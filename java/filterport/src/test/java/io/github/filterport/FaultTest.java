// SPDX-License-Identifier: Apache-2.0
package io.github.filterport;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The driver goes, comes back, or disconnects; a client is killed or forgets to close. */
@Timeout(120)
class FaultTest {
  @Test
  void anUnloadedDriverEndsEveryCallClearly() throws Exception {
    try (TestManager manager = TestManager.start("flood", "conformance");
        ConformanceDriver driver = new ConformanceDriver(manager)) {
      BusyConnection busy = new BusyConnection(driver);
      manager.unload("conformance");
      busy.everyReceiveEndsClearly();
      manager.load("conformance");
      try (ConformanceDriver again = new ConformanceDriver(manager)) {
        again.connector(again.createPort()).connect().close();
      }
    }
  }

  /**
   * Under Wine the drivers' process ends with each stop, while the reader gives receives back and
   * takes new ones. Each of them comes back, or close would wait for it.
   */
  @Test
  void theOnlyDriverMayStopAgainAndAgainWhileAReaderPolls() throws Exception {
    ReceiveOptions options = ReceiveOptions.defaults().withCloseTimeout(Duration.ofMinutes(10));
    try (TestManager manager = TestManager.start("flood")) {
      for (int round = 0; round < 10; round++) {
        FilterPort port = manager.connector(FloodDriver.PORT).connect();
        MessageReader reader = port.openReaders(1, options).get(0);
        CountDownLatch answered = new CountDownLatch(50);
        CompletableFuture<Integer> polls = Background.call(() -> pollToTheEnd(reader, answered));
        CompletableFuture<?> flood =
            Background.call(() -> FloodDriver.flood(port, 1_000_000, 8, 4, 0));
        answered.await();
        manager.unload("flood");
        assertThat(polls.join()).isEqualTo(MessageReader.DISCONNECTED);
        flood.handle((told, lost) -> told).join(); // told by the driver, or lost with it
        CompletableFuture<?> closed = Background.call(() -> close(port));
        assertThat(closed).succeedsWithin(Duration.ofSeconds(30));
        manager.load("flood");
      }
    }
  }

  private static int pollToTheEnd(MessageReader reader, CountDownLatch answered) {
    int polled;
    do {
      polled =
          reader.poll(
              message -> {
                FloodDriver.answer(message);
                answered.countDown();
              },
              16,
              MessageReader.FOREVER);
    } while (polled > 0);
    return polled;
  }

  private static boolean close(FilterPort port) {
    port.close();
    return port.isConnected();
  }

  @Test
  void aPumpConnectsAgainWhenTheDriverComesBack() throws Exception {
    ConnectionLog listener = new ConnectionLog();
    try (TestManager manager = TestManager.start("flood");
        MessagePump pump =
            manager
                .connector(FloodDriver.PORT)
                .pump()
                .threads(3)
                .listener(listener)
                .start(FloodDriver::answer)) {
      for (int round = 1; round <= 2; round++) {
        listener.awaitConnections(round);
        manager.unload("flood");
        while (listener.lost.get() < round) {
          Thread.onSpinWait();
        }
        listener.failed.await();
        assertThat(pump.isRunning()).isTrue();
        manager.load("flood");
      }
      listener.awaitConnections(3);
      assertThat(listener.lost.get()).isEqualTo(2);
      assertThat(pump.failure()).isNull();
      assertThat(pump.stop(Duration.ofSeconds(10))).isTrue();
    }
  }

  @Test
  void aPumpConnectsAgainWhenTheDriverDisconnectsIt() throws Exception {
    ConnectionLog listener = new ConnectionLog();
    try (TestManager manager = TestManager.start("conformance");
        ConformanceDriver driver = new ConformanceDriver(manager)) {
      var port = driver.createPort();
      try (MessagePump pump =
          driver.connector(port).pump().threads(2).listener(listener).start(m -> m.reply(0))) {
        for (int round = 1; round <= 3; round++) {
          var sender = driver.ask(driver.newestClient(port), 1, 4, 8);
          assertThat(sender.outcome().status()).isZero();
          driver.closeClient(driver.newestClient(port));
          listener.awaitConnections(round + 1);
        }
        assertThat(pump.counters().replied()).isEqualTo(3);
      }
    }
  }

  @Test
  void DISC_04_aKilledClientReleasesItsSendersAndIsToldOnce() throws Exception {
    int senders = 64;
    try (TestManager manager = TestManager.start("conformance");
        ConformanceDriver driver = new ConformanceDriver(manager)) {
      var port = driver.createPort(1, ConformanceDriver.Admits.ADMINISTRATORS);
      try (ChildJvm.Running client =
          new ChildJvm(HoldingClient.class)
              .withNatives()
              .start(port.name(), String.valueOf(manager.address()))) {
        client.awaitLine("connected");
        var waiting = driver.ask(driver.newestClient(port), senders, 16, 8);
        client.awaitLine("holding");
        client.kill();
        for (int i = 0; i < senders; i++) {
          assertThat(waiting.outcome(i).status())
              .isEqualTo(ConformanceDriver.STATUS_PORT_DISCONNECTED);
        }
        driver.awaitCounter(port, ConformanceDriver.DISCONNECT_RETURNED, 1);
      }
      driver.connector(port).await(Duration.ofSeconds(10)).connect().close();
      driver.awaitCounter(port, ConformanceDriver.DISCONNECT_RETURNED, 2);
      assertThat(driver.counter(port, ConformanceDriver.DISCONNECT_RETURNED)).isEqualTo(2);
    }
  }

  @Test
  void anUnclosedConnectionIsClosedWhenItIsForgotten() throws Exception {
    try (TestManager manager = TestManager.start("conformance");
        ConformanceDriver driver = new ConformanceDriver(manager)) {
      var port = driver.createPort();
      ByteBuffer kept = forget(driver.connector(port));
      long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
      while (driver.counter(port, ConformanceDriver.DISCONNECT_RETURNED) == 0) {
        System.gc();
        assertThat(System.nanoTime()).as("no Cleaner ran").isLessThan(deadline);
      }
      for (int i = 0; i < kept.capacity(); i += 64) {
        kept.put(i, (byte) 1); // the arena lives as long as a buffer of it
      }
    }
  }

  private static ByteBuffer forget(Connector connector) throws FilterException {
    MessageReader reader = connector.connect().openReaders(1, ReceiveOptions.defaults()).get(0);
    assertThat(reader.poll(m -> {}, 1)).isZero();
    return reader.arena().slice(64, 4096);
  }
}
