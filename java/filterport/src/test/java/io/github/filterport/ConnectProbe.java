// SPDX-License-Identifier: Apache-2.0
package io.github.filterport;

/**
 * A program that connects to the port named first at the manager named second, and says how it
 * went.
 */
final class ConnectProbe {
  private ConnectProbe() {}

  @SuppressWarnings("SystemOut")
  public static void main(String[] arguments) {
    try (FilterPort port = FilterPort.connector(arguments[0]).manager(arguments[1]).connect()) {
      System.out.println("connected " + port.isConnected());
    } catch (FilterException e) {
      System.out.println(e.getClass().getSimpleName() + ": " + e.getMessage());
    }
  }
}
