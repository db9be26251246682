// SPDX-License-Identifier: Apache-2.0
package io.github.filterport;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The Filter Manager dies, hangs, comes back, or does not like who asks. */
@Timeout(120)
class FaultTest {
  private static final FileAttribute<Set<PosixFilePermission>> OPEN_TO_ALL =
      PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwxr-xr-x"));

  private static <T> CompletableFuture<T> async(java.util.function.Supplier<T> task) {
    return CompletableFuture.supplyAsync(
        task,
        run -> {
          Thread thread = new Thread(run);
          thread.setDaemon(true);
          thread.start();
        });
  }

  /**
   * The state in which a Filter Manager is lost: threads in polls, a sender in a callback, one
   * deferred.
   */
  private static final class Busy {
    final FilterPort connection;
    final ConformanceDriver.Port port;
    final List<MessageReader> readers;
    final List<CompletableFuture<Integer>> polls = new ArrayList<>();
    final CompletableFuture<Throwable> send;
    final AtomicReference<PendingReply> pending = new AtomicReference<>();

    Busy(ConformanceDriver driver) throws Exception {
      port = driver.createPort();
      driver.onMessageWait(port);
      connection = driver.connector(port).connect();
      readers = connection.openReaders(3, ReceiveOptions.defaults());
      driver.ask(driver.newestClient(port), 1, 4, 8);
      assertThat(readers.get(0).poll(m -> pending.set(m.tryDefer()), 1, MessageReader.FOREVER))
          .isEqualTo(1);
      send =
          async(
              () -> {
                try {
                  connection.send(ByteBuffer.allocate(1), null);
                  return new AssertionError("sent");
                } catch (FilterException e) {
                  return e;
                }
              });
      driver.awaitCounter(port, ConformanceDriver.MESSAGE_ENTERED, 1);
      for (MessageReader reader : readers.subList(1, 3)) {
        polls.add(async(() -> reader.poll(m -> {}, 1, MessageReader.FOREVER)));
      }
    }

    void everyCallEndsClearly() {
      for (CompletableFuture<Integer> poll : polls) {
        assertThat(poll.join()).isEqualTo(MessageReader.DISCONNECTED);
      }
      assertThat(readers.get(0).poll(m -> {}, 1, MessageReader.FOREVER))
          .isEqualTo(MessageReader.DISCONNECTED);
      assertThat(send.join())
          .isInstanceOf(PortDisconnectedException.class)
          .hasMessageContaining("FilterSendMessage " + port.name())
          .hasMessageContaining("0x80070006");
      assertThat(pending.get().complete(0, 0)).isEqualTo(ReplyOutcome.DISCONNECTED);
      assertThat(connection.isConnected()).isFalse();
      connection.close();
      assertThat(connection.counters().inFlight()).isZero();
      assertThat(connection.counters().disconnected()).isEqualTo(1);
    }
  }

  @Test
  void aKilledFilterManagerEndsEveryCallClearly() throws Exception {
    try (TestManager manager = TestManager.start("conformance");
        ConformanceDriver driver = new ConformanceDriver(manager)) {
      Busy busy = new Busy(driver);
      manager.kill();
      busy.everyCallEndsClearly();
      manager.awaitExit();
    }
  }

  @Test
  void aFrozenFilterManagerEndsEveryCallWhenItsSupervisorSeesIt() throws Exception {
    try (TestManager manager = TestManager.start("conformance");
        ConformanceDriver driver = new ConformanceDriver(manager)) {
      Busy busy = new Busy(driver);
      manager.freeze();
      busy.everyCallEndsClearly();
      manager.awaitExit();
    }
  }

  @Test
  void closeIsBoundedWhileTheFilterManagerIsFrozen() throws Exception {
    try (TestManager manager = TestManager.start("flood")) {
      FilterPort port = manager.connector(FloodDriver.PORT).connect();
      MessageReader reader =
          port.openReaders(1, ReceiveOptions.defaults().withCloseTimeout(Duration.ofMillis(200)))
              .get(0);
      manager.freeze();
      port.close();
      assertThat(reader.poll(m -> {}, 1)).isEqualTo(MessageReader.CLOSED);
      manager.awaitExit();
    }
  }

  private static final class Listener implements ConnectionListener {
    final AtomicInteger made = new AtomicInteger();
    final AtomicInteger lost = new AtomicInteger();
    final CountDownLatch failed = new CountDownLatch(1);

