// SPDX-License-Identifier: Apache-2.0
package io.github.filterport;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicReference;

/**
 * The state in which a Filter Manager or a driver is lost: threads in polls, a sender in a
 * callback, one message deferred.
 */
final class BusyConnection {
  private final FilterPort connection;
  private final ConformanceDriver.Port port;
  private final List<MessageReader> readers;
  private final List<CompletableFuture<Integer>> polls = new ArrayList<>();
  private final CompletableFuture<Throwable> send;
  private final AtomicReference<PendingReply> pending = new AtomicReference<>();

  BusyConnection(ConformanceDriver driver) throws Exception {
    port = driver.createPort();
    driver.onMessageWait(port);
    connection = driver.connector(port).connect();
    readers = connection.openReaders(3, ReceiveOptions.defaults());
    driver.ask(driver.newestClient(port), 1, 4, 8);
    assertThat(readers.get(0).poll(m -> pending.set(m.tryDefer()), 1, MessageReader.FOREVER))
        .isEqualTo(1);
    send =
        Background.call(
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
      polls.add(Background.call(() -> reader.poll(m -> {}, 1, MessageReader.FOREVER)));
    }
  }

  /** A call of each kind says that the connection is lost. */
  void everyCallEndsClearly() {
    assertThat(send.join())
        .isInstanceOf(PortDisconnectedException.class)
        .hasMessageContaining("FilterSendMessage " + port.name())
        .hasMessageContaining("0x80070006");
    everyReceiveEndsClearly();
  }

  /** All but the message to the driver, which its callback may still have taken. */
  void everyReceiveEndsClearly() {
    for (CompletableFuture<Integer> poll : polls) {
      assertThat(poll.join()).isEqualTo(MessageReader.DISCONNECTED);
    }
    assertThat(readers.get(0).poll(m -> {}, 1, MessageReader.FOREVER))
        .isEqualTo(MessageReader.DISCONNECTED);
    assertThat(send.join()).isNotNull();
    assertThat(pending.get().complete(0, 0)).isEqualTo(ReplyOutcome.DISCONNECTED);
    assertThat(connection.isConnected()).isFalse();
    connection.close();
    assertThat(connection.counters().inFlight()).isZero();
    assertThat(connection.counters().disconnected()).isEqualTo(1);
  }
}
