// SPDX-License-Identifier: Apache-2.0
package io.github.filterport;

import java.nio.LongBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * All that a connection has from the moment it receives: engine, slots, readers, deferred messages.
 */
final class Reception {
  private final PortImpl port;
  private final Receives receives;
  private final ArenaMap map;
  private final ReceiveOptions options;
  private final Counters counters;
  private final Slots slots;
  private final Deferred deferred;
  private final List<ReaderImpl> readers = new ArrayList<>();

  Reception(
      PortImpl port,
      Receives receives,
      ReceiveOptions options,
      Counters counters,
      int readerCount) {
    this.port = port;
    this.receives = receives;
    this.map = receives.map();
    this.options = options;
    this.counters = counters;
    this.slots = new Slots(map);
    this.deferred = new Deferred(this);
    for (int i = 0; i < readerCount; i++) {
      readers.add(new ReaderImpl(this, i));
    }
  }

  PortImpl port() {
    return port;
  }

  Receives receives() {
    return receives;
  }

  ArenaMap map() {
    return map;
  }

  ReceiveOptions options() {
    return options;
  }

  Counters counters() {
    return counters;
  }

  Slots slots() {
    return slots;
  }

  Deferred deferred() {
    return deferred;
  }

  List<ReaderImpl> readers() {
    return readers;
  }

  /**
   * The fallback reply for a slot's message; the caller is inside native code's guard.
   *
   * @return what to count
   */
  int answerByFallback(int slot, int replyLength) {
    FallbackReply fallback = options.fallback();
    byte[] payload = fallback.payloadBytes();
    if (payload == null) {
      return Counters.FAILED;
    }
    int length = payload.length;
    if (length > Math.min(replyLength - map.replyHeader(), map.replyCapacity())) {
      length = 0;
    }
    map.arena().put(map.replyOffset(slot), payload, 0, length);
    int result = receives.reply(slot, fallback.ntstatus(), length);
    switch (result) {
      case Receives.DELIVERED:
        return Counters.FALLBACK;
      case Receives.NO_WAITER:
        return Counters.LATE;
      case Receives.DISCONNECTED:
        port.disconnectedNow();
        return Counters.DISCONNECTED;
      default:
        return Counters.FAILED;
    }
  }

  // ---- closing; see PortImpl for who calls when

  /** If that thread is inside a handler of this connection, the port is closed when it returns. */
  boolean closeAfterHandler(Thread thread) {
    for (ReaderImpl reader : readers) {
      if (reader.closePortAfterHandler(thread)) {
        return true;
      }
    }
    return false;
  }

  /** Wakes all readers for good. */
  void interrupt() {
    for (ReaderImpl reader : readers) {
      reader.requestClose();
    }
    receives.interrupt();
    deferred.close();
  }

  boolean readersOutside() {
    for (ReaderImpl reader : readers) {
      if (reader.isInsideNative()) {
        return false;
      }
    }
    return true;
  }

  /** Takes the receives back; what came in that moment can no longer be answered. */
  void stop(long timeoutNanos) {
    int messages = receives.stop(timeoutNanos);
    counters.add(Counters.DELIVERED, messages);
    counters.add(Counters.DISCONNECTED, messages);
  }

  /** Takes the receives back while the connection stays open. */
  void stopAnswering(long timeoutNanos) {
    int messages = receives.stop(timeoutNanos);
    LongBuffer batch = map.batch(0);
    for (int i = 0; i < messages; i++) {
      int slot = (int) batch.get(i);
      int replyLength = map.readReplyLength(slot);
      counters.add(Counters.DELIVERED, 1);
      counters.add(replyLength == 0 ? Counters.ONE_WAY : answerByFallback(slot, replyLength), 1);
    }
  }

  /** The handle is closed and nobody is inside. */
  void finish(long timeoutNanos) {
    stop(timeoutNanos);
    receives.destroy();
    for (ReaderImpl reader : readers) {
      reader.finishIfOutside();
    }
  }
}
