// SPDX-License-Identifier: Apache-2.0
package io.github.filterport;

import java.nio.ByteBuffer;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * A connection that counts how often Java calls into the native library on the way of a message.
 */
final class CountedPort implements PortBackend {
  final AtomicLong polls = new AtomicLong();
  final AtomicLong replies = new AtomicLong();
  final AtomicLong others = new AtomicLong();
  private final PortBackend real;

  private CountedPort(PortBackend real) {
    this.real = real;
  }

  static CountedPort connect(Connector connector) throws FilterException {
    return new CountedPort(NativePort.connect(connector));
  }

  /** All calls for messages that came. */
  long crossings() {
    return polls.get() + replies.get() + others.get();
  }

  @Override
  public long send(
      ByteBuffer in,
      int inOffset,
      int inLength,
      @Nullable ByteBuffer out,
      int outOffset,
      int outLength) {
    return real.send(in, inOffset, inLength, out, outOffset, outLength);
  }

  @Override
  public Receives openReceives(int readers, ReceiveOptions options) throws FilterException {
    return new Counted(real.openReceives(readers, options));
  }

  @Override
  public void close() {
    real.close();
  }

  private final class Counted implements Receives {
    private final Receives real;

    Counted(Receives real) {
      this.real = real;
    }

    @Override
    public ArenaMap map() {
      return real.map();
    }

    @Override
    public boolean pinned() {
      return real.pinned();
    }

    @Override
    public int poll(int reader, int rearm, int limit, long timeoutNanos) {
      polls.incrementAndGet();
      return real.poll(reader, rearm, limit, timeoutNanos);
    }

    @Override
    public int reply(int slot, int ntstatus, int length) {
      replies.incrementAndGet();
      return real.reply(slot, ntstatus, length);
    }

    @Override
    public void rearm(int slot) {
      others.incrementAndGet();
      real.rearm(slot);
    }

    @Override
    public void wakeup(int reader) {
      others.incrementAndGet();
      real.wakeup(reader);
    }

    @Override
    public void interrupt() {
      real.interrupt();
    }

    @Override
    public int stop(long timeoutNanos) {
      return real.stop(timeoutNanos);
    }

    @Override
    public int lastError() {
      others.incrementAndGet();
      return real.lastError();
    }

    @Override
    public long oversize() {
      return real.oversize();
    }

    @Override
    public void destroy() {
      real.destroy();
    }
  }
}
