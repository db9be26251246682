// SPDX-License-Identifier: Apache-2.0
package io.github.filterport.bench.run;

import java.io.IOException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A file that is opened again and again, and whatever gates it.
 *
 * <p>On two cores the opener and what reads the kernel's events share core 0, as a kernel would run
 * both on the opener's core; the decider has core 1.
 */
public final class OpenSubject implements Subject {
  private final String name;
  private final PeerProcess opener;
  private final List<Long> gate;
  private final @Nullable PeerProcess decider;
  private final AutoCloseable rest;

  OpenSubject(
      String name,
      PeerProcess opener,
      List<Long> gate,
      @Nullable PeerProcess decider,
      AutoCloseable rest) {
    this.name = name;
    this.opener = opener;
    this.gate = gate;
    this.decider = decider;
    this.rest = rest;
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public void place(Placement placement) throws IOException {
    Command.pin(List.of(opener.pid()), placement.senderCores());
    Command.pin(gate, placement.senderCores());
    if (decider != null) {
      Command.pin(List.of(decider.pid()), placement.clientCores());
    }
  }

  @Override
  public Sample run(Load load) throws IOException {
    return Sample.parse(opener.ask("run " + load.nanos() + " " + load.warmNanos() + " -"));
  }

  @Override
  public void close() {
    opener.close();
    if (decider != null) {
      decider.close();
    }
    try {
      rest.close();
    } catch (Exception e) {
      System.err.println(name + ": " + e);
    }
  }
}
