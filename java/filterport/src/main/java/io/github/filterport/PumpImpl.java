// SPDX-License-Identifier: Apache-2.0
package io.github.filterport;

import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * A pump: thread i polls reader i of the current session. When the session is lost, the first
 * thread that sees it makes the next one, the others wait for it. The last thread to end closes the
 * connection.
 */
final class PumpImpl implements MessagePump {
  private static final long FIRST_PAUSE_NANOS = 50_000_000;
  private static final long LAST_PAUSE_NANOS = 5_000_000_000L;
  private static final int BATCH = 64;

  private record Session(PortImpl port, Reception reception) {}

  private final PumpBuilder plan;
  private final MessageHandler handler;
  private final ErrorHandler errors;
  private final Counters counters;
  private final int limit;
  private final List<Thread> threads = new ArrayList<>();
  private final AtomicInteger running;
  private final CountDownLatch ended = new CountDownLatch(1);
  private final AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();

  private volatile boolean stopping;
  private volatile long drainUntil = System.nanoTime();
  private volatile boolean drained = true;
  private volatile @Nullable Session current;
  private boolean connecting;

  PumpImpl(PumpBuilder plan, MessageHandler handler) {
    this.plan = plan;
    this.handler = handler;
    this.errors = plan.errors();
    PortImpl port = plan.port();
    this.counters = port == null ? new Counters() : port.cells();
    // What one thread has taken no other can handle: with several, each takes one at a time.
    this.limit = plan.threads() == 1 ? BATCH : 1;
    this.running = new AtomicInteger(plan.threads());
  }

  // ---- sessions

  void start() throws FilterException {
    PortImpl port = plan.port();
    current = open(port != null ? port : connect());
    ThreadFactory factory = plan.factory();
    for (int i = 0; i < plan.threads(); i++) {
      int index = i;
      threads.add(factory.newThread(() -> run(index)));
    }
    threads.forEach(Thread::start);
  }

  private PortImpl connect() throws FilterException {
    return PortConnect.connect(Objects.requireNonNull(plan.connector()), counters);
  }

  private Session open(PortImpl port) throws FilterException {
    boolean done = false;
    try {
      plan.listener().onConnected(port);
      Session session = new Session(port, port.openReception(plan.threads(), plan.options()));
      done = true;
      return session;
    } finally {
      if (!done) {
        port.closeNow();
      }
    }
  }

  /** The session after {@code old}, made by this thread or another; null if the pump ends. */
  private @Nullable Session next(Session old) {
    lock.lock();
    try {
      while (connecting && !stopping) {
        changed.awaitUninterruptibly();
      }
      if (stopping) {
        return null;
      }
      if (!old.equals(current)) {
        return current;
      }
      connecting = true;
    } finally {
      lock.unlock();
    }
    Session fresh = null;
    try {
      fresh = reconnect(old.port());
    } finally {
      fresh = publish(fresh);
    }
    return fresh;
  }

  private @Nullable Session publish(@Nullable Session fresh) {
    Session surplus = null;
    lock.lock();
    try {
      connecting = false;
      if (fresh != null && !stopping) {
        current = fresh;
      } else {
        surplus = fresh;
        stopping = true;
      }
      changed.signalAll();
    } finally {
      lock.unlock();
    }
    if (surplus != null) {
      surplus.port().closeNow();
      return null;
    }
    return fresh;
  }

  private @Nullable Session reconnect(PortImpl lost) {
    lost.closeNow();
    plan.listener().onDisconnected(lost);
    if (plan.connector() == null) {
      failure.compareAndSet(
          null,
          new PortDisconnectedException(
              Hresult.ERROR_INVALID_HANDLE, Hresult.GET, plan.portName()));
      return null;
    }
    long pause = FIRST_PAUSE_NANOS;
    while (!stopping) {
      try {
        return open(connect());
      } catch (FilterException e) {
        long jittered = pause / 2 + ThreadLocalRandom.current().nextLong(pause / 2 + 1);
        plan.listener().onConnectFailed(e, Duration.ofNanos(jittered));
        pause(jittered);
        pause = Math.min(pause * 2, LAST_PAUSE_NANOS);
      }
    }
    return null;
  }

