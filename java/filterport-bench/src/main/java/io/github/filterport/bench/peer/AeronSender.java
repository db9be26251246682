// SPDX-License-Identifier: Apache-2.0
package io.github.filterport.bench.peer;

import io.aeron.Image;
import io.aeron.driver.MediaDriver;
import io.aeron.driver.ThreadingMode;
import io.aeron.logbuffer.FragmentHandler;
import java.io.IOException;
import java.nio.ByteBuffer;
import org.HdrHistogram.Histogram;
import org.agrona.concurrent.IdleStrategy;
import org.agrona.concurrent.SleepingMillisIdleStrategy;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Aeron's sending process, with the media driver, which IPC does not need for its messages.
 *
 * <pre>AeronSender FOLDER busy|back-off</pre>
 */
public final class AeronSender {
  private final AeronIpc ipc;
  private final IdleStrategy idle;
  private final UnsafeBuffer request =
      new UnsafeBuffer(ByteBuffer.allocateDirect(AeronIpc.REQUEST));
  private int replies;

  private AeronSender(AeronIpc ipc, IdleStrategy idle) {
    this.ipc = ipc;
    this.idle = idle;
  }

  /** See the class. */
  public static void main(String[] args) throws IOException {
    MediaDriver.Context context =
        new MediaDriver.Context()
            .aeronDirectoryName(args[0])
            .threadingMode(ThreadingMode.SHARED)
            .sharedIdleStrategy(new SleepingMillisIdleStrategy(1))
            .dirDeleteOnStart(true)
            .dirDeleteOnShutdown(true);
    PeerConsole console = new PeerConsole();
    try (MediaDriver driver = MediaDriver.launch(context);
        AeronIpc ipc = AeronIpc.sender(driver.aeronDirectoryName())) {
      AeronSender sender = new AeronSender(ipc, AeronIpc.idle(args[1]));
      console.ready();
      for (String[] words = console.next(); words.length != 0; words = console.next()) {
        console.answer(sender.run(Long.parseLong(words[1]), Long.parseLong(words[2])));
      }
    }
    Runtime.getRuntime().halt(0);
  }

  private String run(long nanos, long warmNanos) {
    Image image = ipc.awaitOther();
    FragmentHandler handler = (buffer, offset, length, header) -> replies++;
    long now = System.nanoTime();
    long limit = now + warmNanos;
    while (now < limit) {
      trip(image, handler);
      now = System.nanoTime();
    }
    Histogram times = new Histogram(1L << 36, 3);
    long begin = now;
    limit = begin + nanos;
    while (now < limit) {
      long started = now;
      trip(image, handler);
      now = System.nanoTime();
      times.recordValue(now - started);
    }
    return HistogramLine.of(times, now - begin);
  }

  private void trip(Image image, FragmentHandler handler) {
    int before = replies;
    ipc.offer(request, AeronIpc.REQUEST, idle);
    while (replies == before) {
      idle.idle(image.poll(handler, 1));
    }
  }
}
