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
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Readers and messages over an engine of plain memory. */
@Timeout(30)
class ReaderTest {
  private static final ReceiveOptions OPTIONS =
      ReceiveOptions.defaults().withInFlight(8).withPayload(64).withReply(16).withMaxDeferred(3);

  private final FakeBackend backend = new FakeBackend();
  private final PortImpl port = backend.port();

  @AfterEach
  void close() {
    port.close();
  }

  private MessageReader open() throws Exception {
    return open(OPTIONS);
  }

  private MessageReader open(ReceiveOptions options) throws Exception {
    return port.openReaders(1, options).get(0);
  }

  private FakeReceives engine() {
    return backend.receives();
  }

  // ---- messages

  @Test
  void aMessageShowsItsHeaderAndPayload() throws Exception {
    MessageReader reader = open();
    long id = engine().ask(4, 1, 2, 3);
    int handled =
        reader.poll(
            m -> {
              assertThat(m.id()).isEqualTo(id);
              assertThat(m.payload().remaining()).isEqualTo(3);
              assertThat(m.payload().get(2)).isEqualTo((byte) 3);
              assertThat(m.wantsReply()).isTrue();
              assertThat(m.replyLength()).isEqualTo(20);
              assertThat(m.replyCapacity()).isEqualTo(4);
              assertThat(reader.arena().get(m.payloadOffset() + 1)).isEqualTo((byte) 2);
              m.replyBuffer().putInt(0x04030201);
              assertThat(m.reply(3)).isEqualTo(ReplyOutcome.DELIVERED);
            },
            10);
    assertThat(handled).isEqualTo(1);
    assertThat(engine().answers().get(0).payload()).containsExactly(1, 2, 3);
    addsUp(port.counters());
    assertThat(port.counters().replied()).isEqualTo(1);
  }

  @Test
  void theReplyBufferEndsWhereTheSendersOrTheSlotsRoomEnds() throws Exception {
    MessageReader reader = open();
    engine().ask(4);
    engine().ask(400);
    List<Integer> room = new ArrayList<>();
    reader.poll(m -> room.add(m.replyBuffer().remaining()), 10);
    assertThat(room).containsExactly(4, 16);
  }

  @Test
  void aSecondReplyIsRefused() throws Exception {
    MessageReader reader = open();
    engine().ask(4);
    reader.poll(
        m -> {
          assertThat(m.reply(0)).isEqualTo(ReplyOutcome.DELIVERED);
          assertThat(m.reply(0)).isEqualTo(ReplyOutcome.ALREADY_ANSWERED);
          assertThat(m.tryDefer()).isNull();
        },
        1);
    assertThat(engine().answers()).hasSize(1);
    addsUp(port.counters());
  }

  @Test
  void aReplyToAOneWayMessageHasNoWaiter() throws Exception {
    MessageReader reader = open();
    engine().tell(1);
    reader.poll(
        m -> {
          assertThat(m.wantsReply()).isFalse();
          assertThat(m.replyCapacity()).isZero();
          assertThat(m.tryDefer()).isNull();
          assertThat(m.reply(0)).isEqualTo(ReplyOutcome.NO_WAITER);
        },
        1);
    assertThat(port.counters().oneWay()).isEqualTo(1);
    addsUp(port.counters());
  }

  @Test
  void aReplyLongerThanTheSenderWantsIsTooLongAndOneLongerThanTheSlotIsRefused() throws Exception {
    MessageReader reader = open();
    engine().ask(4);
    reader.poll(
        m -> {
          assertThatThrownBy(() -> m.reply(17))
              .isInstanceOf(IllegalArgumentException.class)
              .hasMessage("length must be between 0 and 16 (ReceiveOptions.reply), got 17");
          assertThatThrownBy(() -> m.reply(-1)).isInstanceOf(IllegalArgumentException.class);
          assertThat(m.reply(5)).isEqualTo(ReplyOutcome.TOO_LONG);
        },
        1);
    assertThat(port.counters().failed()).isEqualTo(1);
    addsUp(port.counters());
  }

  @Test
  void outcomesOfRepliesAreTold() throws Exception {
    MessageReader reader = open();
    engine().force(engine().ask(4), Receives.NO_WAITER);
    engine().force(engine().ask(4), Receives.DISCONNECTED);
    List<ReplyOutcome> outcomes = new ArrayList<>();
    reader.poll(m -> outcomes.add(m.reply(0)), 10);
    assertThat(outcomes).containsExactly(ReplyOutcome.NO_WAITER, ReplyOutcome.DISCONNECTED);
    assertThat(port.counters().late()).isEqualTo(1);
    assertThat(port.counters().disconnected()).isEqualTo(1);
    assertThat(port.isConnected()).isFalse();
    addsUp(port.counters());
  }

