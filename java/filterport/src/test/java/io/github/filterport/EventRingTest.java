// SPDX-License-Identifier: Apache-2.0
package io.github.filterport;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

/** Events from a driver through the ring to Java. */
@Timeout(120)
class EventRingTest {
  /** STATUS_INSUFFICIENT_RESOURCES, STATUS_INVALID_BUFFER_SIZE, STATUS_PORT_DISCONNECTED. */
  private static final int FULL = 0xC000009A;

  private static final int TOO_LONG = 0xC0000206;
  private static final int CLOSED_RING = 0xC0000037;

  /** Events of 24 bytes in a ring of 4096: each takes 48, and padding at the end does not fit. */
  private static final int FIT = 85;

  private static TestManager manager;

  @BeforeAll
  static void start() throws Exception {
    manager = TestManager.start("ring");
  }

  @AfterAll
  static void stop() {
    manager.close();
  }

  private static FilterPort connect(int dataLength) throws FilterException {
    return RingDriver.connector(manager, dataLength).connect();
  }

  // ---- what comes out is what went in

  @Test
  void eventsComeInOrderWithTheirBytes() throws Exception {
    try (FilterPort port = connect(1 << 16);
        EventReader reader = RingDriver.open(port)) {
      assertThat(RingDriver.write(port, 100, 24)).isEqualTo(new RingDriver.Told(100, 0));
      List<Long> numbers = new ArrayList<>();
      int count =
          reader.poll(
              event -> {
                assertThat(event.sequence()).isEqualTo(numbers.size() + 1);
                assertThat(event.kind()).isEqualTo(numbers.size());
                assertThat(event.length()).isEqualTo(24);
                assertThat(event.payload().isReadOnly()).isTrue();
                assertThat(event.payload().remaining()).isEqualTo(24);
                assertThat(reader.memory().getLong(event.payloadOffset()))
                    .isEqualTo(event.getLong(0));
                assertThat(event.payloadOffset() % 16).isZero();
                assertThatThrownBy(() -> event.getInt(21))
                    .isInstanceOf(IndexOutOfBoundsException.class);
                numbers.add(event.payload().getLong());
              },
              1000);
      assertThat(count).isEqualTo(100);
      assertThat(numbers).hasSize(100).startsWith(0L, 1L).endsWith(99L);
      assertThat(reader.poll(event -> {}, 1)).isZero();
    }
  }

  @Test
  void eventsOfEachLengthPassTheEndOfTheRing() throws Exception {
    try (FilterPort port = connect(4096);
        EventReader reader = RingDriver.open(port)) {
      RingRecorder recorder = new RingRecorder();
      int all = 0;
      for (int length = 8; length <= 512; length++) {
        assertThat(RingDriver.write(port, 3, length)).isEqualTo(new RingDriver.Told(3, 0));
        all += 3;
        assertThat(reader.poll(recorder, 10)).isEqualTo(3);
        reader.commit();
      }
      assertThat(recorder.sequences).hasSize(all);
      assertThat(recorder.gaps).isEmpty();
      assertThat(RingDriver.query(port).unread()).isZero();
    }
  }

  @Test
  void twoConnectionsHaveTheirOwnRings() throws Exception {
    try (FilterPort one = connect(4096);
        FilterPort two = connect(8192);
        EventReader first = RingDriver.open(one);
        EventReader second = RingDriver.open(two)) {
      RingDriver.write(one, 3, 8);
      RingDriver.write(two, 5, 8);
      assertThat(first.poll(new RingRecorder(), 10)).isEqualTo(3);
      assertThat(second.poll(new RingRecorder(), 10)).isEqualTo(5);
    }
  }

  // ---- losses

