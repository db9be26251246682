// SPDX-License-Identifier: Apache-2.0
package io.github.filterport;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.LongBuffer;

/**
 * Where things lie in an arena. The numbers come from C.
 *
 * <pre>
 *   slot 0 .. n-1   [OVERLAPPED | FILTER_MESSAGE_HEADER | payload] [FILTER_REPLY_HEADER | reply]
 *   slot n          the same with maxPayload, if that is more than payload
 *   batch areas     one for each reader
 * </pre>
 */
final class ArenaMap {
  /** The sizes and offsets that do not depend on options; in the order of Shim.layout. */
  record Structures(
      int message,
      int messageHeader,
      int replyLength,
      int messageId,
      int replyHeader,
      int batchLimit) {}

  /** In the order of Shim.engineLayout. */
  record Places(
      long size,
      int slotStride,
      int slotReply,
      int largeSlot,
      int largeReply,
      int batch,
      int batchStride) {}

  private final ByteBuffer arena;
  private final Structures structures;
  private final Places places;
  private final int slots;
  private final ReceiveOptions options;

  ArenaMap(ByteBuffer arena, Structures structures, Places places, ReceiveOptions options) {
    this.arena = arena.order(ByteOrder.LITTLE_ENDIAN);
    this.structures = structures;
    this.places = places;
    this.slots = options.inFlight();
    this.options = options;
  }

  ByteBuffer arena() {
    return arena;
  }

  /** The number of slots with the large one; that has the last index. */
  int slotCount() {
    return options.maxPayload() > options.payload() ? slots + 1 : slots;
  }

  int batchLimit() {
    return structures.batchLimit();
  }

  int replyCapacity() {
    return options.reply();
  }

  int replyHeader() {
    return structures.replyHeader();
  }

  int payloadCapacity(int slot) {
    return slot == slots ? options.maxPayload() : options.payload();
  }

  private int header(int slot) {
    return places.slotStride() * slot + structures.message();
  }

  int payloadOffset(int slot) {
    return header(slot) + structures.messageHeader();
  }

  int replyOffset(int slot) {
    int reply = slot == slots ? places.largeReply() : places.slotReply();
    return places.slotStride() * slot + reply + structures.replyHeader();
  }

  int readReplyLength(int slot) {
    return arena.getInt(header(slot) + structures.replyLength());
  }

  long readMessageId(int slot) {
    return arena.getLong(header(slot) + structures.messageId());
  }

  ByteBuffer payload(int slot) {
    return arena.slice(payloadOffset(slot), payloadCapacity(slot)).order(ByteOrder.LITTLE_ENDIAN);
  }

  ByteBuffer reply(int slot) {
    return arena.slice(replyOffset(slot), replyCapacity()).order(ByteOrder.LITTLE_ENDIAN);
  }

  LongBuffer batch(int reader) {
    return arena
        .slice(places.batch() + places.batchStride() * reader, places.batchStride())
        .order(ByteOrder.LITTLE_ENDIAN)
        .asLongBuffer();
  }
}
