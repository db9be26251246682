// SPDX-License-Identifier: Apache-2.0
package io.github.filterport.bench.peer;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/**
 * The client that one would write with JNA or java.lang.foreign instead of our shim: the engine's
 * own steps, in Java, each a foreign call.
 *
 * <pre>FltlibClient jna|ffm MANAGER NUMBER IN-FLIGHT SPIN-NANOS</pre>
 */
public final class FltlibClient {
  private static final int BATCH = 64;
  private static final int INFINITE = -1;
  private static final int PENDING = 0x800703E5;

  /* A slot: OVERLAPPED on a line of its own; message header, payload; reply header, reply. */
  private static final int HEADER = 64;
  private static final int MESSAGE_ID = HEADER + 8;
  private static final int BODY = HEADER + 16;
  private static final int REPLY = BODY + Numbers.PAYLOAD + 48;
  private static final int STRIDE = REPLY + 64;

  /* OVERLAPPED_ENTRY. */
  private static final int ENTRY = 32;
  private static final int ENTRY_OVERLAPPED = 8;
  private static final int ENTRY_STATUS = 16;

  private final Fltlib fltlib;
  private final ByteBuffer out = ByteBuffer.allocateDirect(16).order(ByteOrder.nativeOrder());
  private final ByteBuffer entries =
      ByteBuffer.allocateDirect(BATCH * ENTRY).order(ByteOrder.nativeOrder());
  private final long[] handled = new long[BATCH];
  private final long outAddress;
  private final long entriesAddress;
  private long port;
  private long completion;
  private long base;
  private ByteBuffer arena = ByteBuffer.allocate(0);

  private FltlibClient(Fltlib fltlib) {
    this.fltlib = fltlib;
    this.outAddress = fltlib.address(out);
    this.entriesAddress = fltlib.address(entries);
  }

  /** See the class. */
  public static void main(String[] args) throws IOException {
    Fltlib fltlib =
        args[0].equals("jna")
            ? new JnaFltlib(Path.of(System.getProperty("bench.fltlib")))
            : new FfmFltlib();
    FltlibClient client = new FltlibClient(fltlib);
    client.connect(args[1], Integer.parseInt(args[2]), Integer.parseInt(args[4]));
    client.arm(Integer.parseInt(args[3]));
    Thread reader = new Thread(client::serve, "reader");
    reader.start();
    PeerConsole console = new PeerConsole();
    console.ready();
    console.serve(reader);
  }

  private static ByteBuffer bytes(byte[] content, int zeros) {
    return ByteBuffer.allocateDirect(content.length + zeros).put(content);
  }

  private void connect(String manager, int number, int spinNanos) {
    ByteBuffer managerBytes = bytes(manager.getBytes(StandardCharsets.UTF_8), 1);
    ByteBuffer portBytes = bytes(Numbers.PORT.getBytes(StandardCharsets.UTF_16LE), 2);
    ByteBuffer context = bytes(Numbers.connect(number), 0);
    check(
        fltlib.connect(
            fltlib.address(managerBytes.flip().clear()),
            fltlib.address(portBytes.flip().clear()),
            0,
            fltlib.address(context.clear()),
            (short) context.capacity(),
            outAddress),
        "FpConnectCommunicationPortAt");
    port = out.getLong(0);
    check(fltlib.setWaitPolicy(port, spinNanos), "FpSetWaitPolicy");
  }

  private static void check(int result, String call) {
    if (result < 0) {
      throw new IllegalStateException(call + ": 0x" + Integer.toHexString(result));
    }
  }

  private void arm(int inFlight) {
    check(fltlib.arenaAllocate(port, (long) STRIDE * inFlight, outAddress, 0), "FpArenaAllocate");
    base = out.getLong(0);
    arena = fltlib.view(base, STRIDE * inFlight).order(ByteOrder.nativeOrder());
    completion = fltlib.createCompletionPort(port, 0, 1, 1);
    for (int i = 0; i < inFlight; i++) {
      armSlot(base + (long) STRIDE * i);
    }
  }

  private void armSlot(long slot) {
    int at = (int) (slot - base);
    arena.putLong(at, 0).putLong(at + 8, 0).putLong(at + 16, 0).putLong(at + 24, 0);
    if (fltlib.getMessage(port, slot + HEADER, 16 + Numbers.PAYLOAD, slot) != PENDING) {
      throw new IllegalStateException("FilterGetMessage");
    }
  }

  private void serve() {
    int count = 0;
    for (; ; ) {
      for (int i = 0; i < count; i++) {
        armSlot(handled[i]);
      }
      if (fltlib.getQueued(completion, entriesAddress, BATCH, outAddress, INFINITE, 0) == 0) {
        return;
      }
      count = out.getInt(0);
      for (int i = 0; i < count; i++) {
        if (entries.getLong(i * ENTRY + ENTRY_STATUS) != 0) {
          return; // the driver has ended the connection
        }
        handled[i] = entries.getLong(i * ENTRY + ENTRY_OVERLAPPED);
        answer(handled[i]);
      }
    }
  }

  private void answer(long slot) {
    int at = (int) (slot - base);
    if (arena.getInt(at + HEADER) == 0) {
      return; // one-way
    }
    arena.putInt(at + REPLY, 0);
    arena.putLong(at + REPLY + 8, arena.getLong(at + MESSAGE_ID));
    arena.putInt(at + REPLY + 16, ~arena.getInt(at + BODY));
    check(fltlib.reply(port, slot + REPLY, 16 + Numbers.REPLY), "FilterReplyMessage");
  }
}
