// SPDX-License-Identifier: Apache-2.0
package io.github.filterport;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * The views of the slots, made once. A slot belongs to one reader, or to one deferred message, at a
 * time.
 */
final class Slots {
  private static final byte POISON = (byte) 0xDD;
  private static final boolean DEBUG = Boolean.getBoolean("filterport.debug");

  private final ByteBuffer[] payloads;
  private final ByteBuffer[] replies;

  Slots(ArenaMap map) {
    int count = map.slotCount();
    payloads = new ByteBuffer[count];
    replies = new ByteBuffer[count];
    for (int slot = 0; slot < count; slot++) {
      payloads[slot] = map.payload(slot);
      replies[slot] = map.reply(slot);
    }
  }

  ByteBuffer payload(int slot, int length) {
    return payloads[slot].clear().limit(length).order(ByteOrder.LITTLE_ENDIAN);
  }

  ByteBuffer reply(int slot, int capacity) {
    return replies[slot].clear().limit(capacity).order(ByteOrder.LITTLE_ENDIAN);
  }

  /**
   * With the debug property, what a kept buffer shows after its handler cannot be taken for a
   * message.
   */
  void poison(int slot, int length) {
    if (DEBUG) {
      ByteBuffer payload = payloads[slot].clear();
      for (int i = 0; i < length; i++) {
        payload.put(i, POISON);
      }
    }
  }
}
