// SPDX-License-Identifier: Apache-2.0
package io.github.filterport.bench.peer;

import java.io.IOException;
import java.util.Objects;
import net.openhft.chronicle.queue.ChronicleQueue;
import net.openhft.chronicle.queue.ExcerptTailer;
import net.openhft.chronicle.wire.DocumentContext;

/**
 * Reads what ChronicleSender writes; answers {@code caught-up} when nothing is left.
 *
 * <pre>ChronicleClient FOLDER</pre>
 */
public final class ChronicleClient {
  private static volatile long lastEmpty;

  private ChronicleClient() {}

  /** See the class. */
  public static void main(String[] args) throws IOException {
    Thread reader = new Thread(() -> read(args[0]), "reader");
    reader.setDaemon(true);
    reader.start();
    PeerConsole console = new PeerConsole();
    console.ready();
    for (String[] words = console.next(); words.length != 0; words = console.next()) {
      long asked = System.nanoTime();
      while (lastEmpty - asked < 0) {
        Thread.onSpinWait();
      }
      console.answer("caught-up");
    }
    Runtime.getRuntime().halt(0);
  }

  private static void read(String folder) {
    long sum = 0;
    try (ChronicleQueue queue = ChronicleQueue.singleBuilder(folder).build();
        ExcerptTailer tailer = queue.createTailer()) {
      for (; ; ) {
        try (DocumentContext document = tailer.readingDocument()) {
          if (document.isPresent()) {
            sum += Objects.requireNonNull(document.wire()).bytes().readInt();
          } else {
            lastEmpty = System.nanoTime();
            Thread.onSpinWait();
          }
        }
        if (sum == Long.MIN_VALUE) {
          return;
        }
      }
    }
  }
}
