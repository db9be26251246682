// SPDX-License-Identifier: Apache-2.0
package io.github.filterport.bench.run;

import java.io.IOException;
import java.util.List;

/** A peer that only stores events: a round ends when its reader has read the last one. */
final class QueueSubject implements Subject {
  private final String name;
  private final PeerProcess sender;
  private final PeerProcess client;
  private final AutoCloseable rest;

  QueueSubject(String name, PeerProcess sender, PeerProcess client, AutoCloseable rest) {
    this.name = name;
    this.sender = sender;
    this.client = client;
    this.rest = rest;
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public void place(Placement placement) throws IOException {
    Command.pin(List.of(sender.pid()), placement.senderCores());
    Command.pin(List.of(client.pid()), placement.clientCores());
  }

  @Override
  public Sample run(Load load) throws IOException {
    Sample sent = Sample.parse(sender.ask("run " + load.nanos() + " " + load.warmNanos() + " -"));
    long begin = System.nanoTime();
    client.ask("caught-up");
    return new Sample(sent.times(), sent.messages(), sent.nanos() + System.nanoTime() - begin);
  }

  @Override
  public void close() {
    sender.close();
    client.close();
    try {
      rest.close();
    } catch (Exception e) {
      System.err.println(name + ": " + e);
    }
  }
}
