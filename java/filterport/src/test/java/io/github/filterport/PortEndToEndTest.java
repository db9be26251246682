// SPDX-License-Identifier: Apache-2.0
package io.github.filterport;

import static io.github.filterport.CountersCheck.addsUp;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

/**
 * Ports through every layer: this library, shim, fltlib, Filter Manager, a driver that does what it
 * is told.
 */
@Timeout(60)
class PortEndToEndTest {
  private static TestManager manager;
  private ConformanceDriver driver;

  @BeforeAll
  static void startManager() throws Exception {
    manager = TestManager.start("conformance");
  }

  @AfterAll
  static void stopManager() {
    manager.close();
  }

  @BeforeEach
  void open() throws Exception {
    driver = new ConformanceDriver(manager);
  }

  @AfterEach
  void close() {
    driver.close();
  }

  private static void poll(MessageReader reader, MessageHandler handler) {
    assertThat(reader.poll(handler, 1, MessageReader.FOREVER)).isEqualTo(1);
  }

  // ---- connecting

  @Test
  void CONN_04_aWrongPortNameIsNotFound() {
    assertThatThrownBy(() -> manager.connector("\\NoSuchPort").connect())
        .isInstanceOf(PortNotFoundException.class)
        .hasMessageContaining("FilterConnectCommunicationPort \\NoSuchPort")
        .hasMessageContaining("0x80070002 ERROR_FILE_NOT_FOUND, no such port")
        .hasMessageContaining("Load the driver");
  }

  @Test
  void CONN_05_tooManyConnectionsAreRefusedAndThereIsRoomAgainAfterwards() throws Exception {
    var port = driver.createPort(1, ConformanceDriver.Admits.ADMINISTRATORS);
    FilterPort first = driver.connector(port).connect();
    assertThatThrownBy(() -> driver.connector(port).connect())
        .isInstanceOf(ConnectionLimitException.class)
        .hasMessageContaining("0x800704D6 ERROR_CONNECTION_COUNT_LIMIT");
    first.close();
    driver.connector(port).await(Duration.ofSeconds(5)).connect().close();
  }

  @Test
  void CONN_12_theDriversRefusalIsTold() throws Exception {
    var port = driver.createPort();
    driver.onConnectReturn(port, ConformanceDriver.STATUS_ACCESS_DENIED);
    assertThatThrownBy(() -> driver.connector(port).connect())
        .isInstanceOf(PortAccessDeniedException.class)
        .hasMessageContaining("0x80070005 ERROR_ACCESS_DENIED");
  }

  @Test
  void OPEN_14_anOversizedContextIsRefused() throws Exception {
    var port = driver.createPort();
    for (int length : new int[] {Connector.MAX_CONTEXT + 1, 0x10000, 0x10001}) {
      assertThatThrownBy(() -> driver.connector(port).context(new byte[length]).connect())
          .isInstanceOf(FilterException.class)
          .hasMessageContaining("0x80070216 ERROR_ARITHMETIC_OVERFLOW");
    }
    driver.connector(port).context(new byte[Connector.MAX_CONTEXT]).connect().close();
  }

  @Test
  @EnabledOnOs(
      value = OS.WINDOWS,
      disabledReason = "on Linux there may be several: aWrongAddressOfTheManagerSaysWhatToDo")
  void windowsHasOneManager() {
    assertThatThrownBy(() -> FilterPort.connector("\\X").manager("C:\\nowhere").connect())
        .isInstanceOf(FilterException.class)
        .hasMessageContaining("0x80070032 ERROR_NOT_SUPPORTED, Windows has one Filter Manager")
        .hasMessageContaining("Connect without Connector.manager");
  }

  @Test
  @EnabledOnOs(
      value = OS.LINUX,
      disabledReason = "Windows has one Filter Manager, without an address")
  void aWrongAddressOfTheManagerSaysWhatToDo() {
    assertThatThrownBy(() -> FilterPort.connector("\\X").manager("/nowhere/ü").connect())
        .isInstanceOf(FilterException.class)
        .hasMessageContaining("\\X at /nowhere/ü")
        .hasMessageContaining("0x80070015 ERROR_NOT_READY, no Filter Manager answers")
        .hasMessageContaining("fltmgrd");
  }

