// SPDX-License-Identifier: Apache-2.0
package io.github.filterport.bench.peer;

import static java.lang.System.getProperty;

import java.lang.invoke.MethodHandle;
import java.nio.ByteBuffer;
import java.nio.file.Path;

/** Through java.lang.foreign: the handles are constants, so the JIT compiles direct calls. */
final class FfmFltlib implements Fltlib {
  private static final MethodHandle CONNECT;
  private static final MethodHandle ARENA;
  private static final MethodHandle POLICY;
  private static final MethodHandle COMPLETION;
  private static final MethodHandle GET;
  private static final MethodHandle QUEUED;
  private static final MethodHandle REPLY;

  static {
    Class<?> p = long.class;
    Class<?> i = int.class;
    try {
      ForeignFunctions functions = new ForeignFunctions(Path.of(getProperty("bench.fltlib")));
      CONNECT = functions.bind("FpConnectCommunicationPortAt", i, p, p, i, p, short.class, p);
      ARENA = functions.bind("FpArenaAllocate", i, p, p, p, p);
      POLICY = functions.bind("FpSetWaitPolicy", i, p, i);
      COMPLETION = functions.bind("CreateIoCompletionPort", p, p, p, p, i);
      GET = functions.bind("FilterGetMessage", i, p, p, i, p);
      QUEUED = functions.bind("GetQueuedCompletionStatusEx", i, p, p, i, p, i, i);
      REPLY = functions.bind("FilterReplyMessage", i, p, p, i);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  private static LinkageError failed(Throwable cause) {
    return new LinkageError("foreign call", cause);
  }

  @Override
  public long address(ByteBuffer direct) {
    return ForeignFunctions.address(direct);
  }

  @Override
  public ByteBuffer view(long address, int bytes) {
    return ForeignFunctions.view(address, bytes);
  }

  @Override
  public int connect(
      long manager, long port, int options, long context, short contextBytes, long handleOut) {
    try {
      return (int) CONNECT.invokeExact(manager, port, options, context, contextBytes, handleOut);
    } catch (Throwable e) {
      throw failed(e);
    }
  }

  @Override
  public int arenaAllocate(long port, long bytes, long addressOut, long pinnedOut) {
    try {
      return (int) ARENA.invokeExact(port, bytes, addressOut, pinnedOut);
    } catch (Throwable e) {
      throw failed(e);
    }
  }

  @Override
  public int setWaitPolicy(long port, int spinNanoseconds) {
    try {
      return (int) POLICY.invokeExact(port, spinNanoseconds);
    } catch (Throwable e) {
      throw failed(e);
    }
  }

  @Override
  public long createCompletionPort(long port, long existing, long key, int threads) {
    try {
      return (long) COMPLETION.invokeExact(port, existing, key, threads);
    } catch (Throwable e) {
      throw failed(e);
    }
  }

  @Override
  public int getMessage(long port, long buffer, int bytes, long overlapped) {
    try {
      return (int) GET.invokeExact(port, buffer, bytes, overlapped);
    } catch (Throwable e) {
      throw failed(e);
    }
  }

  @Override
  public int getQueued(
      long completion, long entries, int room, long countOut, int milliseconds, int alertable) {
    try {
      return (int) QUEUED.invokeExact(completion, entries, room, countOut, milliseconds, alertable);
    } catch (Throwable e) {
      throw failed(e);
    }
  }

  @Override
  public int reply(long port, long buffer, int bytes) {
    try {
      return (int) REPLY.invokeExact(port, buffer, bytes);
    } catch (Throwable e) {
      throw failed(e);
    }
  }
}
