// SPDX-License-Identifier: Apache-2.0
package io.github.filterport;

import java.util.Objects;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/** What a pump is made of: a connector to connect again, or one connection. */
final class PumpBuilder implements MessagePump.Builder {
  private static final int MAX_THREADS = 256;

  private final @Nullable Connector connector;
  private final @Nullable PortImpl port;
  private int threads = 1;
  private ReceiveOptions options = ReceiveOptions.defaults();
  private @Nullable ThreadFactory factory;
  private @Nullable ErrorHandler errors;
  private ConnectionListener listener = new ConnectionListener() {};

  PumpBuilder(Connector connector) {
    this.connector = connector;
    this.port = null;
  }

  PumpBuilder(PortImpl port) {
    this.connector = null;
    this.port = port;
  }

  @Override
  public MessagePump.Builder threads(int n) {
    if (n < 1 || n > MAX_THREADS) {
      throw new IllegalArgumentException(
          "threads must be between 1 and " + MAX_THREADS + ", got " + n);
    }
    threads = n;
    return this;
  }

  @Override
  public MessagePump.Builder options(ReceiveOptions o) {
    options = Objects.requireNonNull(o, "options");
    return this;
  }

  @Override
  public MessagePump.Builder threadFactory(ThreadFactory f) {
    factory = Objects.requireNonNull(f, "factory");
    return this;
  }

  @Override
  public MessagePump.Builder onError(ErrorHandler handler) {
    errors = Objects.requireNonNull(handler, "handler");
    return this;
  }

  @Override
  public MessagePump.Builder listener(ConnectionListener l) {
    listener = Objects.requireNonNull(l, "listener");
    return this;
  }

  @Override
  public MessagePump start(MessageHandler handler) throws FilterException {
    Objects.requireNonNull(handler, "handler");
    PumpImpl pump = new PumpImpl(this, handler);
    pump.start();
    return pump;
  }

  // ---- for the pump

  @Nullable Connector connector() {
    return connector;
  }

  @Nullable PortImpl port() {
    return port;
  }

  String portName() {
    return connector != null ? connector.name() : Objects.requireNonNull(port).name();
  }

  int threads() {
    return threads;
  }

  ReceiveOptions options() {
    return options;
  }

  ConnectionListener listener() {
    return listener;
  }

  ErrorHandler errors() {
    ErrorHandler chosen = errors;
    return chosen != null ? chosen : new LoggingErrorHandler(portName());
  }

  ThreadFactory factory() {
    ThreadFactory chosen = factory;
    if (chosen != null) {
      return chosen;
    }
    AtomicInteger number = new AtomicInteger();
    String prefix = "filterport-" + Names.of(portName()) + "-";
    return task -> {
      Thread thread = new Thread(task, prefix + number.getAndIncrement());
      thread.setDaemon(true);
      return thread;
    };
  }
}
