// SPDX-License-Identifier: Apache-2.0
package io.github.filterport.bench.peer;

import io.aeron.Image;
import io.aeron.logbuffer.FragmentHandler;
import java.io.IOException;
import java.nio.ByteBuffer;
import org.agrona.concurrent.IdleStrategy;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Aeron's answering process.
 *
 * <pre>AeronClient FOLDER busy|back-off</pre>
 */
public final class AeronClient {
  private static final int BATCH = 64;

  private AeronClient() {}

  /** See the class. */
  public static void main(String[] args) throws IOException {
    AeronIpc ipc = AeronIpc.client(args[0]);
    IdleStrategy idle = AeronIpc.idle(args[1]);
    Thread reader = new Thread(() -> serve(ipc, idle), "reader");
    reader.setDaemon(true);
    reader.start();
    PeerConsole console = new PeerConsole();
    console.ready();
    console.serve(reader);
  }

  private static void serve(AeronIpc ipc, IdleStrategy idle) {
    Image image = ipc.awaitOther();
    UnsafeBuffer reply = new UnsafeBuffer(ByteBuffer.allocateDirect(Numbers.REPLY));
    FragmentHandler handler =
        (buffer, offset, length, header) -> {
          reply.putInt(0, ~buffer.getInt(offset));
          ipc.offer(reply, Numbers.REPLY, idle);
        };
    while (!image.isClosed()) {
      idle.idle(image.poll(handler, BATCH));
    }
  }
}
