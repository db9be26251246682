// SPDX-License-Identifier: Apache-2.0
package io.github.filterport.bench.peer;

import java.io.IOException;
import java.util.Objects;
import net.openhft.chronicle.queue.ChronicleQueue;
import net.openhft.chronicle.queue.ExcerptAppender;
import net.openhft.chronicle.wire.DocumentContext;

/**
 * Writes events of 48 bytes to a Chronicle Queue.
 *
 * <pre>ChronicleSender FOLDER</pre>
 */
public final class ChronicleSender {
  static final int EVENT = 48;

  private ChronicleSender() {}

  /** See the class. */
  public static void main(String[] args) throws IOException {
    PeerConsole console = new PeerConsole();
    try (ChronicleQueue queue = ChronicleQueue.singleBuilder(args[0]).build();
        ExcerptAppender appender = queue.createAppender()) {
      console.ready();
      for (String[] words = console.next(); words.length != 0; words = console.next()) {
        write(appender, Long.parseLong(words[2]));
        long begin = System.nanoTime();
        long sent = write(appender, Long.parseLong(words[1]));
        console.answer("result " + sent + " " + (System.nanoTime() - begin) + " 0");
      }
    }
  }

  private static long write(ExcerptAppender appender, long nanos) {
    long end = System.nanoTime() + nanos;
    long sent = 0;
    while (System.nanoTime() - end < 0) {
      for (int i = 0; i < 64; i++) {
        try (DocumentContext document = appender.writingDocument()) {
          var bytes = Objects.requireNonNull(document.wire()).bytes();
          bytes.writeInt((int) sent);
          bytes.writePosition(bytes.writePosition() + EVENT - Integer.BYTES);
        }
        sent++;
      }
    }
    return sent;
  }
}
