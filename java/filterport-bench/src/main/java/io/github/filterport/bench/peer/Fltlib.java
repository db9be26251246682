// SPDX-License-Identifier: Apache-2.0
package io.github.filterport.bench.peer;

import java.nio.ByteBuffer;

/**
 * libfltlib.so as a program without our shim would bind it: the same functions, pointers and
 * handles as numbers, one foreign call for each. All results are the functions' own.
 */
interface Fltlib {
  /** Of a direct buffer's first byte. */
  long address(ByteBuffer direct);

  /** Memory of C's as a buffer; native byte order is the caller's to set. */
  ByteBuffer view(long address, int bytes);

  int connect(
      long manager, long port, int options, long context, short contextBytes, long handleOut);

  int arenaAllocate(long port, long bytes, long addressOut, long pinnedOut);

  int setWaitPolicy(long port, int spinNanoseconds);

  long createCompletionPort(long port, long existing, long key, int threads);

  int getMessage(long port, long buffer, int bytes, long overlapped);

  int getQueued(
      long completion, long entries, int room, long countOut, int milliseconds, int alertable);

  int reply(long port, long buffer, int bytes);
}
