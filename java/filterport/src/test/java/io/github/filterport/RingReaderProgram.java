// SPDX-License-Identifier: Apache-2.0
package io.github.filterport;

/** Reads the ring that outlives connections, commits, and tells how far. Is killed. */
final class RingReaderProgram {
  private static final long EACH = 500;

  private RingReaderProgram() {}

  public static void main(String[] args) throws Exception {
    Connector connector = RingDriver.kept(args[0].isEmpty() ? null : args[0], 3, 1 << 16);
    try (FilterPort port = connector.connect();
        EventReader reader = RingDriver.open(port)) {
      RingRecorder recorder = new RingRecorder();
      long told = 0;
      while (reader.poll(recorder, 64, EventReader.FOREVER) >= 0) {
        reader.commit();
        if (recorder.next - told > EACH) {
          told = recorder.next;
          System.out.println("committed " + (told - 1));
        }
      }
    }
  }
}
