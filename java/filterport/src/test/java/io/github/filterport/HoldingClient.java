// SPDX-License-Identifier: Apache-2.0
package io.github.filterport;

import java.util.List;

/**
 * A program that connects to the port named first at the manager named second ("null" for the only
 * one), takes messages until one is deferred and one unanswered in its handler, and stays so.
 */
final class HoldingClient {
  private HoldingClient() {}

  @SuppressWarnings("SystemOut")
  public static void main(String[] arguments) throws Exception {
    Connector connector = FilterPort.connector(arguments[0]);
    FilterPort port =
        (arguments[1].equals("null") ? connector : connector.manager(arguments[1])).connect();
    List<MessageReader> readers =
        port.openReaders(2, ReceiveOptions.defaults().withInFlight(8).withMaxDeferred(2));
    Thread second =
        new Thread(() -> readers.get(1).poll(Message::tryDefer, 1, MessageReader.FOREVER));
    second.start();
    System.out.println("connected");
    readers
        .get(0)
        .poll(
            m -> {
              second.join();
              System.out.println("holding");
              Thread.currentThread().join();
            },
            1,
            MessageReader.FOREVER);
  }
}
