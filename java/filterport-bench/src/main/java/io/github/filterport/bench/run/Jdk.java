// SPDX-License-Identifier: Apache-2.0
package io.github.filterport.bench.run;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/** Which java runs what. */
public final class Jdk {
  private Jdk() {}

  /** The one that runs the harness. */
  static Path own() {
    return Path.of(System.getProperty("java.home"), "bin", "java");
  }

  /** One of 25 or later, for java.lang.foreign: the system property {@code bench.jdk25}. */
  public static Optional<Path> of25() {
    return Optional.ofNullable(System.getProperty("bench.jdk25"))
        .map(Path::of)
        .filter(Files::isExecutable);
  }
}
