// SPDX-License-Identifier: Apache-2.0
package io.github.filterport.bench.run;

import java.io.IOException;

/** A reader of the benchmark driver's event ring; the driver writes, one event or 32 at once. */
final class RingSubject implements Subject {
  private final PortSubject reader;
  private final BenchDriver.Kind kind;
  private final boolean owner;

  RingSubject(PortSubject reader, BenchDriver.Kind kind, boolean owner) {
    this.reader = reader;
    this.kind = kind;
    this.owner = owner;
  }

  PortSubject reader() {
    return reader;
  }

  @Override
  public String name() {
    return reader.name();
  }

  @Override
  public void place(Placement placement) throws IOException {
    reader.place(placement);
  }

  @Override
  public Sample run(Load load) throws IOException {
    return reader.run(load, kind);
  }

  @Override
  public void close() {
    if (owner) {
      reader.close();
    }
  }
}