  @Test
  void aFullRingDropsTheNewEventsAndTheLossIsAGap() throws Exception {
    try (FilterPort port = connect(4096);
        EventReader reader = RingDriver.open(port)) {
      assertThat(RingDriver.write(port, 200, 24)).isEqualTo(new RingDriver.Told(FIT, FULL));
      RingRecorder recorder = new RingRecorder();
      assertThat(reader.poll(recorder, 1000)).isEqualTo(FIT + 1);
      assertThat(recorder.numbers)
          .containsExactlyElementsOf(LongStream.range(0, FIT).boxed().toList());
      assertThat(recorder.gaps).containsExactly(new EventGap(FIT + 1, 200, EventGap.Reason.FULL));
      assertThat(reader.dropped()).isEqualTo(200 - FIT);
      reader.commit();
      assertThat(RingDriver.write(port, 1, 24).written()).isEqualTo(1);
      assertThat(reader.poll(recorder, 1000)).isEqualTo(1);
      assertThat(recorder.sequences).endsWith(201L);
      assertThat(recorder.gaps).hasSize(1);
    }
  }

  @Test
  void aGapStandsWhereTheEventsWere() throws Exception {
    try (FilterPort port = connect(4096);
        EventReader reader = RingDriver.open(port)) {
      RingDriver.write(port, 200, 24);
      RingRecorder recorder = new RingRecorder();
      assertThat(reader.poll(recorder, FIT)).isEqualTo(FIT);
      reader.commit();
      RingDriver.write(port, 2, 24);
      assertThat(reader.poll(recorder, 1)).isEqualTo(1);
      assertThat(recorder.gaps).containsExactly(new EventGap(FIT + 1, 200, EventGap.Reason.FULL));
      assertThat(reader.poll(recorder, 10)).isEqualTo(2);
      assertThat(recorder.sequences).endsWith(201L, 202L);
    }
  }

  @Test
  void withoutCommitTheRingStaysFull() throws Exception {
    try (FilterPort port = connect(4096);
        EventReader reader = RingDriver.open(port)) {
      RingDriver.write(port, FIT, 24);
      assertThat(reader.poll(new RingRecorder(), 1000)).isEqualTo(FIT);
      assertThat(RingDriver.write(port, 1, 24)).isEqualTo(new RingDriver.Told(0, FULL));
      reader.commit();
      assertThat(RingDriver.write(port, 1, 24)).isEqualTo(new RingDriver.Told(1, 0));
    }
  }

  @Test
  void whatIsTooLongOrCouldNotBeMadeIsAGap() throws Exception {
    try (FilterPort port = connect(4096);
        EventReader reader = RingDriver.open(port)) {
      assertThat(RingDriver.write(port, 1, 4096)).isEqualTo(new RingDriver.Told(0, TOO_LONG));
      RingDriver.lose(port, 2);
      RingDriver.write(port, 1, 2048 - 16);
      RingRecorder recorder = new RingRecorder();
      assertThat(reader.poll(recorder, 10)).isEqualTo(4);
      assertThat(recorder.gaps)
          .containsExactly(
              new EventGap(1, 1, EventGap.Reason.TOO_LONG),
              new EventGap(2, 2, EventGap.Reason.NOT_MADE),
              new EventGap(3, 3, EventGap.Reason.NOT_MADE));
      assertThat(recorder.sequences).containsExactly(4L);
    }
  }

  @Test
  void manyWritersAndOneReaderAccountForEachEvent() throws Exception {
    int writers = 4;
    int each = TestSystem.count(50_000, 5_000);
    try (FilterPort port = connect(1 << 14);
        EventReader reader = RingDriver.open(port)) {
      List<CompletableFuture<RingDriver.Told>> told = new ArrayList<>();
      for (int i = 0; i < writers; i++) {
        boolean many = i == 0;
        told.add(
            async(
                () ->
                    many
                        ? RingDriver.writeMany(port, each)
                        : RingDriver.write(port, each, 24 + 8)));
      }
      RingRecorder recorder = new RingRecorder();
      recorder.next = 1;
      while (recorder.next <= (long) writers * each) {
        assertThat(reader.poll(recorder, 100, EventReader.FOREVER)).isPositive();
        reader.commit();
      }
      long written = 0;
      for (CompletableFuture<RingDriver.Told> answer : told) {
        written += answer.join().written();
      }
      long lost = recorder.gaps.stream().mapToLong(EventGap::count).sum();
      assertThat(recorder.sequences).hasSize((int) written);
      assertThat(written + lost).isEqualTo((long) writers * each);
      assertThat(reader.dropped()).isEqualTo(lost);
    }
  }

