// SPDX-License-Identifier: Apache-2.0
package io.github.filterport;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Pumps over a connection without a native half. */
@Timeout(30)
class PumpTest {
  private final FakeBackend backend = new FakeBackend();
  private final PortImpl port = backend.port();

  @AfterEach
  void close() {
    port.close();
  }

  private static void await(java.util.function.BooleanSupplier condition) {
    while (!condition.getAsBoolean()) {
      Thread.onSpinWait();
    }
  }

  @Test
  void threadsShareTheWork() throws Exception {
    ConcurrentLinkedQueue<String> names = new ConcurrentLinkedQueue<>();
    CountDownLatch both = new CountDownLatch(2);
    MessagePump pump =
        port.pump()
            .threads(2)
            .start(
                m -> {
                  names.add(Thread.currentThread().getName());
                  both.countDown();
                  both.await();
                  m.reply(0);
                });
    backend.receives().ask(4);
    backend.receives().ask(4);
    await(() -> pump.counters().replied() == 2);
    assertThat(names).containsExactlyInAnyOrder("filterport-Fake-0", "filterport-Fake-1");
    assertThat(pump.stop(Duration.ofSeconds(5))).isTrue();
    assertThat(pump.isRunning()).isFalse();
    assertThat(pump.failure()).isNull();
    assertThat(backend.receives().destroyed).isTrue();
  }

  @Test
  void anExceptionGoesToTheErrorHandlerAndThePumpGoesOn() throws Exception {
    List<Throwable> errors = new CopyOnWriteArrayList<>();
    MessagePump pump =
        port.pump()
            .onError(errors::add)
            .start(
                m -> {
                  if (m.payload().get() == 1) {
                    throw new IllegalArgumentException("one");
                  }
                  m.reply(0);
                });
    backend.receives().ask(4, 1);
    backend.receives().ask(4, 2);
    await(() -> pump.counters().replied() == 1);
    assertThat(errors).hasSize(1);
    assertThat(errors.get(0)).isInstanceOf(HandlerException.class).hasRootCauseMessage("one");
    assertThat(pump.counters().fallback()).isEqualTo(1);
    assertThat(pump.isRunning()).isTrue();
    pump.close();
  }

  @Test
  void anErrorStopsThePumpVisibly() throws Exception {
    AtomicReference<Throwable> seen = new AtomicReference<>();
    MessagePump pump =
        port.pump()
            .threads(2)
            .onError(seen::set)
            .start(
                m -> {
                  throw new AssertionError("broken");
                });
    backend.receives().ask(4, 1);
    pump.awaitTermination();
    assertThat(pump.isRunning()).isFalse();
    assertThat(pump.failure()).isInstanceOf(AssertionError.class);
    assertThat(seen.get()).isSameAs(pump.failure());
    assertThat(port.isConnected()).isFalse();
    assertThat(pump.stop(Duration.ofSeconds(1))).isFalse();
  }

  @Test
  void aPumpOfOneConnectionEndsWithIt() throws Exception {
    AtomicInteger lost = new AtomicInteger();
    MessagePump pump =
        port.pump()
            .listener(
                new ConnectionListener() {
                  @Override
                  public void onDisconnected(FilterPort p) {
                    lost.incrementAndGet();
                  }
                })
            .threads(3)
            .start(m -> {});
    backend.receives().disconnect();
    pump.awaitTermination();
    assertThat(lost.get()).isEqualTo(1);
    assertThat(pump.failure()).isInstanceOf(PortDisconnectedException.class);
  }

  @Test
  void stopWaitsForDeferredMessages() throws Exception {
    AtomicReference<PendingReply> pending = new AtomicReference<>();
    MessagePump pump = port.pump().start(m -> pending.set(m.tryDefer()));
    backend.receives().ask(4);
    await(() -> pending.get() != null);
    Thread completer =
        new Thread(
            () -> {
              await(() -> !pump.isRunning());
              Objects.requireNonNull(pending.get()).complete(0, 0);
            });
    completer.start();
    assertThat(pump.stop(Duration.ofSeconds(10))).isTrue();
    completer.join();
    assertThat(pump.counters().replied()).isEqualTo(1);
  }

  @Test
  void stopGivesUpAtItsLimit() throws Exception {
    AtomicReference<PendingReply> pending = new AtomicReference<>();
    MessagePump pump = port.pump().start(m -> pending.set(m.tryDefer()));
    backend.receives().ask(4);
    await(() -> pending.get() != null);
    assertThat(pump.stop(Duration.ofMillis(50))).isFalse();
    pump.awaitTermination();
    assertThat(pending.get().complete(0, 0)).isEqualTo(ReplyOutcome.CLOSED);
  }

  @Test
  void stopAndCloseFromAHandlerReturn() throws Exception {
    AtomicReference<MessagePump> self = new AtomicReference<>();
    CountDownLatch known = new CountDownLatch(1);
    MessagePump pump =
        port.pump()
            .threads(2)
            .start(
                m -> {
                  known.await();
                  assertThat(self.get().stop(Duration.ofSeconds(5))).isFalse();
                  self.get().close();
                  self.get().close();
                  m.reply(0);
                });
    self.set(pump);
    known.countDown();
    backend.receives().ask(4);
    pump.awaitTermination();
    assertThat(pump.failure()).isNull();
    assertThat(pump.counters().replied()).isEqualTo(1);
    assertThat(backend.receives().destroyed).isTrue();
  }

  @Test
  void aListenerThatRefusesTheConnectionEndsTheStart() {
    FilterException refusal = new FilterException(0x80070057, "FilterSendMessage", "\\Fake");
    assertThatThrownBy(
            () ->
                port.pump()
                    .listener(
                        new ConnectionListener() {
                          @Override
                          public void onConnected(FilterPort p) throws FilterException {
                            throw refusal;
                          }
                        })
                    .start(m -> {}))
        .isSameAs(refusal);
    assertThat(port.isConnected()).isFalse();
  }

  @Test
  void serveReturnsWhenClosedAndThrowsWhenDisconnected() throws Exception {
    Thread closer =
        new Thread(
            () -> {
              await(() -> backend.closes.get() == 0 && port.counters().replied() == 1);
              port.close();
            });
    closer.start();
    FakeBackend second = new FakeBackend();
    PortImpl other = second.port();
    Thread feeder =
        new Thread(
            () -> {
              while (true) {
                try {
                  backend.receives().ask(4);
                  return;
                } catch (NullPointerException e) {
                  Thread.onSpinWait();
                }
              }
            });
    feeder.start();
    port.serve(m -> m.reply(0));
    closer.join();
    Thread breaker =
        new Thread(
            () -> {
              while (true) {
                try {
                  second.receives().disconnect();
                  return;
                } catch (NullPointerException e) {
                  Thread.onSpinWait();
                }
              }
            });
    breaker.start();
    assertThatThrownBy(() -> other.serve(m -> {})).isInstanceOf(PortDisconnectedException.class);
    other.close();
  }
}
