// SPDX-License-Identifier: Apache-2.0
package io.github.filterport;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Timeout;

/** Tests of the event ring, with a driver that writes what it is told. */
@Timeout(120)
abstract class RingFixture {
  /** STATUS_INSUFFICIENT_RESOURCES, STATUS_INVALID_BUFFER_SIZE, STATUS_PORT_DISCONNECTED. */
  static final int FULL = 0xC000009A;

  static final int TOO_LONG = 0xC0000206;
  static final int CLOSED_RING = 0xC0000037;

  /** Events of 24 bytes in a ring of 4096: each takes 48, and padding at the end does not fit. */
  static final int FIT = 85;

  static TestManager manager;

  @BeforeAll
  static void start() throws Exception {
    manager = TestManager.start("ring");
  }

  @AfterAll
  static void stop() {
    manager.close();
  }

  static FilterPort connect(int dataLength) throws FilterException {
    return RingDriver.connector(manager, dataLength).connect();
  }
}