  // ---- waiting

  @Test
  void aSleepingReaderIsWokenByEachEvent() throws Exception {
    try (FilterPort port = connect(1 << 16);
        EventReader reader = RingDriver.open(port, WaitPolicy.block())) {
      LinkedBlockingQueue<Long> seen = new LinkedBlockingQueue<>();
      CompletableFuture<Integer> end =
          async(
              () -> {
                for (; ; ) {
                  int count =
                      reader.poll(event -> seen.add(event.sequence()), 10, EventReader.FOREVER);
                  if (count <= 0) {
                    return count;
                  }
                  reader.commit();
                }
              });
      for (long i = 1; i <= TestSystem.count(2_000, 200); i++) {
        RingDriver.write(port, 1, 8);
        assertThat(seen.poll(60, TimeUnit.SECONDS)).isEqualTo(i);
      }
      reader.wakeup();
      assertThat(end.join()).isZero();
    }
  }

  @Test
  void pollEndsWithItsTime() throws Exception {
    try (FilterPort port = connect(4096);
        EventReader reader = RingDriver.open(port)) {
      assertThat(reader.poll(event -> {}, 1, 5_000_000)).isZero();
      for (int i = 0; i < 200; i++) {
        assertThat(reader.poll(event -> {}, 1)).isZero();
      }
    }
  }

  @Test
  void closeEndsAPollThatWaits() throws Exception {
    try (FilterPort port = connect(4096)) {
      EventReader reader = RingDriver.open(port);
      CompletableFuture<Integer> end =
          async(() -> reader.poll(event -> {}, 1, EventReader.FOREVER));
      reader.close();
      assertThat(end.join()).isEqualTo(EventReader.CLOSED);
      assertThat(RingDriver.query(port).events()).as("the port is still open").isZero();
    }
  }

  @Test
  void closingThePortEndsAPollThatWaits() throws Exception {
    FilterPort port = connect(4096);
    EventReader reader = RingDriver.open(port);
    CompletableFuture<Integer> end = async(() -> reader.poll(event -> {}, 1, EventReader.FOREVER));
    port.close();
    assertThat(end.join()).isEqualTo(EventReader.CLOSED);
  }

  // ---- the other side's end

  @Test
  void aClosedRingIsReadToItsEnd() throws Exception {
    try (FilterPort port = connect(4096);
        EventReader reader = RingDriver.open(port)) {
      RingDriver.write(port, 3, 8);
      RingDriver.close(port);
      assertThat(RingDriver.write(port, 1, 8)).isEqualTo(new RingDriver.Told(0, CLOSED_RING));
      RingRecorder recorder = new RingRecorder();
      assertThat(reader.poll(recorder, 10, EventReader.FOREVER)).isEqualTo(3);
      assertThat(reader.poll(recorder, 10, EventReader.FOREVER))
          .isEqualTo(EventReader.DISCONNECTED);
      assertThat(reader.poll(recorder, 10)).isEqualTo(EventReader.DISCONNECTED);
    }
  }

  @Test
  void closingTheRingEndsAPollThatWaits() throws Exception {
    try (FilterPort port = connect(4096);
        EventReader reader = RingDriver.open(port)) {
      CompletableFuture<Integer> end =
          async(() -> reader.poll(event -> {}, 1, EventReader.FOREVER));
      RingDriver.close(port);
      assertThat(end.join()).isEqualTo(EventReader.DISCONNECTED);
    }
  }

  @Test
  void whatAnUnloadedDriverLeftIsReadAndThenItsEnd() throws Exception {
    try (FilterPort port = connect(4096);
        EventReader reader = RingDriver.open(port)) {
      RingDriver.write(port, 3, 8);
      manager.unload("ring");
      RingRecorder recorder = new RingRecorder();
      assertThat(reader.poll(recorder, 10, EventReader.FOREVER)).isEqualTo(3);
      assertThat(reader.poll(recorder, 10, EventReader.FOREVER))
          .isEqualTo(EventReader.DISCONNECTED);
    } finally {
      manager.load("ring");
    }
  }

