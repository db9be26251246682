// SPDX-License-Identifier: Apache-2.0
package io.github.filterport;

import static io.github.filterport.CountersCheck.addsUp;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

/** The end of a connection, from either side. */
class DisconnectTest extends ConformanceFixture {
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
