// SPDX-License-Identifier: Apache-2.0
package io.github.filterport;

import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** A Filter Manager of a test's own, with drivers loaded: fltmgrd on Linux, services under Wine. */
interface TestManager extends AutoCloseable {
  static TestManager start(String... drivers) throws IOException {
    return TestSystem.isWindows() ? ServiceManager.start(drivers) : FltmgrdManager.start(drivers);
  }

  /** A connector to a port of one of its drivers. */
  Connector connector(String port);

  /** For {@link Connector#manager}; null where there is but one Filter Manager. */
  @Nullable String address();

  void load(String driver) throws IOException;

  /** The driver has to let itself be unloaded, whoever is connected. */
  void unload(String driver) throws IOException;

  @Override
  void close();
}
