// SPDX-License-Identifier: Apache-2.0
package io.github.filterport;

/** Makes connections. */
final class PortConnect {
  private PortConnect() {}

  @SuppressWarnings("DoNotCallSuggester") // until the shim is there
  static FilterPort connect(Connector connector) throws FilterException {
    throw new FilterException(0x80004001, Hresult.CONNECT, connector.name());
  }
}
