// SPDX-License-Identifier: Apache-2.0
package io.github.filterport;

import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * The native methods, registered by the shim when it is loaded; twin of jni/entry.cpp. HRESULTs
 * come back as negative numbers, or as what a method returns while its results stand in {@code
 * out}.
 */
final class Shim {
  private Shim() {}

  static native String version();

  /** Binds fltlib; null, or what is missing. */
  static native @Nullable String bind();

  /**
   * out: size of OVERLAPPED, size of FILTER_MESSAGE_HEADER, offsets of ReplyLength and MessageId in
   * it, size of FILTER_REPLY_HEADER, most messages of one poll.
   */
  static native void layout(int[] out);

  /** name ends in a zero. out: the handle. */
  static native int connect(char[] name, byte[] context, byte @Nullable [] manager, long[] out);

  /** Bytes returned, or an HRESULT. Both buffers are direct. */
  static native long send(
      long port,
      ByteBuffer in,
      int inOffset,
      int inLength,
      @Nullable ByteBuffer out,
      int outOffset,
      int outLength);

  static native boolean closePort(long port);

  /**
   * options: slots, payload, maxPayload, reply, readers, spin in ns. out: arena size, slot stride,
   * reply in a slot, large slot, reply in the large slot, first batch area, batch stride.
   */
  static native void engineLayout(int[] options, long[] out);

  /** out: address, whether pinned. */
  static native int arenaAllocate(long port, long size, long[] out);

  static native ByteBuffer arenaBuffer(long address, long size);

  static native void arenaFree(long address);

  /** out: the engine. */
  static native int engineCreate(long port, long arena, int[] options, long[] out);

  static native int poll(long engine, int reader, int rearm, int limit, long timeoutNanos);

  static native int reply(long engine, int slot, int ntstatus, int length);

  static native void rearm(long engine, int slot);

  static native void wakeup(long engine, int reader);

  static native void interrupt(long engine);

  /** Receives still pending in the high half, messages that came in the low half. */
  static native long stop(long engine, long timeoutNanos, boolean cancel);

  static native int lastError(long engine);

  static native long oversize(long engine);

  static native void engineDestroy(long engine);
}