  private void pause(long nanos) {
    lock.lock();
    try {
      long left = nanos;
      while (left > 0 && !stopping) {
        left = changed.awaitNanos(left);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      stopping = true;
    } finally {
      lock.unlock();
    }
  }

  // ---- threads

  @SuppressWarnings("CatchAndPrintStackTrace")
  private void run(int index) {
    try {
      Session session = current;
      while (session != null && !stopping && serve(session.reception().readers().get(index))) {
        session = next(session);
      }
    } catch (Throwable t) {
      fail(t);
    } finally {
      end(index);
    }
  }

  /** False: this thread is to end. True: the session is lost. */
  private boolean serve(MessageReader reader) {
    while (!stopping) {
      try {
        int result = reader.poll(handler, limit, MessageReader.FOREVER);
        if (result == MessageReader.CLOSED) {
          return false;
        }
        if (result == MessageReader.DISCONNECTED) {
          return true;
        }
      } catch (HandlerException e) {
        errors.onError(e);
      } catch (UncheckedIOException e) {
        errors.onError(e.getCause());
        if (!PortImpl.isTooLarge(e)) {
          return true;
        }
      }
    }
    return false;
  }

  private void fail(Throwable t) {
    failure.compareAndSet(null, t);
    try {
      errors.onError(t);
    } catch (Throwable another) {
      if (another != t) {
        t.addSuppressed(another);
      }
      new LoggingErrorHandler(plan.portName()).onError(t);
    }
    halt();
  }

  /** Lets all threads end after what they are doing. */
  private void halt() {
    lock.lock();
    try {
      stopping = true;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
    Session session = current;
    if (session != null) {
      session.reception().readers().forEach(MessageReader::wakeup);
    }
  }

  private void end(int index) {
    Session session = current;
    try {
      if (session != null) {
        session.reception().readers().get(index).close();
      }
      if (running.decrementAndGet() == 0) {
        halt();
        if (session != null) {
          drained = awaitDeferred(session.reception().deferred());
          session.port().closeNow();
        }
      }
    } finally {
      if (running.get() == 0) {
        ended.countDown();
      }
    }
  }

  private boolean awaitDeferred(Deferred deferred) {
    while (deferred.count() > 0) {
      long left = drainUntil - System.nanoTime();
      if (left <= 0) {
        return false;
      }
      LockSupport.parkNanos(this, Math.min(left, 1_000_000));
    }
    return true;
  }

  private boolean isOwnThread() {
    return threads.contains(Thread.currentThread());
  }

  // ---- ending

  @Override
  public boolean stop(Duration drain) {
    long limitNanos = drain.toNanos();
    drainUntil = System.nanoTime() + limitNanos;
    halt();
    if (isOwnThread()) {
      return false;
    }
    boolean inTime = awaitEnd(limitNanos);
    if (!inTime) {
      close();
    }
    return inTime && drained && failure.get() == null;
  }

  @Override
  public void close() {
    drainUntil = System.nanoTime();
    halt();
    Session session = current;
    if (session != null) {
      session.port().close();
    }
    if (!isOwnThread()) {
      awaitEnd(plan.options().closeTimeout().toNanos());
    }
  }

  private boolean awaitEnd(long nanos) {
    boolean interrupted = false;
    long deadline = System.nanoTime() + nanos;
    try {
      for (; ; ) {
        try {
          return ended.await(deadline - System.nanoTime(), TimeUnit.NANOSECONDS);
        } catch (InterruptedException e) {
          interrupted = true;
        }
      }
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  @Override
  public void awaitTermination() throws InterruptedException {
    ended.await();
  }

  @Override
  public boolean isRunning() {
    return !stopping && failure.get() == null;
  }

  @Override
  public @Nullable Throwable failure() {
    return failure.get();
  }

  @Override
  public PortCounters counters() {
    return counters;
  }
}