  @Test
  void aMessageOutsideItsHandlerSaysSo() throws Exception {
    MessageReader reader = open();
    engine().ask(4, 1);
    AtomicReference<Message> kept = new AtomicReference<>();
    reader.poll(kept::set, 1);
    assertThatThrownBy(() -> kept.get().payload())
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("valid inside its handler only")
        .hasMessageContaining("tryDefer");
    assertThatThrownBy(() -> kept.get().reply(0)).isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(() -> kept.get().id()).isInstanceOf(IllegalStateException.class);
  }

  @Test
  void aMessageOnAnotherThreadSaysSo() throws Exception {
    MessageReader reader = open();
    engine().ask(4, 1);
    reader.poll(
        m ->
            assertThatThrownBy(() -> CompletableFuture.runAsync(m::payload).join())
                .hasCauseInstanceOf(IllegalStateException.class)
                .hasMessageContaining("belongs to the thread of its handler"),
        1);
  }

  // ---- handlers that fail

  @Test
  void aHandlerThatReturnsWithoutAnswerSendsTheFallback() throws Exception {
    MessageReader reader = open(OPTIONS.withFallback(FallbackReply.of(0x11, new byte[] {9, 8, 7})));
    engine().ask(8);
    engine().ask(2);
    reader.poll(m -> {}, 10);
    assertThat(engine().answers().get(0).ntstatus()).isEqualTo(0x11);
    assertThat(engine().answers().get(0).payload()).containsExactly(9, 8, 7);
    assertThat(engine().answers().get(1).payload()).as("does not fit: status alone").isEmpty();
    assertThat(port.counters().fallback()).isEqualTo(2);
    addsUp(port.counters());
  }

  @Test
  void withoutFallbackAnUnansweredMessageCountsAsFailed() throws Exception {
    MessageReader reader = open(OPTIONS.withFallback(FallbackReply.none()));
    engine().ask(8);
    reader.poll(m -> {}, 10);
    assertThat(engine().answers()).isEmpty();
    assertThat(port.counters().failed()).isEqualTo(1);
    addsUp(port.counters());
  }

  @Test
  void anExceptionIsThrownByPollAndTheRestWaitsForTheNext() throws Exception {
    MessageReader reader = open();
    engine().ask(4, 1);
    engine().ask(4, 2);
    engine().ask(4, 3);
    List<Byte> seen = new ArrayList<>();
    MessageHandler handler =
        m -> {
          seen.add(m.payload().get(0));
          if (m.payload().get(0) == 2) {
            throw new java.io.IOException("two");
          }
          m.reply(0);
        };
    assertThatThrownBy(() -> reader.poll(handler, 10))
        .isInstanceOf(HandlerException.class)
        .hasMessageContaining("\\Fake")
        .hasRootCauseMessage("two");
    assertThat(reader.poll(handler, 10)).isEqualTo(1);
    assertThat(seen).containsExactly((byte) 1, (byte) 2, (byte) 3);
    assertThat(engine().answers()).hasSize(3);
    assertThat(port.counters().fallback()).isEqualTo(1);
    assertThat(port.counters().handlerErrors()).isEqualTo(1);
    addsUp(port.counters());
  }

  @Test
  void anErrorPassesAsItIs() throws Exception {
    MessageReader reader = open();
    engine().ask(4, 1);
    assertThatThrownBy(
            () ->
                reader.poll(
                    m -> {
                      throw new AssertionError("broken");
                    },
                    10))
        .isInstanceOf(AssertionError.class);
    assertThat(engine().answers()).hasSize(1);
    addsUp(port.counters());
  }

  // ---- polling

  @Test
  void argumentsAreChecked() throws Exception {
    MessageReader reader = open();
    assertThatThrownBy(() -> reader.poll(m -> {}, 0)).hasMessage("limit must be at least 1, got 0");
    assertThatThrownBy(() -> reader.poll(m -> {}, 1, -1))
        .hasMessage("timeoutNanos must not be negative, got -1");
    assertThatThrownBy(() -> port.openReaders(1, OPTIONS))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("already receives");
    assertThatThrownBy(() -> backend.port().openReaders(9, OPTIONS))
        .hasMessage("n must be between 1 and inFlight (8), got 9");
  }

  @Test
  void aReaderBelongsToOneThread() throws Exception {
    MessageReader reader = open();
    assertThat(reader.poll(m -> {}, 1)).isZero();
    assertThatThrownBy(() -> CompletableFuture.runAsync(() -> reader.poll(m -> {}, 1)).join())
        .hasMessageContaining("belongs to thread " + Thread.currentThread().getName());
  }

  @Test
  void pollInsideItsOwnHandlerIsRefused() throws Exception {
    MessageReader reader = open();
    engine().ask(4);
    reader.poll(
        m ->
            assertThatThrownBy(() -> reader.poll(x -> {}, 1))
                .hasMessageContaining("from inside this reader's own handler"),
        1);
  }