  @Test
  void awaitGivesUpAtItsLimit() throws Exception {
    CompletableFuture<FilterPort> connecting =
        CompletableFuture.supplyAsync(
            () -> {
              try {
                return manager.connector("\\Java99999").await(Duration.ofMillis(100)).connect();
              } catch (FilterException e) {
                throw new UncheckedIOException(e);
              }
            });
    assertThatThrownBy(connecting::join).hasCauseInstanceOf(UncheckedIOException.class);
  }

  // ---- driver to user

  @Test
  void SEND_13_aMessageIsAnsweredFromItsHandler() throws Exception {
    var port = driver.createPort();
    try (FilterPort connection = driver.connector(port).connect()) {
      MessageReader reader = connection.openReaders(1, ReceiveOptions.defaults()).get(0);
      var sender = driver.ask(driver.newestClient(port), 1, 10, 8);
      poll(
          reader,
          m -> {
            assertThat(m.payload().remaining()).isEqualTo(10);
            assertThat(m.payload().getInt(0)).isEqualTo(sender.first());
            assertThat(m.payloadOffset() % 16).isZero();
            assertThat(m.id()).isNotZero();
            assertThat(m.wantsReply()).isTrue();
            assertThat(m.replyLength()).isEqualTo(24);
            assertThat(m.replyCapacity()).isEqualTo(8);
            m.replyBuffer().put(new byte[] {1, 2, 3});
            assertThat(m.reply(3)).isEqualTo(ReplyOutcome.DELIVERED);
          });
      assertThat(sender.outcome().status()).isZero();
      assertThat(sender.outcome().replyLength()).isEqualTo(3);
      assertThat(sender.outcome().reply()).containsExactly(1, 2, 3);
      addsUp(connection.counters());
      assertThat(connection.counters().replied()).isEqualTo(1);
    }
  }

  @Test
  void SEND_12_aOneWayMessageNeedsNoAnswer() throws Exception {
    var port = driver.createPort();
    try (FilterPort connection = driver.connector(port).connect()) {
      MessageReader reader = connection.openReaders(1, ReceiveOptions.defaults()).get(0);
      var sender = driver.tell(driver.newestClient(port), 1, 4);
      poll(reader, m -> assertThat(m.wantsReply()).isFalse());
      assertThat(sender.outcome().status()).isZero();
      assertThat(connection.counters().oneWay()).isEqualTo(1);
    }
  }

  @Test
  void messagesThatWaitComeInOneCall() throws Exception {
    int count = 16;
    var port = driver.createPort();
    try (FilterPort connection = driver.connector(port).connect()) {
      MessageReader reader =
          connection.openReaders(1, ReceiveOptions.defaults().withInFlight(count)).get(0);
      assertThat(reader.poll(m -> {}, count)).isZero(); // all slots are armed now
      var senders = driver.tell(driver.newestClient(port), count, 4);
      for (int i = 0; i < count; i++) {
        assertThat(senders.outcome(i).status()).isZero(); // each is in its slot
      }
      assertThat(reader.poll(m -> {}, count, MessageReader.FOREVER)).isEqualTo(count);
      assertThat(connection.counters().oneWay()).isEqualTo(count);
    }
  }

  @Test
  void aClosedPortsMemoryIsStillNobodyElses() throws Exception {
    var port = driver.createPort();
    for (int round = 0; round < 10; round++) {
      FilterPort connection = driver.connector(port).connect();
      MessageReader reader =
          connection.openReaders(1, ReceiveOptions.defaults().withInFlight(32)).get(0);
      ByteBuffer arena = reader.arena();
      assertThat(reader.poll(m -> {}, 1)).isZero();
      var senders = driver.askFor(driver.newestClient(port), 4, 64, 8, 20_000);
      connection.close(); // with receives pending, some just being filled
      byte[] after = new byte[arena.capacity()];
      arena.duplicate().clear().get(after);
      for (int i = 0; i < 4; i++) {
        assertThat(senders.outcome(i).status())
            .isEqualTo(ConformanceDriver.STATUS_PORT_DISCONNECTED);
      }
      senders.release();
      byte[] later = new byte[arena.capacity()];
      arena.duplicate().clear().get(later);
      assertThat(later).as("written to after close had waited for every receive").isEqualTo(after);
      assertThat(connection.counters().inFlight()).isZero();
    }
  }

