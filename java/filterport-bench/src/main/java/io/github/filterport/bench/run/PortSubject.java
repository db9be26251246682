// SPDX-License-Identifier: Apache-2.0
package io.github.filterport.bench.run;

import java.io.IOException;
import java.util.List;

/** A client process on the benchmark driver's port; the driver in fltmgrd sends. */
public final class PortSubject implements Subject {
  private final String name;
  private final Manager manager;
  private final PeerProcess client;
  private final int number;

  PortSubject(String name, Manager manager, PeerProcess client, int number) {
    this.name = name;
    this.manager = manager;
    this.client = client;
    this.number = number;
  }

  @Override
  public String name() {
    return name;
  }

  /** The client's process. */
  public PeerProcess client() {
    return client;
  }

  @Override
  public void place(Placement placement) throws IOException {
    manager.pin(placement.senderCores());
    Command.pin(List.of(client.pid()), placement.clientCores());
  }

  @Override
  public Sample run(Load load) throws IOException {
    return run(load, BenchDriver.Kind.MESSAGE);
  }

  Sample run(Load load, BenchDriver.Kind kind) throws IOException {
    return manager.driver().run(number, load, kind);
  }

  @Override
  public void close() {
    client.close();
  }
}