  @Test
  void limitLeavesTheRestToTheKernel() throws Exception {
    MessageReader reader = open();
    for (int i = 0; i < 5; i++) {
      engine().ask(4);
    }
    assertThat(reader.poll(m -> m.reply(0), 2)).isEqualTo(2);
    assertThat(reader.poll(m -> m.reply(0), 2)).isEqualTo(2);
    assertThat(reader.poll(m -> m.reply(0), 2)).isEqualTo(1);
    assertThat(reader.poll(m -> m.reply(0), 2)).isZero();
    assertThat(engine().armedCount()).as("all slots are armed again").isEqualTo(8);
  }

  @Test
  void wakeupEndsAWait() throws Exception {
    MessageReader reader = open();
    reader.wakeup();
    assertThat(reader.poll(m -> {}, 1, MessageReader.FOREVER)).isZero();
  }

  @Test
  void aMessageTooLargeForAllSlotsIsANamedError() throws Exception {
    MessageReader reader = open();
    engine().failWith(Receives.TOO_LARGE);
    assertThatThrownBy(() -> reader.poll(m -> {}, 1))
        .isInstanceOf(UncheckedIOException.class)
        .hasMessageContaining("longer than maxPayload")
        .hasMessageContaining("ERROR_INSUFFICIENT_BUFFER")
        .hasMessageContaining("withMaxPayload");
    assertThat(reader.poll(m -> {}, 1)).isZero();
  }

  @Test
  void anErrorOfTheEngineNamesItsCode() throws Exception {
    MessageReader reader = open();
    engine().failWith(Receives.ERROR);
    assertThatThrownBy(() -> reader.poll(m -> {}, 1))
        .isInstanceOf(UncheckedIOException.class)
        .hasMessageContaining("FilterGetMessage \\Fake: 0x80070015 ERROR_NOT_READY");
  }

  @Test
  void disconnectedIsTold() throws Exception {
    MessageReader reader = open();
    engine().disconnect();
    assertThat(reader.poll(m -> {}, 1)).isEqualTo(MessageReader.DISCONNECTED);
    assertThat(port.isConnected()).isFalse();
  }

  // ---- closing

  @Test
  void closeWakesAThreadBlockedInPoll() throws Exception {
    MessageReader reader = open();
    CompletableFuture<Integer> poll =
        CompletableFuture.supplyAsync(() -> reader.poll(m -> {}, 1, MessageReader.FOREVER));
    port.close();
    assertThat(poll.join()).isEqualTo(MessageReader.CLOSED);
    assertThat(engine().destroyed).isTrue();
    assertThat(backend.closes.get()).isPositive();
  }

  @Test
  void closingAReaderEndsItsPollAsClosed() throws Exception {
    MessageReader reader = open();
    CompletableFuture<Integer> poll =
        CompletableFuture.supplyAsync(() -> reader.poll(m -> {}, 1, MessageReader.FOREVER));
    engine().awaitWaiting();
    reader.close();
    assertThat(poll.join()).isEqualTo(MessageReader.CLOSED);
  }

  @Test
  void closeTwiceIsTheSameAsOnce() throws Exception {
    MessageReader reader = open();
    reader.close();
    reader.close();
    port.close();
    port.close();
    assertThat(reader.poll(m -> {}, 1)).isEqualTo(MessageReader.CLOSED);
    reader.wakeup();
    assertThat(port.isConnected()).isFalse();
  }

  @Test
  void useAfterCloseSaysSo() throws Exception {
    MessageReader reader = open();
    port.close();
    assertThat(reader.poll(m -> {}, 1)).isEqualTo(MessageReader.CLOSED);
    assertThatThrownBy(() -> port.send(ByteBuffer.allocate(1), null))
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("the connection to \\Fake is closed");
    assertThatThrownBy(() -> port.openReaders(1, OPTIONS))
        .isInstanceOf(IllegalStateException.class);
    assertThat(reader.arena().get(0)).as("memory outlives the port").isNotNull();
  }

  @Test
  void closeFromAHandlerLetsItsMessageBeAnswered() throws Exception {
    MessageReader reader = open();
    engine().ask(4, 1);
    engine().ask(4, 2);
    int handled =
        reader.poll(
            m -> {
              port.close();
              port.close();
              assertThat(m.reply(0)).isEqualTo(ReplyOutcome.DELIVERED);
            },
            10);
    assertThat(handled).isEqualTo(1);
    assertThat(reader.poll(m -> {}, 1)).isEqualTo(MessageReader.CLOSED);
    assertThat(engine().answers()).hasSize(1);
    assertThat(port.counters().disconnected()).as("the second message").isEqualTo(1);
    assertThat(port.counters().inFlight()).isZero();
    addsUp(port.counters());
  }

