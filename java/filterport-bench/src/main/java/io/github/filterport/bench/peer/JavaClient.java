// SPDX-License-Identifier: Apache-2.0
package io.github.filterport.bench.peer;

import io.github.filterport.FilterPort;
import io.github.filterport.Message;
import io.github.filterport.MessageHandler;
import io.github.filterport.MessageReader;
import io.github.filterport.ReceiveOptions;
import io.github.filterport.WaitPolicy;
import java.io.IOException;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;

/**
 * The Java client under test: public API only.
 *
 * <pre>JavaClient MANAGER NUMBER CONNECTIONS IN-FLIGHT READERS SPIN-NANOS HANDLER-NANOS</pre>
 *
 * <p>Only the first connection has readers that poll; the others are connected and armed.
 */
public final class JavaClient {
  private static final int BATCH = 64;

  /** Kept, so that none is closed as unreachable. */
  private static final Collection<FilterPort> PORTS = new ConcurrentLinkedQueue<>();

  private JavaClient() {}

  /** See the class. */
  public static void main(String[] args) throws IOException {
    String manager = args[0];
    int number = Integer.parseInt(args[1]);
    int connections = Integer.parseInt(args[2]);
    int inFlight = Integer.parseInt(args[3]);
    int readers = Integer.parseInt(args[4]);
    long spinNanos = Long.parseLong(args[5]);
    long handlerNanos = Long.parseLong(args[6]);
    ReceiveOptions options =
        ReceiveOptions.defaults()
            .withInFlight(inFlight)
            .withPayload(Numbers.PAYLOAD)
            .withReply(Numbers.REPLY)
            .withWaitPolicy(
                spinNanos == 0
                    ? WaitPolicy.block()
                    : WaitPolicy.adaptive(Duration.ofNanos(spinNanos)));
    List<MessageReader> polled = List.of();
    for (int i = 0; i < connections; i++) {
      FilterPort port =
          FilterPort.connector(Numbers.PORT)
              .manager(manager)
              .context(Numbers.connect(number + i))
              .connect();
      PORTS.add(port);
      List<MessageReader> opened = port.openReaders(i == 0 ? readers : 1, options);
      if (i == 0) {
        polled = opened;
      }
    }
    MessageHandler handler =
        handlerNanos == 0 ? JavaClient::answer : message -> work(message, handlerNanos);
    // What one has taken no other can: several readers take one by one, as a pump's do.
    int batch = readers > 1 ? 1 : BATCH;
    Thread first = null;
    for (MessageReader reader : polled) {
      Thread thread = new Thread(() -> poll(reader, handler, batch), "reader");
      thread.start();
      first = first == null ? thread : first;
    }
    PeerConsole console = new PeerConsole();
    console.ready();
    console.serve(first == null ? Thread.currentThread() : first);
  }

  private static void poll(MessageReader reader, MessageHandler handler, int batch) {
    while (reader.poll(handler, batch, MessageReader.FOREVER) >= 0) {
      // again
    }
  }

  private static void answer(Message message) {
    if (message.wantsReply()) {
      message.replyBuffer().putInt(0, ~message.payload().getInt(0));
      message.reply(Numbers.REPLY);
    }
  }

  private static void work(Message message, long nanos) {
    long end = System.nanoTime() + nanos;
    while (System.nanoTime() - end < 0) {
      Thread.onSpinWait();
    }
    answer(message);
  }
}
