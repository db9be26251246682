// SPDX-License-Identifier: Apache-2.0
package io.github.filterport;

/** Names of threads. */
final class Names {
  private Names() {}

  /** A port's name as part of a thread's name. */
  static String of(String port) {
    return port.startsWith("\\") ? port.substring(1) : port;
  }
}