  @Test
  void SEND_20_manySendersAreAnsweredEachWithItsOwnReply() throws Exception {
    var port = driver.createPort();
    try (FilterPort connection = driver.connector(port).connect();
        MessagePump pump =
            connection
                .pump()
                .threads(3)
                .options(ReceiveOptions.defaults().withInFlight(16))
                .start(
                    m -> {
                      m.replyBuffer().putInt(0, ~m.payload().getInt(0));
                      m.reply(4);
                    })) {
      var senders = driver.ask(driver.newestClient(port), 200, 32, 4);
      for (int i = 0; i < 200; i++) {
        var outcome = senders.outcome(i);
        assertThat(outcome.status()).isZero();
        assertThat(
                ByteBuffer.wrap(outcome.reply()).order(java.nio.ByteOrder.LITTLE_ENDIAN).getInt())
            .isEqualTo(~(senders.first() + i));
      }
      assertThat(pump.counters().replied()).isEqualTo(200);
      addsUp(pump.counters());
      assertThat(pump.stop(Duration.ofSeconds(10))).isTrue();
    }
  }

  @Test
  void OPEN_03_theReplysStatusIsTheSendersResult() throws Exception {
    var port = driver.createPort();
    try (FilterPort connection = driver.connector(port).connect()) {
      MessageReader reader = connection.openReaders(1, ReceiveOptions.defaults()).get(0);
      var sender = driver.ask(driver.newestClient(port), 1, 4, 8);
      poll(reader, m -> m.reply(ConformanceDriver.STATUS_ACCESS_DENIED, 0));
      assertThat(sender.outcome().status()).isEqualTo(ConformanceDriver.STATUS_ACCESS_DENIED);
    }
  }

  @Test
  void OPEN_06_aReplyThatIsTooLongIsToldToBothSides() throws Exception {
    var port = driver.createPort();
    try (FilterPort connection = driver.connector(port).connect()) {
      MessageReader reader = connection.openReaders(1, ReceiveOptions.defaults()).get(0);
      var sender = driver.ask(driver.newestClient(port), 1, 4, 8);
      poll(
          reader,
          m -> {
            assertThat(m.reply(9)).isEqualTo(ReplyOutcome.TOO_LONG);
            assertThat(m.reply(8)).isEqualTo(ReplyOutcome.ALREADY_ANSWERED);
          });
      assertThat(sender.outcome().status()).isEqualTo(ConformanceDriver.STATUS_BUFFER_OVERFLOW);
      assertThat(connection.counters().failed()).isEqualTo(1);
      addsUp(connection.counters());
    }
  }

  @Test
  void REPLY_05_aReplyAfterTheTimeoutFindsNoWaiter() throws Exception {
    var port = driver.createPort();
    try (FilterPort connection = driver.connector(port).connect()) {
      MessageReader reader = connection.openReaders(1, ReceiveOptions.defaults()).get(0);
      var sender = driver.askFor(driver.newestClient(port), 1, 4, 8, 50);
      poll(
          reader,
          m -> {
            assertThat(sender.outcome().status()).isEqualTo(ConformanceDriver.STATUS_TIMEOUT);
            assertThat(m.reply(0)).isEqualTo(ReplyOutcome.NO_WAITER);
          });
      assertThat(connection.counters().late()).isEqualTo(1);
      addsUp(connection.counters());
      var next = driver.ask(driver.newestClient(port), 1, 4, 8);
      poll(reader, m -> assertThat(m.reply(0)).isEqualTo(ReplyOutcome.DELIVERED));
      assertThat(next.outcome().status()).isZero();
    }
  }

  @Test
  void REPLY_09_aDeferredMessageIsAnsweredByAnotherThreadInAnyOrder() throws Exception {
    var port = driver.createPort();
    try (FilterPort connection = driver.connector(port).connect()) {
      MessageReader reader = connection.openReaders(1, ReceiveOptions.defaults()).get(0);
      var senders = driver.ask(driver.newestClient(port), 2, 4, 8);
      List<PendingReply> pending = new ArrayList<>();
      poll(reader, m -> pending.add(Objects.requireNonNull(m.tryDefer())));
      poll(reader, m -> pending.add(Objects.requireNonNull(m.tryDefer())));
      CompletableFuture.runAsync(
              () -> {
                for (int i : new int[] {1, 0}) {
                  int sender = pending.get(i).payload().getInt(0);
                  pending.get(i).replyBuffer().putInt(sender);
                  assertThat(pending.get(i).complete(0, 4)).isEqualTo(ReplyOutcome.DELIVERED);
                }
              })
          .join();
      for (int i = 0; i < 2; i++) {
        assertThat(senders.outcome(i).reply()[0]).isEqualTo((byte) (senders.first() + i));
      }
      addsUp(connection.counters());
      assertThat(connection.counters().replied()).isEqualTo(2);
    }
  }

