// SPDX-License-Identifier: Apache-2.0
package io.github.filterport;

import java.nio.ByteBuffer;
import java.util.Objects;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/** A connection without a native half. */
final class FakeBackend implements PortBackend {
  private @Nullable FakeReceives receives;
  final AtomicInteger closes = new AtomicInteger();
  final CountDownLatch closed = new CountDownLatch(1);
  final CountDownLatch sending = new CountDownLatch(1);
  volatile long sendResult;
  volatile boolean sendBlocks;
  volatile byte[] sent = new byte[0];
  volatile byte[] answer = new byte[0];

  FakeReceives receives() {
    return Objects.requireNonNull(receives);
  }

  PortImpl port() {
    return new PortImpl(this, "\\Fake", new Counters());
  }

  @Override
  public long send(
      ByteBuffer in,
      int inOffset,
      int inLength,
      @Nullable ByteBuffer out,
      int outOffset,
      int outLength) {
    byte[] bytes = new byte[inLength];
    in.duplicate().clear().get(inOffset, bytes);
    sent = bytes;
    if (sendBlocks) {
      sending.countDown();
      try {
        closed.await();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
      return Hresult.ERROR_INVALID_HANDLE;
    }
    if (out != null) {
      out.duplicate().clear().put(outOffset, answer);
    }
    return sendResult;
  }

  @Override
  public Receives openReceives(int readers, ReceiveOptions options) {
    FakeReceives opened = new FakeReceives(readers, options);
    receives = opened;
    return opened;
  }

  @Override
  public void close() {
    closes.incrementAndGet();
    closed.countDown();
  }
}
