// SPDX-License-Identifier: Apache-2.0
package io.github.filterport;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** Waiting for events, the end of either side, and the reader after it. */
class EventRingEndTest extends RingFixture {
  // ---- waiting

  @Test
  void aSleepingReaderIsWokenByEachEvent() throws Exception {
    try (FilterPort port = connect(1 << 16);
        EventReader reader = RingDriver.open(port, WaitPolicy.block())) {
      LinkedBlockingQueue<Long> seen = new LinkedBlockingQueue<>();
      CompletableFuture<Integer> end =
          Background.call(
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
          Background.call(() -> reader.poll(event -> {}, 1, EventReader.FOREVER));
      reader.close();
      assertThat(end.join()).isEqualTo(EventReader.CLOSED);
      assertThat(RingDriver.query(port).events()).as("the port is still open").isZero();
    }
  }

  @Test
  void closingThePortEndsAPollThatWaits() throws Exception {
    FilterPort port = connect(4096);
    EventReader reader = RingDriver.open(port);
    CompletableFuture<Integer> end =
        Background.call(() -> reader.poll(event -> {}, 1, EventReader.FOREVER));
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
          Background.call(() -> reader.poll(event -> {}, 1, EventReader.FOREVER));
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
            Background.call(
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
}