  @Test
  void aForgottenDeferredMessageEndsByTheFallback() throws Exception {
    var port = driver.createPort();
    try (FilterPort connection = driver.connector(port).connect()) {
      MessageReader reader =
          connection
              .openReaders(
                  1,
                  ReceiveOptions.defaults()
                      .withDeferTimeout(Duration.ofMillis(50))
                      .withFallback(FallbackReply.of(0, new byte[] {7})))
              .get(0);
      var sender = driver.ask(driver.newestClient(port), 1, 4, 8);
      poll(reader, m -> assertThat(m.tryDefer()).isNotNull());
      assertThat(sender.outcome().reply()).containsExactly(7);
      addsUp(connection.counters());
    }
  }

  @Test
  void anUnansweredMessageEndsByTheFallback() throws Exception {
    var port = driver.createPort();
    try (FilterPort connection = driver.connector(port).connect()) {
      MessageReader reader = connection.openReaders(1, ReceiveOptions.defaults()).get(0);
      var senders = driver.ask(driver.newestClient(port), 2, 4, 8);
      poll(reader, m -> {});
      assertThatThrownBy(
              () ->
                  poll(
                      reader,
                      m -> {
                        throw new IllegalStateException("broken");
                      }))
          .isInstanceOf(HandlerException.class);
      for (int i = 0; i < 2; i++) {
        assertThat(senders.outcome(i).status()).isEqualTo(ConformanceDriver.STATUS_UNSUCCESSFUL);
      }
      assertThat(connection.counters().fallback()).isEqualTo(2);
    }
  }

  @Test
  void OPEN_05_aMessageLongerThanItsSlotArrivesInTheLargeOne() throws Exception {
    var port = driver.createPort();
    try (FilterPort connection = driver.connector(port).connect()) {
      MessageReader reader =
          connection
              .openReaders(
                  1,
                  ReceiveOptions.defaults()
                      .withInFlight(2)
                      .withMaxPayload(20_000)
                      .withPayload(100)
                      .withMaxDeferred(1))
              .get(0);
      int client = driver.newestClient(port);
      for (int length : new int[] {101, 10, 20_000, 300, 1, 19_999}) {
        var sender = driver.ask(client, 1, length, 8);
        poll(
            reader,
            m -> {
              assertThat(m.payload().remaining()).isEqualTo(length);
              byte last = m.payload().get(length - 1);
              int first = sender.first();
              byte expected =
                  length <= 4
                      ? (byte) (first >>> (8 * (length - 1)))
                      : (byte) (first * 7 + (length - 1) * 13 + ((length - 1) >>> 8));
              assertThat(last).isEqualTo(expected);
              m.reply(0);
            });
        assertThat(sender.outcome().status()).isZero();
      }
      assertThat(connection.counters().oversize()).isPositive();
      addsUp(connection.counters());
    }
  }

  @Test
  void OPEN_05_aMessageLongerThanMaxPayloadIsANamedErrorAndOthersGoOn() throws Exception {
    var port = driver.createPort();
    try (FilterPort connection = driver.connector(port).connect()) {
      MessageReader reader =
          connection.openReaders(1, ReceiveOptions.defaults().withMaxPayload(8192)).get(0);
      int client = driver.newestClient(port);
      var tooLong = driver.askFor(client, 1, 9000, 8, 500);
      assertThatThrownBy(() -> reader.poll(m -> m.reply(0), 1, MessageReader.FOREVER))
          .isInstanceOf(UncheckedIOException.class)
          .hasMessageContaining("longer than maxPayload (8192 bytes)");
      assertThat(tooLong.outcome().status()).isEqualTo(ConformanceDriver.STATUS_TIMEOUT);
      var next = driver.ask(client, 1, 8, 8);
      poll(reader, m -> m.reply(0));
      assertThat(next.outcome().status()).isZero();
    }
  }

  // ---- user to driver

