// SPDX-License-Identifier: Apache-2.0
package io.github.filterport;

import java.nio.ByteBuffer;

/** The shim's engine. */
final class NativeReceives implements Receives {
  private static final String ARENA = "arena allocation";
  private static final String LOCK = "locking the arena in memory";
  private static final int WORKING_SET_QUOTA = 0x800705AD;

  private final NativeResources resources;
  private final ArenaMap map;
  private final boolean pinned;
  private final long engine;

  private NativeReceives(NativeResources resources, ArenaMap map, boolean pinned, long engine) {
    this.resources = resources;
    this.map = map;
    this.pinned = pinned;
    this.engine = engine;
  }

  static NativeReceives open(
      NativeResources resources, String name, int readers, ReceiveOptions options)
      throws FilterException {
    int[] numbers = {
      options.inFlight(),
      options.payload(),
      options.maxPayload(),
      options.reply(),
      readers,
      options.waitPolicy().spinNanos()
    };
    ArenaMap.Places places = places(numbers);
    long[] out = new long[2];
    check(Shim.arenaAllocate(resources.port(), places.size(), out), ARENA, name);
    long address = out[0];
    boolean pinned = out[1] != 0;
    if (!pinned && options.requirePinned()) {
      Shim.arenaFree(address);
      throw FilterException.of(WORKING_SET_QUOTA, LOCK, name);
    }
    int result = Shim.engineCreate(resources.port(), address, numbers, out);
    if (result < 0) {
      Shim.arenaFree(address);
      throw FilterException.of(result, "CreateIoCompletionPort", name);
    }
    long engine = out[0];
    resources.engine(engine);
    resources.arena(address);
    ByteBuffer root = Shim.arenaBuffer(address, places.size());
    NativePort.CLEANER.register(root, resources::freeArena);
    return new NativeReceives(
        resources, new ArenaMap(root, structures(), places, options), pinned, engine);
  }

  private static void check(int result, String call, String object) throws FilterException {
    if (result < 0) {
      throw FilterException.of(result, call, object);
    }
  }

  static ArenaMap.Structures structures() {
    int[] out = new int[6];
    Shim.layout(out);
    return new ArenaMap.Structures(out[0], out[1], out[2], out[3], out[4], out[5]);
  }

  static ArenaMap.Places places(int[] options) {
    long[] out = new long[7];
    Shim.engineLayout(options, out);
    return new ArenaMap.Places(
        out[0],
        Math.toIntExact(out[1]),
        Math.toIntExact(out[2]),
        Math.toIntExact(out[3]),
        Math.toIntExact(out[4]),
        Math.toIntExact(out[5]),
        Math.toIntExact(out[6]));
  }

  @Override
  public ArenaMap map() {
    return map;
  }

  @Override
  public boolean pinned() {
    return pinned;
  }

  @Override
  public int poll(int reader, int rearm, int limit, long timeoutNanos) {
    return Shim.poll(engine, reader, rearm, limit, timeoutNanos);
  }

  @Override
  public int reply(int slot, int ntstatus, int length) {
    return Shim.reply(engine, slot, ntstatus, length);
  }

  @Override
  public void rearm(int slot) {
    Shim.rearm(engine, slot);
  }

  @Override
  public void wakeup(int reader) {
    Shim.wakeup(engine, reader);
  }

  @Override
  public void interrupt() {
    Shim.interrupt(engine);
  }

  @Override
  public int stop(long timeoutNanos) {
    return resources.stop(timeoutNanos);
  }

  @Override
  public int lastError() {
    return Shim.lastError(engine);
  }

  @Override
  public long oversize() {
    return resources.oversize();
  }

  @Override
  public void destroy() {
    resources.destroyEngine();
  }
}
