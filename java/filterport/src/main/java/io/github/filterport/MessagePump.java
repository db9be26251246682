// SPDX-License-Identifier: Apache-2.0
package io.github.filterport;

import java.time.Duration;
import java.util.concurrent.ThreadFactory;
import org.jspecify.annotations.Nullable;

/** Threads that receive and handle messages until they are stopped. Thread-safe. */
public interface MessagePump extends AutoCloseable {
  /** Describes a pump. Not thread-safe. */
  interface Builder {
    /** How many threads handle messages; 1 without this call. */
    Builder threads(int n);

    /** How to receive; {@link ReceiveOptions#defaults()} without this call. */
    Builder options(ReceiveOptions options);

    /**
     * Makes the threads. They must be platform threads. Without this call they are daemon threads
     * named {@code filterport-<port>-<number>}.
     */
    Builder threadFactory(ThreadFactory factory);

    /** Hears of errors; without this call they are logged. */
    Builder onError(ErrorHandler handler);

    /** Hears of connections. */
    Builder listener(ConnectionListener listener);

    /**
     * Starts. Where the pump makes its connections itself, the first one is made before this
     * returns.
     *
     * @throws FilterException if the first connection, or receiving on it, is not possible
     */
    MessagePump start(MessageHandler handler) throws FilterException;
  }

  /**
   * Takes no further messages, waits until those at hand, deferred ones included, are answered,
   * then closes the connection. From a handler it marks the end and returns false.
   *
   * @param drain how long to wait at most
   * @return whether everything was answered and all threads ended in that time
   */
  boolean stop(Duration drain);

  /** Waits until all threads of the pump have ended. */
  void awaitTermination() throws InterruptedException;

  /** Whether the pump has neither been stopped nor failed. */
  boolean isRunning();

  /** What ended the pump other than {@link #stop} or {@link #close}; null if nothing did. */
  @Nullable Throwable failure();

  /** Counters over all connections of this pump. */
  PortCounters counters();

  /** Closes the connection and ends the threads; see {@link FilterPort#close()}. Idempotent. */
  @Override
  void close();
}
