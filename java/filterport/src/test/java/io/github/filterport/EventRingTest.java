// SPDX-License-Identifier: Apache-2.0
package io.github.filterport;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

/** Events from a driver through the ring to Java: what comes out, and what is lost. */
class EventRingTest extends RingFixture {
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
            Background.call(
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
}
