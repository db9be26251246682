// SPDX-License-Identifier: Apache-2.0
package io.github.filterport;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.OS;

/** The ring's memory: the twin of ring_format.h, and what is believed of a driver's answer. */
class RingMapTest {
  private static final String LAYOUT =
      "filterport_ring_layout" + (OS.WINDOWS.isCurrentOs() ? ".exe" : "");

  @Test
  void offsetsAreThoseOfTheHeader() throws Exception {
    Map<String, Integer> java = new TreeMap<>();
    java.put("RING_PRODUCER", RingMap.Producer.LENGTH);
    java.put("RING_PRODUCER.DataOffset", RingMap.Producer.DATA_OFFSET_OFFSET);
    java.put("RING_PRODUCER.DataLength", RingMap.Producer.DATA_LENGTH_OFFSET);
    java.put("RING_PRODUCER.Published", RingMap.Producer.PUBLISHED_OFFSET);
    java.put("RING_PRODUCER.Lost", RingMap.Producer.LOST_OFFSET);
    java.put("RING_PRODUCER.Dropped", RingMap.Producer.DROPPED_OFFSET);
    java.put("RING_PRODUCER.State", RingMap.Producer.STATE_OFFSET);
    java.put("RING_CONSUMER", RingMap.Consumer.LENGTH);
    java.put("RING_CONSUMER.Consumed", RingMap.Consumer.CONSUMED_OFFSET);
    java.put("RING_CONSUMER.Sequence", RingMap.Consumer.SEQUENCE_OFFSET);
    java.put("RING_CONSUMER.Sleeping", RingMap.Consumer.SLEEPING_OFFSET);
    java.put("RING_RECORD", RingMap.Header.LENGTH);
    java.put("RING_RECORD.Length", RingMap.Header.LENGTH_OFFSET);
    java.put("RING_RECORD.Kind", RingMap.Header.KIND_OFFSET);
    java.put("RING_RECORD.Sequence", RingMap.Header.SEQUENCE_OFFSET);
    java.put("RING_VIEWS", RingMap.Views.LENGTH);
    java.put("RING_VIEWS.Producer", RingMap.Views.PRODUCER_OFFSET);
    java.put("RING_VIEWS.ProducerLength", RingMap.Views.PRODUCER_LENGTH_OFFSET);
    java.put("RING_VIEWS.Consumer", RingMap.Views.CONSUMER_OFFSET);
    java.put("RING_VIEWS.ConsumerLength", RingMap.Views.CONSUMER_LENGTH_OFFSET);
    java.put("RING_VIEWS.Position", RingMap.Views.POSITION_OFFSET);
    assertThat(java).isEqualTo(header());
  }

  private static Map<String, Integer> header() throws Exception {
    Path program = Path.of(System.getProperty("filterport.natives"), "bin", LAYOUT);
    Process process = new ProcessBuilder(program.toString()).start();
    Map<String, Integer> layout = new TreeMap<>();
    String text =
        new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
    for (String line : text.split("\\R", -1)) {
      String[] words = line.split(" ", -1);
      layout.put(words[0], Integer.parseInt(words[1].strip()));
    }
    assertThat(process.waitFor()).isZero();
    return layout;
  }

  @Test
  void anAddressIsBelievedOnlyIfTheSystemKnowsAViewThere() throws Exception {
    FilterportNative.ensureAvailable();
    long[] addresses = {0, 4096, -1, 0x7FFF_FFFF_F000L, Long.MIN_VALUE};
    for (long address : addresses) {
      assertThatThrownBy(() -> RingMap.of(answer(address, 8192), RingMap.Views.LENGTH, "\\P"))
          .isInstanceOf(FilterException.class)
          .hasMessageContaining("not mapped here");
    }
    assertThatThrownBy(() -> RingMap.of(answer(4096, -1), RingMap.Views.LENGTH, "\\P"))
        .hasMessageContaining("not mapped here");
  }

  private static ByteBuffer answer(long address, long length) {
    ByteBuffer views = ByteBuffer.allocate(RingMap.Views.LENGTH).order(ByteOrder.LITTLE_ENDIAN);
    return views
        .putInt(0, RingMap.Views.MAGIC)
        .putInt(4, RingMap.VERSION)
        .putLong(RingMap.Views.PRODUCER_OFFSET, address)
        .putLong(RingMap.Views.PRODUCER_LENGTH_OFFSET, length)
        .putLong(RingMap.Views.CONSUMER_OFFSET, address)
        .putLong(RingMap.Views.CONSUMER_LENGTH_OFFSET, length);
  }
}
