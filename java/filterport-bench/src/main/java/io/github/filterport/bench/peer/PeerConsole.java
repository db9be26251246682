// SPDX-License-Identifier: Apache-2.0
package io.github.filterport.bench.peer;

import com.sun.management.ThreadMXBean;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.lang.management.GarbageCollectorMXBean;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;

/** A peer's end of what the harness says and hears; twin of native/common/peer.h. */
final class PeerConsole {
  private final BufferedReader input =
      new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));

  /** The process can be measured. */
  void ready() {
    System.out.println("ready");
  }

  void answer(String line) {
    System.out.println(line);
  }

  /** The harness's next line in words; empty at the end. */
  String[] next() throws IOException {
    String line = input.readLine();
    return line == null ? new String[0] : line.split(" ", -1);
  }

  /** Answers {@code memory} lines about that thread until the input ends, then ends the JVM. */
  void serve(Thread reader) throws IOException {
    for (String[] words = next(); words.length != 0; words = next()) {
      if (words[0].equals("memory")) {
        answer(memory(reader));
      } else {
        System.err.println("not understood: " + String.join(" ", words));
      }
    }
    Runtime.getRuntime().halt(0);
  }

  /** Bytes that the thread has allocated, and collections that there were, since the start. */
  private static String memory(Thread reader) {
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    long collections = 0;
    for (GarbageCollectorMXBean collector : ManagementFactory.getGarbageCollectorMXBeans()) {
      collections += Math.max(0, collector.getCollectionCount());
    }
    return "memory " + threads.getThreadAllocatedBytes(reader.getId()) + " " + collections;
  }
}
