// SPDX-License-Identifier: Apache-2.0
package io.github.filterport;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Events from a driver through the ring to Java. */
@Timeout(120)
class EventRingTest {
  private static TestManager manager;

  @BeforeAll
  static void start() throws Exception {
    manager = TestManager.start("ring");
  }

  @AfterAll
  static void stop() {
    manager.close();
  }

  @Test
  void eventsComeInOrderWithTheirBytes() throws Exception {
    try (FilterPort port = RingDriver.connector(manager, 1 << 16).connect();
        EventReader reader = RingDriver.open(port)) {
      assertThat(RingDriver.write(port, 100, 24)).isEqualTo(new RingDriver.Told(100, 0));
      List<Long> numbers = new ArrayList<>();
      int count =
          reader.poll(
              event -> {
                assertThat(event.sequence()).isEqualTo(numbers.size() + 1);
                assertThat(event.kind()).isEqualTo(numbers.size());
                assertThat(event.length()).isEqualTo(24);
                assertThat(event.getByte(23)).isEqualTo((byte) numbers.size());
                assertThat(event.payload().remaining()).isEqualTo(24);
                numbers.add(event.payload().getLong());
              },
              1000);
      assertThat(count).isEqualTo(100);
      assertThat(numbers).hasSize(100).startsWith(0L, 1L).endsWith(99L);
    }
  }
}