  @Test
  void USER_02_theDriverGetsAndGivesExactlyTheBytes() throws Exception {
    var port = driver.createPort();
    driver.onMessageEcho(port);
    try (FilterPort connection = driver.connector(port).connect()) {
      ByteBuffer out = ByteBuffer.allocate(16);
      assertThat(connection.send(ByteBuffer.wrap(new byte[] {1, 2, 3}), out)).isEqualTo(3);
      assertThat(out.flip()).isEqualTo(ByteBuffer.wrap(new byte[] {1, 2, 3}));
      ByteBuffer direct = ByteBuffer.allocateDirect(100_000);
      ByteBuffer back = ByteBuffer.allocateDirect(100_000);
      direct.put(99_999, (byte) 77);
      assertThat(connection.send(direct, back)).isEqualTo(100_000);
      assertThat(back.get(99_999)).isEqualTo((byte) 77);
      assertThat(connection.send(ByteBuffer.allocate(4), null)).isZero();
    }
  }

  @Test
  void USER_10_theDriversStatusArrivesAsAnHresult() throws Exception {
    var port = driver.createPort();
    driver.onMessageReturn(port, 0xC000000D);
    try (FilterPort connection = driver.connector(port).connect()) {
      assertThatThrownBy(() -> connection.send(ByteBuffer.allocate(1), null))
          .isInstanceOf(FilterException.class)
          .hasMessageContaining("FilterSendMessage " + port.name() + ": 0x80070057");
    }
  }

  @Test
  void USER_13_sendWorksFromAHandler() throws Exception {
    var port = driver.createPort();
    driver.onMessageEcho(port);
    try (FilterPort connection = driver.connector(port).connect()) {
      MessageReader reader = connection.openReaders(1, ReceiveOptions.defaults()).get(0);
      var sender = driver.ask(driver.newestClient(port), 1, 4, 8);
      poll(
          reader,
          m -> {
            ByteBuffer out = ByteBuffer.allocate(4);
            assertThat(connection.send(m.payload(), out)).isEqualTo(4);
            m.replyBuffer().put(out.flip());
            m.reply(4);
          });
      assertThat(sender.outcome().replyLength()).isEqualTo(4);
    }
  }

  // ---- disconnecting and closing

  @Test
  void DISC_09_theDriversCloseIsToldToEveryCall() throws Exception {
    var port = driver.createPort();
    try (FilterPort connection = driver.connector(port).connect()) {
      List<MessageReader> readers = connection.openReaders(3, ReceiveOptions.defaults());
      int client = driver.newestClient(port);
      var sender = driver.ask(client, 1, 4, 8);
      AtomicReference<PendingReply> pending = new AtomicReference<>();
      poll(readers.get(0), m -> pending.set(m.tryDefer()));
      List<CompletableFuture<Integer>> polls = new ArrayList<>();
      for (MessageReader reader : readers.subList(1, 3)) {
        polls.add(
            CompletableFuture.supplyAsync(
                () -> reader.poll(m -> {}, 1, MessageReader.FOREVER),
                task -> new Thread(task).start()));
      }
      driver.closeClient(client);
      for (CompletableFuture<Integer> poll : polls) {
        assertThat(poll.join()).isEqualTo(MessageReader.DISCONNECTED);
      }
      assertThat(readers.get(0).poll(m -> {}, 1, MessageReader.FOREVER))
          .isEqualTo(MessageReader.DISCONNECTED);
      assertThat(sender.outcome().status()).isEqualTo(ConformanceDriver.STATUS_PORT_DISCONNECTED);
      assertThat(pending.get().complete(0, 0)).isEqualTo(ReplyOutcome.DISCONNECTED);
      assertThatThrownBy(() -> connection.send(ByteBuffer.allocate(1), null))
          .isInstanceOf(PortDisconnectedException.class)
          .hasMessageContaining("connect again");
      assertThat(connection.isConnected()).isFalse();
      addsUp(connection.counters());
    }
  }

  @Test
  void DISC_08_closeEndsTheSendersThatWait() throws Exception {
    var port = driver.createPort();
    FilterPort connection = driver.connector(port).connect();
    MessageReader reader =
        connection
            .openReaders(1, ReceiveOptions.defaults().withInFlight(2).withMaxDeferred(1))
            .get(0);
    var senders = driver.ask(driver.newestClient(port), 8, 4, 8);
    AtomicReference<PendingReply> pending = new AtomicReference<>();
    poll(reader, m -> pending.set(m.tryDefer()));
    connection.close();
    for (int i = 0; i < 8; i++) {
      assertThat(senders.outcome(i).status()).isEqualTo(ConformanceDriver.STATUS_PORT_DISCONNECTED);
    }
    assertThat(pending.get().complete(0, 0)).isEqualTo(ReplyOutcome.CLOSED);
    driver.awaitCounter(port, ConformanceDriver.DISCONNECT_RETURNED, 1);
    assertThat(connection.counters().inFlight()).isZero();
    addsUp(connection.counters());
  }

