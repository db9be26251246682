// SPDX-License-Identifier: Apache-2.0
package io.github.filterport;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;

/**
 * Tests through every layer: this library, shim, fltlib, Filter Manager, a driver that does what it
 * is told.
 */
@Timeout(60)
abstract class ConformanceFixture {
  static TestManager manager;
  ConformanceDriver driver;

  @BeforeAll
  static void startManager() throws Exception {
    manager = TestManager.start("conformance");
  }

  @AfterAll
  static void stopManager() {
    manager.close();
  }

  @BeforeEach
  void open() throws Exception {
    driver = new ConformanceDriver(manager);
  }

  @AfterEach
  void close() {
    driver.close();
  }

  static void poll(MessageReader reader, MessageHandler handler) {
    assertThat(reader.poll(handler, 1, MessageReader.FOREVER)).isEqualTo(1);
  }
}
