// SPDX-License-Identifier: Apache-2.0
package io.github.filterport;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import org.junit.jupiter.api.Test;

/** Messages to the driver. */
class SendTest extends ConformanceFixture {
  @Test
  void USER_02_theDriverGetsAndGivesExactlyTheBytes() throws Exception {
    var port = driver.createPort();
    driver.onMessageEcho(port);
    try (FilterPort connection = driver.connector(port).connect()) {
      ByteBuffer out = ByteBuffer.allocate(16);
      assertThat(connection.send(ByteBuffer.wrap(new byte[] {1, 2, 3}), out)).isEqualTo(3);
      assertThat(out.flip()).isEqualTo(ByteBuffer.wrap(new byte[] {1, 2, 3}));
      ByteBuffer direct = ByteBuffer.allocateDirect(100_000);
      ByteBuffer back = ByteBuffer.allocateDirect(100_000);
      direct.put(99_999, (byte) 77);
      assertThat(connection.send(direct, back)).isEqualTo(100_000);
      assertThat(back.get(99_999)).isEqualTo((byte) 77);
      assertThat(connection.send(ByteBuffer.allocate(4), null)).isZero();
    }
  }

  @Test
  void USER_10_theDriversStatusArrivesAsAnHresult() throws Exception {
    var port = driver.createPort();
    driver.onMessageReturn(port, 0xC000000D);
    try (FilterPort connection = driver.connector(port).connect()) {
      assertThatThrownBy(() -> connection.send(ByteBuffer.allocate(1), null))
          .isInstanceOf(FilterException.class)
          .hasMessageContaining("FilterSendMessage " + port.name() + ": 0x80070057");
    }
  }

  @Test
  void USER_13_sendWorksFromAHandler() throws Exception {
    var port = driver.createPort();
    driver.onMessageEcho(port);
    try (FilterPort connection = driver.connector(port).connect()) {
      MessageReader reader = connection.openReaders(1, ReceiveOptions.defaults()).get(0);
      var sender = driver.ask(driver.newestClient(port), 1, 4, 8);
      poll(
          reader,
          m -> {
            ByteBuffer out = ByteBuffer.allocate(4);
            assertThat(connection.send(m.payload(), out)).isEqualTo(4);
            m.replyBuffer().put(out.flip());
            m.reply(4);
          });
      assertThat(sender.outcome().replyLength()).isEqualTo(4);
    }
  }
}