    @Override
    public void onConnected(FilterPort port) {
      made.incrementAndGet();
    }

    @Override
    public void onDisconnected(FilterPort port) {
      lost.incrementAndGet();
    }

    @Override
    public void onConnectFailed(FilterException cause, Duration pause) {
      failed.countDown();
    }
  }

  @Test
  void aPumpConnectsAgainWhenTheFilterManagerComesBack() throws Exception {
    Listener listener = new Listener();
    TestManager first = TestManager.start("flood");
    try (MessagePump pump =
        first
            .connector(FloodDriver.PORT)
            .pump()
            .threads(3)
            .listener(listener)
            .start(FloodDriver::answer)) {
      try (FilterPort sender = first.connector(FloodDriver.PORT).connect()) {
        assertThat(sender.isConnected()).isTrue();
      }
      first.kill();
      first.awaitExit();
      listener.failed.await();
      assertThat(pump.isRunning()).isTrue();
      try (TestManager second = TestManager.startAt(first.folder(), "flood")) {
        while (listener.made.get() < 2) {
          Thread.onSpinWait();
        }
        assertThat(second.request("counters")).startsWith("ok");
        assertThat(listener.lost.get()).isEqualTo(1);
        assertThat(pump.failure()).isNull();
        assertThat(pump.stop(Duration.ofSeconds(10))).isTrue();
      }
    } finally {
      first.close();
    }
  }

  @Test
  void aPumpConnectsAgainWhenTheDriverDisconnectsIt() throws Exception {
    Listener listener = new Listener();
    try (TestManager manager = TestManager.start("conformance");
        ConformanceDriver driver = new ConformanceDriver(manager)) {
      var port = driver.createPort();
      try (MessagePump pump =
          driver.connector(port).pump().threads(2).listener(listener).start(m -> m.reply(0))) {
        for (int round = 1; round <= 3; round++) {
          var sender = driver.ask(driver.newestClient(port), 1, 4, 8);
          assertThat(sender.outcome().status()).isZero();
          driver.closeClient(driver.newestClient(port));
          while (listener.made.get() <= round) {
            Thread.onSpinWait();
          }
        }
        assertThat(pump.counters().replied()).isEqualTo(3);
      }
    }
  }

  @Test
  void aPumpStopsWhileItTriesToConnectAgain() throws Exception {
    Listener listener = new Listener();
    MessagePump pump;
    try (TestManager manager = TestManager.start("flood")) {
      pump =
          manager
              .connector(FloodDriver.PORT)
              .pump()
              .threads(2)
              .listener(listener)
              .start(FloodDriver::answer);
      manager.kill();
      manager.awaitExit();
    }
    listener.failed.await();
    assertThat(pump.stop(Duration.ofSeconds(10))).isTrue();
    pump.awaitTermination();
  }

  @Test
  void OBJ_04_anotherUserHasNoRightToThePort(@TempDir Path folder) throws Exception {
    Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxr-xr-x"));
    assumeTrue(System.getProperty("user.name").equals("root"), "becoming another user takes root");
    try (TestManager manager = TestManager.start("conformance");
        ConformanceDriver driver = new ConformanceDriver(manager)) {
      Files.setPosixFilePermissions(manager.folder(), PosixFilePermissions.fromString("rwxr-xr-x"));
      var closed = driver.createPort(4, ConformanceDriver.Admits.ADMINISTRATORS);
      var open = driver.createPort(4, ConformanceDriver.Admits.EVERYBODY);
      Path socket = manager.folder().resolve("fltmgrd.sock");
      assertThat(asNobody(folder).run(closed.name(), socket.toString()))
          .contains("PortAccessDeniedException: FilterConnectCommunicationPort " + closed.name())
          .contains("0x80070005 ERROR_ACCESS_DENIED, access denied. Run elevated");
      assertThat(asNobody(folder).run(open.name(), socket.toString())).contains("connected true");
    }
  }

  private static ChildJvm asNobody(Path folder) throws Exception {
    return new ChildJvm(ConnectProbe.class)
        .under("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups")
        .copiedTo(Files.createTempDirectory(folder, "cp-", OPEN_TO_ALL))
        .property("java.io.tmpdir", "/tmp");
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