  @Test
  void aReplyAfterAnotherThreadClosedTellsClosed() throws Exception {
    MessageReader reader = open();
    engine().ask(4, 1);
    reader.poll(
        m -> {
          CompletableFuture.runAsync(port::close).join();
          assertThat(m.reply(0)).isEqualTo(ReplyOutcome.CLOSED);
        },
        1);
    assertThat(port.counters().disconnected()).isEqualTo(1);
    addsUp(port.counters());
  }

  @Test
  void theLastReaderToCloseAnswersWhatItHoldsAndStopsReceiving() throws Exception {
    MessageReader reader = open();
    engine().ask(4, 1);
    engine().ask(4, 2);
    assertThatThrownBy(
            () ->
                reader.poll(
                    m -> {
                      throw new IllegalStateException();
                    },
                    10))
        .isInstanceOf(HandlerException.class);
    engine().ask(4, 3);
    reader.close();
    assertThat(engine().answers()).hasSize(3);
    assertThat(engine().stopped).isTrue();
    assertThat(port.counters().fallback()).isEqualTo(3);
    assertThat(port.isConnected()).isTrue();
    addsUp(port.counters());
  }

  @Test
  void closeFromAnotherReadersHandlerWakesTheOthers() throws Exception {
    List<MessageReader> readers = port.openReaders(2, OPTIONS);
    CompletableFuture<Integer> other =
        CompletableFuture.supplyAsync(
            () -> readers.get(1).poll(m -> m.reply(0), 1, MessageReader.FOREVER));
    other.completeOnTimeout(null, 50, java.util.concurrent.TimeUnit.MILLISECONDS);
    engine().ask(4);
    engine().ask(4);
    while (readers.get(0).poll(m -> port.close(), 1) != MessageReader.CLOSED) {
      Thread.onSpinWait();
    }
    assertThat(engine().destroyed).isTrue();
  }

  // ---- sending

  @Test
  void sendTakesBuffersOfAnyKind() throws Exception {
    backend.answer = new byte[] {5, 6};
    backend.sendResult = 2;
    for (boolean direct : new boolean[] {false, true}) {
      ByteBuffer in = direct ? ByteBuffer.allocateDirect(8) : ByteBuffer.allocate(8);
      ByteBuffer out = direct ? ByteBuffer.allocateDirect(8) : ByteBuffer.allocate(8);
      in.put(new byte[] {0, 1, 2, 3}).flip().position(1);
      out.position(3);
      assertThat(port.send(in, out)).isEqualTo(2);
      assertThat(backend.sent).containsExactly(1, 2, 3);
      assertThat(in.hasRemaining()).isFalse();
      assertThat(out.position()).isEqualTo(5);
      assertThat(out.get(3)).isEqualTo((byte) 5);
      assertThat(out.get(4)).isEqualTo((byte) 6);
    }
    assertThat(port.send(ByteBuffer.wrap(new byte[] {7}).asReadOnlyBuffer(), null)).isEqualTo(2);
  }

  @Test
  void sendNamesTheDriversStatus() {
    backend.sendResult = 0x80070057;
    assertThatThrownBy(() -> port.send(ByteBuffer.allocate(1), null))
        .isInstanceOf(FilterException.class)
        .hasMessageContaining("FilterSendMessage \\Fake: 0x80070057 ERROR_INVALID_PARAMETER");
  }

  @Test
  void closeWakesASenderAndIsBounded() throws Exception {
    backend.sendBlocks = true;
    CompletableFuture<Throwable> sender =
        CompletableFuture.supplyAsync(
            () -> {
              try {
                port.send(ByteBuffer.allocate(1), null);
                return new AssertionError("returned");
              } catch (Exception e) {
                return e;
              }
            });
    backend.sending.await();
    port.close();
    assertThat(sender.join()).isInstanceOf(PortDisconnectedException.class);
  }

  @Test
  void closeReturnsAfterItsTimeoutWhenAHandlerIsInsideNativeCodeForLong() throws Exception {
    ReceiveOptions options = OPTIONS.withCloseTimeout(Duration.ofMillis(200));
    MessageReader reader = open(options);
    engine().ask(4);
    CountDownLatch inside = new CountDownLatch(1);
    CountDownLatch release = new CountDownLatch(1);
    CompletableFuture<Void> handling =
        CompletableFuture.runAsync(
            () ->
                reader.poll(
                    m -> {
                      inside.countDown();
                      release.await();
                    },
                    1));
    inside.await();
    port.close(); // a handler does not hold it up: only native code does
    assertThat(engine().destroyed).isTrue();
    release.countDown();
    handling.join();
    assertThat(port.counters().disconnected()).isEqualTo(1);
    assertThat(port.counters().inFlight()).isZero();
  }
}
