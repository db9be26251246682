// SPDX-License-Identifier: Apache-2.0
package io.github.filterport;

/** On what the tests run. */
final class TestSystem {
  private TestSystem() {}

  static boolean isWindows() {
    return System.getProperty("os.name", "").startsWith("Windows");
  }

  /**
   * How many of something: under Wine each message takes four crossings between processes, a
   * thousand times as long as on Linux.
   */
  static int count(int linux, int wine) {
    return isWindows() ? wine : linux;
  }
}
