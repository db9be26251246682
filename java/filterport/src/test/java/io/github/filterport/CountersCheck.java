// SPDX-License-Identifier: Apache-2.0
package io.github.filterport;

import static org.assertj.core.api.Assertions.assertThat;

/** What holds of a port's counters at any time. */
final class CountersCheck {
  private CountersCheck() {}

  static void addsUp(PortCounters c) {
    assertThat(c.delivered())
        .as(c.toString())
        .isEqualTo(
            c.oneWay()
                + c.replied()
                + c.fallback()
                + c.late()
                + c.failed()
                + c.disconnected()
                + c.inFlight());
  }
}