  // ---- the next reader

  @Test
  void theNextReaderBeginsBehindTheLastCommit() throws Exception {
    RingRecorder first = new RingRecorder();
    try (FilterPort port = RingDriver.kept(manager.address(), 1, 4096).connect();
        EventReader reader = RingDriver.open(port)) {
      RingDriver.write(port, 60, 24);
      reader.poll(first, 20);
      reader.commit();
      reader.poll(first, 20);
    }
    assertThat(first.sequences).hasSize(40);
    try (FilterPort port = RingDriver.kept(manager.address(), 1, 4096).connect();
        EventReader reader = RingDriver.open(port)) {
      RingRecorder second = new RingRecorder();
      assertThat(reader.poll(second, 100)).isEqualTo(40);
      assertThat(second.sequences).startsWith(21L).endsWith(60L);
      assertThat(second.gaps).isEmpty();
    }
  }

  @Test
  void whatWasLostBetweenTwoReadersIsAGap() throws Exception {
    try (FilterPort port = RingDriver.kept(manager.address(), 2, 4096).connect();
        EventReader reader = RingDriver.open(port)) {
      RingDriver.write(port, FIT, 24);
      reader.poll(new RingRecorder(), FIT);
      RingDriver.write(port, 10, 24);
      reader.commit();
    }
    try (FilterPort port = RingDriver.kept(manager.address(), 2, 4096).connect();
        EventReader reader = RingDriver.open(port)) {
      RingDriver.write(port, 1, 24);
      RingRecorder second = new RingRecorder();
      assertThat(reader.poll(second, 100)).isEqualTo(2);
      assertThat(second.gaps)
          .containsExactly(new EventGap(FIT + 1, FIT + 10, EventGap.Reason.FULL));
    }
  }

  @Test
  void aReaderKilledMidwayLosesNothingThatItHadNotCommitted() throws Exception {
    try (FilterPort writer = RingDriver.kept(manager.address(), 3, 1 << 16).connect()) {
      long committed;
      try (ChildJvm.Running child =
          new ChildJvm(RingReaderProgram.class)
              .withNatives()
              .start(manager.address() == null ? "" : manager.address())) {
        CompletableFuture<Long> words =
            async(
                () -> {
                  long last = 0;
                  for (int told = 0; told < 5; ) {
                    String line = child.line();
                    if (line.startsWith("committed ")) {
                      last = Long.parseLong(line.substring("committed ".length()));
                      told++;
                    }
                  }
                  return last;
                });
        while (!words.isDone()) {
          RingDriver.write(writer, 100, 24);
        }
        committed = words.join();
        child.kill();
      }
      RingDriver.write(writer, 10, 24);
      try (FilterPort port = RingDriver.kept(manager.address(), 3, 1 << 16).connect();
          EventReader reader = RingDriver.open(port)) {
        RingRecorder rest = new RingRecorder();
        long events = RingDriver.query(port).events();
        while (rest.next <= events) {
          assertThat(reader.poll(rest, 1000)).isPositive();
        }
        long first =
            Math.min(
                rest.sequences.get(0), rest.gaps.isEmpty() ? events : rest.gaps.get(0).first());
        assertThat(first).isGreaterThan(committed);
        assertThat(RingDriver.query(port).refused()).isZero();
      }
    }
  }

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
      assertThatThrownBy(() -> async(() -> reader.poll(event -> {}, 1)).join())
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

  private interface Call<T> {
    T call() throws Exception;
  }

  private static <T> CompletableFuture<T> async(Call<T> call) {
    return CompletableFuture.supplyAsync(
        () -> {
          try {
            return call.call();
          } catch (RuntimeException e) {
            throw e;
          } catch (Exception e) {
            throw new java.util.concurrent.CompletionException(e);
          }
        },
        task -> {
          Thread thread = new Thread(task);
          thread.setDaemon(true);
          thread.start();
        });
  }
}
