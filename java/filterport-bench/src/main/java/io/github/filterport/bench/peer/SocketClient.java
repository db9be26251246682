// SPDX-License-Identifier: Apache-2.0
package io.github.filterport.bench.peer;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;

/**
 * The client that one would write with the JDK alone: a Unix-domain socket, direct buffers,
 * requests of 256 bytes, replies of 16.
 *
 * <pre>SocketClient PATH</pre>
 */
public final class SocketClient {
  private static final int REQUEST = 256;

  private SocketClient() {}

  /** See the class. */
  public static void main(String[] args) throws IOException {
    ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
    server.bind(UnixDomainSocketAddress.of(Path.of(args[0])));
    Thread reader =
        new Thread(
            () -> {
              try {
                serve(server.accept());
              } catch (IOException e) {
                System.err.println("socket: " + e);
              }
            },
            "reader");
    reader.setDaemon(true);
    reader.start();
    PeerConsole console = new PeerConsole();
    console.ready();
    console.serve(reader);
  }

  private static void serve(SocketChannel channel) throws IOException {
    ByteBuffer request = ByteBuffer.allocateDirect(REQUEST);
    ByteBuffer reply = ByteBuffer.allocateDirect(Numbers.REPLY);
    for (; ; ) {
      request.clear();
      while (request.hasRemaining()) {
        if (channel.read(request) < 0) {
          return;
        }
      }
      reply.clear();
      reply.putInt(0, ~request.getInt(0));
      while (reply.hasRemaining()) {
        channel.write(reply);
      }
    }
  }
}
