// SPDX-License-Identifier: Apache-2.0
package io.github.filterport;

import java.util.concurrent.ThreadFactory;

final class PumpBuilder implements MessagePump.Builder {
  private final Connector connector;

  PumpBuilder(Connector connector) {
    this.connector = connector;
  }

  @Override
  public MessagePump.Builder threads(int n) {
    return this;
  }

  @Override
  public MessagePump.Builder options(ReceiveOptions options) {
    return this;
  }

  @Override
  public MessagePump.Builder threadFactory(ThreadFactory factory) {
    return this;
  }

  @Override
  public MessagePump.Builder onError(ErrorHandler handler) {
    return this;
  }

  @Override
  public MessagePump.Builder listener(ConnectionListener listener) {
    return this;
  }

  @Override
  @SuppressWarnings("DoNotCallSuggester") // until the shim is there
  public MessagePump start(MessageHandler handler) throws FilterException {
    throw new FilterException(0x80004001, Hresult.CONNECT, connector.name());
  }
}
