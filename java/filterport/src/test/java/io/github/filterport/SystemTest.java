// SPDX-License-Identifier: Apache-2.0
package io.github.filterport;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** A run that is meant for one system shows that it is there. */
class SystemTest {
  @Test
  void runsOnTheSystemThatIsMeant() {
    String system = System.getProperty("os.name");
    System.out.println("os.name=" + system + ", java.version=" + Runtime.version());
    assertThat(system).startsWith(System.getProperty("filterport.test.os", "Linux"));
    assertThat(FilterportNative.unavailabilityCause()).isNull();
  }
}
