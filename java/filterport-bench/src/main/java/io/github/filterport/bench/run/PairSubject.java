// SPDX-License-Identifier: Apache-2.0
package io.github.filterport.bench.run;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A peer that brings its own sender: one process sends and measures, another answers. */
public final class PairSubject implements Subject {
  private final String name;
  private final String mode;
  private final PeerProcess sender;
  private final @Nullable PeerProcess client;

  /** A client of null: the sender has started and named the process that answers. */
  PairSubject(String name, String mode, PeerProcess sender, @Nullable PeerProcess client) {
    this.name = name;
    this.mode = mode;
    this.sender = sender;
    this.client = client;
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public void place(Placement placement) throws IOException {
    List<Long> answering = new ArrayList<>(sender.others());
    if (client != null) {
      answering.add(client.pid());
    }
    Command.pin(List.of(sender.pid()), placement.senderCores());
    Command.pin(answering, placement.clientCores());
  }

  @Override
  public Sample run(Load load) throws IOException {
    return Sample.parse(sender.ask("run " + load.nanos() + " " + load.warmNanos() + " " + mode));
  }

  @Override
  public void close() {
    sender.close();
    if (client != null) {
      client.close();
    }
  }
}
