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
import org.junit.jupiter.api.Test;

/** Messages from the driver, and their answers. */
class DeliveryTest extends ConformanceFixture {
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
}
