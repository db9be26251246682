// SPDX-License-Identifier: Apache-2.0
package io.github.filterport;

import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The numbers behind a connection: handle, engine, arena; each is given back once, in this order.
 * Holds no reference to what its owners are, so that a Cleaner can run it.
 */
final class NativeResources {
  private static final Logger LOG = LoggerFactory.getLogger(FilterPort.class);
  private static final long FORGOTTEN_LIMIT = 1_000_000_000L;

  private final String name;
  private final @Nullable Throwable madeHere =
      Boolean.getBoolean("filterport.debug") ? new Throwable("connected here") : null;

  private final long port;
  private boolean portOpen = true;
  private long engine;
  private long arena;
  private int pending;
  private long oversize;

  NativeResources(long port, String name) {
    this.port = port;
    this.name = name;
  }

  /** Callers are behind the gate: the handle is open. */
  long port() {
    return port;
  }

  synchronized void arena(long address) {
    arena = address;
  }

  synchronized void engine(long address) {
    engine = address;
  }

  /** Not synchronized while it blocks: closing may take as long as a driver's callback. */
  void closePort() {
    synchronized (this) {
      if (!portOpen) {
        return;
      }
      portOpen = false;
    }
    Shim.closePort(port);
  }

  synchronized int stop(long timeoutNanos) {
    if (engine == 0) {
      return 0;
    }
    long result = Shim.stop(engine, timeoutNanos, portOpen);
    pending = (int) (result >>> 32);
    return (int) result;
  }

  synchronized long oversize() {
    return engine == 0 ? oversize : Shim.oversize(engine);
  }

  synchronized void destroyEngine() {
    if (engine != 0) {
      oversize = Shim.oversize(engine);
      Shim.engineDestroy(engine);
      engine = 0;
    }
  }

  /** Runs when the connection's object is unreachable. */
  void closeForgotten() {
    boolean open;
    synchronized (this) {
      open = portOpen;
    }
    if (open) {
      LOG.warn("{}: connection was never closed", name, madeHere);
    }
    shutDown();
  }

  private void shutDown() {
    stop(FORGOTTEN_LIMIT);
    closePort();
    if (stillPending()) {
      stop(FORGOTTEN_LIMIT);
    }
    destroyEngine();
  }

  private synchronized boolean stillPending() {
    return pending != 0;
  }

  /** Runs when no buffer of the arena is reachable. */
  void freeArena() {
    shutDown();
    synchronized (this) {
      if (pending != 0) {
        LOG.warn("{}: {} receives never came back; their memory is not freed", name, pending);
      } else if (arena != 0) {
        Shim.arenaFree(arena);
        arena = 0;
      }
    }
  }
}
