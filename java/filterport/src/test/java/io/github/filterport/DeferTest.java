// SPDX-License-Identifier: Apache-2.0
package io.github.filterport;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Messages that are answered outside their handler. */
@Timeout(30)
class DeferTest {
  private static final ReceiveOptions OPTIONS =
      ReceiveOptions.defaults().withInFlight(4).withPayload(64).withReply(16).withMaxDeferred(2);

  private final FakeBackend backend = new FakeBackend();
  private final PortImpl port = backend.port();

  @AfterEach
  void close() {
    port.close();
  }

  private MessageReader open(ReceiveOptions options) throws Exception {
    return port.openReaders(1, options).get(0);
  }

  private FakeReceives engine() {
    return backend.receives();
  }

  private static PendingReply defer(MessageReader reader) {
    List<PendingReply> out = new ArrayList<>();
    assertThat(reader.poll(m -> out.add(Objects.requireNonNull(m.tryDefer())), 1)).isEqualTo(1);
    return out.get(0);
  }

  @Test
  void anotherThreadAnswersADeferredMessage() throws Exception {
    MessageReader reader = open(OPTIONS);
    long id = engine().ask(8, 1, 2);
    PendingReply pending = defer(reader);
    assertThat(pending.id()).isEqualTo(id);
    assertThat(port.counters().inFlight()).isEqualTo(1);
    assertThat(reader.poll(m -> {}, 1)).isZero();
    assertThat(engine().armedCount()).as("its slot is not armed").isEqualTo(3);
    ReplyOutcome outcome =
        CompletableFuture.supplyAsync(
                () -> {
                  assertThat(pending.payload().get(1)).isEqualTo((byte) 2);
                  pending.replyBuffer().put(0, (byte) 42);
                  return pending.complete(7, 1);
                })
            .join();
    assertThat(outcome).isEqualTo(ReplyOutcome.DELIVERED);
    assertThat(engine().answers().get(0).ntstatus()).isEqualTo(7);
    assertThat(engine().answers().get(0).payload()).containsExactly(42);
    assertThat(engine().armedCount()).as("and is armed at once when it is answered").isEqualTo(4);
    assertThat(port.counters().replied()).isEqualTo(1);
    assertThat(port.counters().inFlight()).isZero();
  }

  @Test
  void aDeferredMessageIsAnsweredOnce() throws Exception {
    MessageReader reader = open(OPTIONS);
    engine().ask(8);
    PendingReply pending = defer(reader);
    assertThat(pending.complete(0, 0)).isEqualTo(ReplyOutcome.DELIVERED);
    assertThat(pending.complete(0, 0)).isEqualTo(ReplyOutcome.ALREADY_ANSWERED);
    assertThatThrownBy(pending::payload).isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(pending::replyBuffer).isInstanceOf(IllegalStateException.class);
    assertThat(engine().answers()).hasSize(1);
  }

  @Test
  void aLateCompletionNeverAnswersTheNextMessageInItsSlot() throws Exception {
    MessageReader reader = open(OPTIONS.withInFlight(1).withInFlight(2).withMaxDeferred(1));
    engine().ask(8);
    PendingReply first = defer(reader);
    var scratch = first.replyBuffer();
    first.complete(0, 0);
    engine().ask(8);
    PendingReply second = defer(reader);
    scratch.put(0, (byte) 1); // a late writer does not reach the slot
    second.replyBuffer().put(0, (byte) 2);
    assertThat(first.complete(0, 1)).isEqualTo(ReplyOutcome.ALREADY_ANSWERED);
    second.complete(0, 1);
    assertThat(engine().answers()).hasSize(2);
    assertThat(engine().answers().get(1).payload()).containsExactly(2);
  }

  @Test
  void noMoreThanMaxDeferredAtOnce() throws Exception {
    MessageReader reader = open(OPTIONS);
    engine().ask(8);
    engine().ask(8);
    engine().ask(8);
    PendingReply first = defer(reader);
    PendingReply second = defer(reader);
    reader.poll(m -> assertThat(m.tryDefer()).isNull(), 1);
    assertThat(port.counters().deferRefused()).isEqualTo(1);
    assertThat(port.counters().fallback()).as("the refused one").isEqualTo(1);
    first.complete(0, 0);
    second.complete(0, 0);
    engine().ask(8);
    defer(reader).complete(0, 0);
    assertThat(port.counters().replied()).isEqualTo(3);
  }

  @Test
  void aForgottenMessageGetsTheFallback() throws Exception {
    MessageReader reader =
        open(
            OPTIONS
                .withDeferTimeout(Duration.ofMillis(20))
                .withFallback(FallbackReply.of(3, new byte[] {1})));
    engine().ask(8);
    PendingReply pending = defer(reader);
    while (port.counters().fallback() == 0) {
      Thread.onSpinWait();
    }
    assertThat(engine().answers().get(0).payload()).containsExactly(1);
    assertThat(pending.complete(0, 0)).isEqualTo(ReplyOutcome.ALREADY_ANSWERED);
    assertThatThrownBy(pending::payload).hasMessageContaining("deferTimeout");
    engine().ask(8);
    defer(reader); // the thread that watches them is still there for the next one
    while (port.counters().fallback() == 1) {
      Thread.onSpinWait();
    }
    assertThat(port.counters().inFlight()).isZero();
  }

  @Test
  void aDeferredMessageOfAClosedConnectionTellsClosed() throws Exception {
    MessageReader reader = open(OPTIONS);
    engine().ask(8);
    PendingReply pending = defer(reader);
    port.close();
    assertThat(pending.complete(0, 0)).isEqualTo(ReplyOutcome.CLOSED);
    assertThatThrownBy(pending::replyBuffer).hasMessageContaining("closed");
    assertThat(port.counters().disconnected()).isEqualTo(1);
    assertThat(port.counters().inFlight()).isZero();
  }

  @Test
  void aDeferredMessageIsSpentForItsHandler() throws Exception {
    MessageReader reader = open(OPTIONS);
    engine().ask(8);
    reader.poll(
        m -> {
          PendingReply pending = Objects.requireNonNull(m.tryDefer());
          assertThatThrownBy(() -> m.reply(0)).hasMessageContaining("was deferred");
          pending.complete(0, 0);
        },
        1);
    assertThat(engine().answers()).hasSize(1);
  }

  @Test
  void aReplyNobodyWaitsForIsCountedLate() throws Exception {
    MessageReader reader = open(OPTIONS);
    engine().force(engine().ask(8), Receives.NO_WAITER);
    assertThat(defer(reader).complete(0, 0)).isEqualTo(ReplyOutcome.NO_WAITER);
    assertThat(port.counters().late()).isEqualTo(1);
  }
}
