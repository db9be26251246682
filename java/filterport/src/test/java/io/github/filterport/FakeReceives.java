// SPDX-License-Identifier: Apache-2.0
package io.github.filterport;

import java.nio.ByteBuffer;
import java.nio.LongBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;

/**
 * The engine's contract over plain memory: messages are put in by tests, replies are kept for them.
 */
final class FakeReceives implements Receives {
  /** What a sender got. */
  record Answer(long id, int ntstatus, byte[] payload) {}

  private record Waiting(long id, int capacity, boolean wantsReply, byte[] payload) {}

  private final ArenaMap map;
  private final boolean[] wake;
  private final Queue<Waiting> messages = new ArrayDeque<>();
  private final Queue<Integer> armed = new ArrayDeque<>();
  private final Map<Integer, Waiting> taken = new HashMap<>();
  private final List<Answer> answers = new ArrayList<>();
  private final Map<Long, Integer> forced = new HashMap<>();
  private long lastId = 100;
  private boolean closing;
  private boolean disconnected;
  private int sticky;
  private int waiting;
  boolean destroyed;
  boolean stopped;

  FakeReceives(int readers, ReceiveOptions options) {
    int slots = options.inFlight();
    int stride = 64 + options.payload() + 64 + options.reply();
    int large = stride * slots;
    int batch = large + 128 + options.maxPayload() + options.reply();
    int batchStride = 8 * (slots + 1);
    ArenaMap.Places places =
        new ArenaMap.Places(
            batch + (long) batchStride * readers,
            stride,
            64 + options.payload(),
            large,
            64 + options.maxPayload(),
            batch,
            batchStride);
    map =
        new ArenaMap(
            ByteBuffer.allocateDirect((int) places.size()),
            new ArenaMap.Structures(32, 16, 0, 8, 16, 64),
            places,
            options);
    wake = new boolean[readers];
    for (int slot = 0; slot < slots; slot++) {
      armed.add(slot);
    }
  }

  // ---- for tests

  /** A message that wants a reply of up to that many bytes. */
  synchronized long ask(int replyCapacity, int... payload) {
    return add(replyCapacity, true, payload);
  }

  synchronized long tell(int... payload) {
    return add(0, false, payload);
  }

  private long add(int capacity, boolean wantsReply, int... payload) {
    byte[] bytes = new byte[payload.length];
    for (int i = 0; i < payload.length; i++) {
      bytes[i] = (byte) payload[i];
    }
    messages.add(new Waiting(++lastId, capacity, wantsReply, bytes));
    notifyAll();
    return lastId;
  }

  /** The next reply to that message has this result. */
  synchronized void force(long id, int result) {
    forced.put(id, result);
  }

  synchronized void disconnect() {
    disconnected = true;
    notifyAll();
  }

  /** The next poll returns this number. */
  synchronized void failWith(int result) {
    sticky = result;
    notifyAll();
  }

  /** Returns when a poll has nothing to return and waits. */
  synchronized void awaitWaiting() throws InterruptedException {
    while (waiting == 0) {
      wait();
    }
  }

  synchronized List<Answer> answers() {
    return List.copyOf(answers);
  }

  synchronized int armedCount() {
    return armed.size();
  }

  // ---- the contract

  @Override
  public ArenaMap map() {
    return map;
  }

  @Override
  public boolean pinned() {
    return false;
  }

  @Override
  public synchronized int poll(int reader, int rearm, int limit, long timeoutNanos) {
    LongBuffer batch = map.batch(reader);
    for (int i = 0; i < rearm; i++) {
      rearm((int) batch.get(i));
    }
    long deadline = System.nanoTime() + Math.min(timeoutNanos, 3_600_000_000_000L);
    for (; ; ) {
      int count = 0;
      while (count < limit && !messages.isEmpty() && !armed.isEmpty()) {
        batch.put(count++, deliver());
      }
      if (count > 0) {
        return count;
      }
      if (closing) {
        return MessageReader.CLOSED;
      }
      if (disconnected) {
        return MessageReader.DISCONNECTED;
      }
      if (sticky != 0) {
        int result = sticky;
        sticky = 0;
        return result;
      }
      long left = deadline - System.nanoTime();
      if (wake[reader] || left <= 0) {
        wake[reader] = false;
        return 0;
      }
      waiting++;
      notifyAll();
      try {
        wait(left / 1_000_000 + 1);
      } catch (InterruptedException e) {
        throw new AssertionError(e);
      } finally {
        waiting--;
      }
    }
  }

  private long deliver() {
    Waiting message = messages.remove();
    int slot = armed.remove();
    taken.put(slot, message);
    ByteBuffer arena = map.arena();
    int header = map.payloadOffset(slot) - 16;
    arena.putInt(header, message.wantsReply ? message.capacity + 16 : 0);
    arena.putLong(header + 8, message.id);
    arena.put(map.payloadOffset(slot), message.payload);
    return slot | (long) message.payload.length << 32;
  }

  @Override
  public synchronized int reply(int slot, int ntstatus, int length) {
    Waiting message = taken.get(slot);
    if (message == null) {
      return 0x80070057;
    }
    Integer result = forced.remove(message.id);
    if (result != null) {
      return result;
    }
    if (length > message.capacity) {
      return TOO_LONG;
    }
    byte[] bytes = new byte[length];
    map.arena().get(map.replyOffset(slot), bytes);
    answers.add(new Answer(message.id, ntstatus, bytes));
    return DELIVERED;
  }

  @Override
  public synchronized void rearm(int slot) {
    if (taken.remove(slot) != null) {
      armed.add(slot);
      notifyAll();
    }
  }

  @Override
  public synchronized void wakeup(int reader) {
    wake[reader] = true;
    notifyAll();
  }

  @Override
  public synchronized void interrupt() {
    closing = true;
    notifyAll();
  }

  @Override
  public synchronized int stop(long timeoutNanos) {
    closing = true;
    stopped = true;
    LongBuffer batch = map.batch(0);
    int count = 0;
    while (!messages.isEmpty() && !armed.isEmpty()) {
      batch.put(count++, deliver());
    }
    armed.clear();
    return count;
  }

  @Override
  public int lastError() {
    return Hresult.ERROR_NOT_READY;
  }

  @Override
  public long oversize() {
    return 0;
  }

  @Override
  public synchronized void destroy() {
    destroyed = true;
  }
}
