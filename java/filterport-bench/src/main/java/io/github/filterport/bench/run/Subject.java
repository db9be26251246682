// SPDX-License-Identifier: Apache-2.0
package io.github.filterport.bench.run;

import java.io.IOException;

/** Something that answers messages, together with what sends them. */
public interface Subject extends AutoCloseable {
  /** Short name for ids and tables, for instance {@code java-adaptive}. */
  String name();

  /** Puts its processes on these cores. */
  void place(Placement placement) throws IOException;

  /** One round. */
  Sample run(Load load) throws IOException;

  @Override
  void close();
}
