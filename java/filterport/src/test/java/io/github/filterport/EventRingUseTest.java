// SPDX-License-Identifier: Apache-2.0
package io.github.filterport;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

/** Rings that are broken or misused, and what reading costs. */
class EventRingUseTest extends RingFixture {
  // ---- drivers that are broken or of another kind

  @Test
  void anAnswerThatIsNoRingIsRefused() throws Exception {
    try (FilterPort port = connect(4096)) {
      assertThatThrownBy(() -> port.openEvents(RingDriver.otherRequest(), WaitPolicy.adaptive()))
          .isInstanceOf(FilterException.class)
          .hasMessageContaining("event ring")
          .hasMessageContaining("RING_VIEWS")
          .hasMessageContaining("0x8007000D");
      try (EventReader reader = RingDriver.open(port)) {
        assertThat(reader.poll(event -> {}, 1)).isZero();
      }
    }
  }

  @Test
  void aRingThatIsNotInOrderIsRefusedAtOnce() throws Exception {
    refusedAfter(0, 0x1122334455667788L, "RING_PRODUCER");
    refusedAfter(16, 5000, "data at 4096, length 5000");
    refusedAfter(16, 1 << 20, "data at 4096, length 1048576, of 8192");
    refusedAfter(128, -16, "start at 0 of -16");
  }

  private static void refusedAfter(int offset, long value, String words) throws Exception {
    try (FilterPort port = connect(4096)) {
      RingDriver.poke(port, offset, value);
      assertThatThrownBy(() -> RingDriver.open(port))
          .isInstanceOf(FilterException.class)
          .hasMessageContaining(words);
    }
  }

  @Test
  void aRingThatGetsOutOfOrderIsAClearErrorEachTime() throws Exception {
    brokenAfter(128, 1 << 20, "published 1048576, read up to 0");
    brokenAfter(128, 8, "published 8, read up to 0");
    brokenAfter(4096, 0x7FFFFFFFL, "the event at 0 has 2147483647 bytes");
    brokenAfter(4096, 0xFFFFFFF0L, "the event at 0 has -16 bytes");
    brokenAfter(4096, 0xFFFFFF0000000008L, "unknown kind ffffff00");
    brokenAfter(4096 + 32 + 8, 1, "event 1 comes where 2 was next");
  }

  private static void brokenAfter(int offset, long value, String words) throws Exception {
    try (FilterPort port = connect(4096);
        EventReader reader = RingDriver.open(port)) {
      RingDriver.write(port, 3, 8);
      RingDriver.poke(port, offset, value);
      for (int i = 0; i < 2; i++) {
        assertThatThrownBy(() -> reader.poll(event -> {}, 10))
            .isInstanceOf(UncheckedIOException.class)
            .hasMessageContaining("\\Ring")
            .hasMessageContaining(words);
      }
    }
  }

  // ---- how to use it

  @Test
  void aHandlerThatThrowsHasReadItsEvent() throws Exception {
    try (FilterPort port = connect(4096);
        EventReader reader = RingDriver.open(port)) {
      RingDriver.write(port, 2, 8);
      Exception thrown = new Exception("no");
      assertThatThrownBy(
              () ->
                  reader.poll(
                      event -> {
                        throw thrown;
                      },
                      10))
          .isInstanceOf(HandlerException.class)
          .hasCause(thrown)
          .hasMessageContaining("event 1");
      RingRecorder recorder = new RingRecorder();
      assertThat(reader.poll(recorder, 10)).isEqualTo(1);
      assertThat(recorder.sequences).containsExactly(2L);
    }
  }

  @Test
  void anEventIsOverWithItsHandler() throws Exception {
    try (FilterPort port = connect(4096);
        EventReader reader = RingDriver.open(port)) {
      RingDriver.write(port, 1, 8);
      Event[] kept = new Event[1];
      reader.poll(event -> kept[0] = event, 1);
      assertThatIllegalStateException()
          .isThrownBy(() -> kept[0].getLong(0))
          .withMessageContaining("over");
    }
  }

  @Test
  void misuseIsRefusedWithWords() throws Exception {
    try (FilterPort port = connect(4096);
        EventReader reader = RingDriver.open(port)) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> reader.poll(event -> {}, 0))
          .withMessageContaining("limit must be at least 1");
      assertThatIllegalArgumentException()
          .isThrownBy(() -> reader.poll(event -> {}, 1, -1))
          .withMessageContaining("timeoutNanos");
      reader.poll(event -> {}, 1);
      assertThatThrownBy(() -> Background.call(() -> reader.poll(event -> {}, 1)).join())
          .hasMessageContaining("a ring has one reader");
      RingDriver.write(port, 1, 8);
      assertThatThrownBy(() -> reader.poll(event -> reader.poll(inner -> {}, 1), 1))
          .hasMessageContaining("inside this reader's own handler");
      assertThatIllegalStateException()
          .isThrownBy(() -> RingDriver.open(port))
          .withMessageContaining("already receives");
    }
  }

  // ---- cost

  @Test
  void aMillionEventsAllocateNothing() throws Exception {
    int million = TestSystem.count(1_000_000, 100_000);
    try (FilterPort port = connect(1 << 19);
        EventReader reader = RingDriver.open(port)) {
      AtomicLong read = new AtomicLong();
      AtomicLong sum = new AtomicLong();
      EventHandler handler = event -> sum.addAndGet(event.payload().getLong());
      Thread thread =
          new Thread(
              () -> {
                int count;
                while ((count = reader.poll(handler, 256, EventReader.FOREVER)) > 0) {
                  reader.commit();
                  read.addAndGet(count);
                }
              });
      thread.setDaemon(true);
      thread.start();
      writeAndAwait(port, million / 10, read);
      long before = ThreadAllocation.of(thread);
      writeAndAwait(port, million, read);
      long bytes = ThreadAllocation.of(thread) - before;
      System.out.println("allocated by the reader for " + million + " events: " + bytes + " bytes");
      assertThat(bytes / million).as("bytes per event").isZero();
      assertThat(bytes).as("bytes for a million events").isLessThan(100_000);
      assertThat(reader.dropped()).isZero();
    }
  }

  /** No more at a time than the ring takes. */
  private static void writeAndAwait(FilterPort port, int count, AtomicLong read) throws Exception {
    int batch = 10_000;
    long end = read.get();
    for (int written = 0; written < count; written += batch) {
      assertThat(RingDriver.writeMany(port, batch).written()).isEqualTo(batch);
      end += batch;
      while (read.get() < end) {
        Thread.onSpinWait();
      }
    }
  }

  @Test
  @EnabledOnOs(value = OS.LINUX, disabledReason = "looks at /proc/self/maps, which Windows lacks")
  void aRingIsUnmappedWhenNothingLooksAtItAnyMore() throws Exception {
    for (int i = 0; i < 20; i++) {
      try (FilterPort port = connect(4096);
          EventReader reader = RingDriver.open(port)) {
        assertThat(ringsMapped()).isPositive();
        assertThat(reader.poll(event -> {}, 1)).isZero();
      }
    }
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
    while (ringsMapped() != 0 && System.nanoTime() - deadline < 0) {
      System.gc();
      Thread.sleep(10);
    }
    assertThat(ringsMapped()).isZero();
  }

  private static long ringsMapped() throws Exception {
    try (Stream<String> maps = Files.lines(Path.of("/proc/self/maps"))) {
      return maps.filter(line -> line.contains("filterport-section")).count();
    }
  }
}