  @Test
  void closeDuringPollsFromAnotherThreadWakesThemAll() throws Exception {
    var port = driver.createPort();
    FilterPort connection = driver.connector(port).connect();
    List<MessageReader> readers = connection.openReaders(4, ReceiveOptions.defaults());
    List<CompletableFuture<Integer>> polls = new ArrayList<>();
    CountDownLatch started = new CountDownLatch(4);
    for (MessageReader reader : readers) {
      polls.add(
          CompletableFuture.supplyAsync(
              () -> {
                started.countDown();
                return reader.poll(m -> {}, 1, MessageReader.FOREVER);
              },
              task -> new Thread(task).start()));
    }
    started.await();
    connection.close();
    for (CompletableFuture<Integer> poll : polls) {
      assertThat(poll.join()).isEqualTo(MessageReader.CLOSED);
    }
  }

  @Test
  void wakeupReachesItsReaderAmongSeveral() throws Exception {
    var port = driver.createPort();
    try (FilterPort connection = driver.connector(port).connect()) {
      List<MessageReader> readers = connection.openReaders(3, ReceiveOptions.defaults());
      List<CompletableFuture<Integer>> polls = new ArrayList<>();
      for (MessageReader reader : readers) {
        polls.add(
            CompletableFuture.supplyAsync(
                () -> reader.poll(m -> {}, 1, MessageReader.FOREVER),
                task -> new Thread(task).start()));
      }
      for (int i = 0; i < 3; i++) {
        readers.get(i).wakeup();
        assertThat(polls.get(i).join()).isZero();
        for (int later = i + 1; later < 3; later++) {
          assertThat(polls.get(later)).isNotDone();
        }
      }
    }
  }

  @Test
  void closeFromAHandlerLetsTheMessageBeAnswered() throws Exception {
    var port = driver.createPort();
    FilterPort connection = driver.connector(port).connect();
    MessageReader reader = connection.openReaders(1, ReceiveOptions.defaults()).get(0);
    var sender = driver.ask(driver.newestClient(port), 1, 4, 8);
    poll(
        reader,
        m -> {
          connection.close();
          connection.close();
          assertThat(m.reply(0)).isEqualTo(ReplyOutcome.DELIVERED);
        });
    assertThat(sender.outcome().status()).isZero();
    assertThat(reader.poll(m -> {}, 1)).isEqualTo(MessageReader.CLOSED);
    connection.close();
    driver.awaitCounter(port, ConformanceDriver.DISCONNECT_RETURNED, 1);
  }

  @Test
  void useAfterCloseSaysSoAndBuffersStayReadable() throws Exception {
    var port = driver.createPort();
    FilterPort connection = driver.connector(port).connect();
    MessageReader reader = connection.openReaders(1, ReceiveOptions.defaults()).get(0);
    ByteBuffer arena = reader.arena();
    connection.close();
    assertThat(reader.poll(m -> {}, 1)).isEqualTo(MessageReader.CLOSED);
    assertThatThrownBy(() -> connection.send(ByteBuffer.allocate(1), null))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("is closed");
    for (int i = 0; i < arena.capacity(); i += 64) {
      arena.put(i, (byte) 1);
    }
  }

  @Test
  void closeIsBoundedWhileADriversCallbackRuns() throws Exception {
    var port = driver.createPort();
    driver.onMessageWait(port);
    FilterPort connection = driver.connector(port).connect();
    MessageReader reader =
        connection
            .openReaders(1, ReceiveOptions.defaults().withCloseTimeout(Duration.ofMillis(300)))
            .get(0);
    CompletableFuture<Throwable> sender =
        CompletableFuture.supplyAsync(
            () -> {
              try {
                connection.send(ByteBuffer.allocate(1), null);
                return new AssertionError("sent");
              } catch (Exception e) {
                return e;
              }
            });
    driver.awaitCounter(port, ConformanceDriver.MESSAGE_ENTERED, 1);
    connection.close();
    assertThat(reader.poll(m -> {}, 1)).isEqualTo(MessageReader.CLOSED);
    assertThat(sender).isNotDone();
    driver.openMessageGate(port);
    sender.join();
    driver.awaitCounter(port, ConformanceDriver.DISCONNECT_RETURNED, 1);
  }
}
