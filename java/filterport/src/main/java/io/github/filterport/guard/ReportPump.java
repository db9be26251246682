// SPDX-License-Identifier: Apache-2.0
package io.github.filterport.guard;

import io.github.filterport.ErrorHandler;
import io.github.filterport.EventHandler;
import io.github.filterport.EventReader;
import io.github.filterport.FilterException;
import io.github.filterport.FilterPort;
import io.github.filterport.HandlerException;
import io.github.filterport.MessagePump;
import io.github.filterport.PortCounters;
import io.github.filterport.PortDisconnectedException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** One thread that reads the event ring of a connection, and commits what its handler has seen. */
final class ReportPump implements MessagePump {
  private static final int BATCH = 64;
  private static final int ERROR_INVALID_HANDLE = 0x80070006;

  private final FilterPort port;
  private final EventReader reader;
  private final EventHandler handler;
  private final ErrorHandler errors;
  private final CountDownLatch ended = new CountDownLatch(1);
  private final Thread thread;
  private volatile boolean stopping;
  private volatile @Nullable Throwable failure;

  ReportPump(FilterPort port, EventReader reader, EventHandler handler, ErrorHandler errors) {
    this.port = port;
    this.reader = reader;
    this.handler = handler;
    this.errors = errors;
    this.thread = new Thread(this::run, "filterport-reports");
    thread.setDaemon(true);
  }

  ReportPump start() {
    thread.start();
    return this;
  }

  private void run() {
    try {
      while (pollOnce()) {
        reader.commit();
      }
    } catch (UncheckedIOException e) {
      failure = e.getCause();
    } catch (Throwable e) {
      failure = e;
      errors.onError(e);
    } finally {
      ended.countDown();
    }
  }

  /** False at the end. */
  private boolean pollOnce() {
    try {
      int result = reader.poll(handler, BATCH, EventReader.FOREVER);
      if (result == EventReader.DISCONNECTED && !stopping) {
        failure = disconnected();
      }
      return result >= 0;
    } catch (HandlerException e) {
      errors.onError(e);
      return true;
    }
  }

  private static FilterException disconnected() {
    return new PortDisconnectedException(ERROR_INVALID_HANDLE, "event ring", FileGuard.PORT);
  }

  @Override
  public boolean stop(Duration drain) {
    close();
    try {
      return Thread.currentThread() != thread && ended.await(drain.toNanos(), TimeUnit.NANOSECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  @Override
  public void awaitTermination() throws InterruptedException {
    ended.await();
  }

  @Override
  public boolean isRunning() {
    return ended.getCount() != 0 && !stopping;
  }

  @Override
  public @Nullable Throwable failure() {
    return failure;
  }

  @Override
  public PortCounters counters() {
    return port.counters();
  }

  @Override
  public void close() {
    stopping = true;
    reader.close();
    port.close();
  }
}
