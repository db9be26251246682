// SPDX-License-Identifier: Apache-2.0
package io.github.filterport.bench.peer;

import com.sun.jna.Native;
import com.sun.jna.NativeLibrary;
import com.sun.jna.Pointer;
import java.nio.ByteBuffer;
import java.nio.file.Path;

/** Through JNA's direct mapping, its fastest way. */
final class JnaFltlib implements Fltlib {
  JnaFltlib(Path library) {
    Native.register(JnaFltlib.class, NativeLibrary.getInstance(library.toString()));
  }

  private static native int FpConnectCommunicationPortAt(
      long manager, long port, int options, long context, short contextBytes, long handleOut);

  private static native int FpArenaAllocate(long port, long bytes, long addressOut, long pinnedOut);

  private static native int FpSetWaitPolicy(long port, int spinNanoseconds);

  private static native long CreateIoCompletionPort(
      long port, long existing, long key, int threads);

  private static native int FilterGetMessage(long port, long buffer, int bytes, long overlapped);

  private static native int GetQueuedCompletionStatusEx(
      long completion, long entries, int room, long countOut, int milliseconds, int alertable);

  private static native int FilterReplyMessage(long port, long buffer, int bytes);

  @Override
  public long address(ByteBuffer direct) {
    return Pointer.nativeValue(Native.getDirectBufferPointer(direct));
  }

  @Override
  public ByteBuffer view(long address, int bytes) {
    return new Pointer(address).getByteBuffer(0, bytes);
  }

  @Override
  public int connect(
      long manager, long port, int options, long context, short contextBytes, long handleOut) {
    return FpConnectCommunicationPortAt(manager, port, options, context, contextBytes, handleOut);
  }

  @Override
  public int arenaAllocate(long port, long bytes, long addressOut, long pinnedOut) {
    return FpArenaAllocate(port, bytes, addressOut, pinnedOut);
  }

  @Override
  public int setWaitPolicy(long port, int spinNanoseconds) {
    return FpSetWaitPolicy(port, spinNanoseconds);
  }

  @Override
  public long createCompletionPort(long port, long existing, long key, int threads) {
    return CreateIoCompletionPort(port, existing, key, threads);
  }

  @Override
  public int getMessage(long port, long buffer, int bytes, long overlapped) {
    return FilterGetMessage(port, buffer, bytes, overlapped);
  }

  @Override
  public int getQueued(
      long completion, long entries, int room, long countOut, int milliseconds, int alertable) {
    return GetQueuedCompletionStatusEx(
        completion, entries, room, countOut, milliseconds, alertable);
  }

  @Override
  public int reply(long port, long buffer, int bytes) {
    return FilterReplyMessage(port, buffer, bytes);
  }
}
