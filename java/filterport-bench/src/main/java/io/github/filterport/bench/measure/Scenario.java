// SPDX-License-Identifier: Apache-2.0
package io.github.filterport.bench.measure;

import java.io.IOException;

/** A part of the run. */
public interface Scenario {
  /** For the log and for choosing. */
  String name();

  /** Measures and adds to the findings. */
  void run(Setting setting) throws IOException;
}
