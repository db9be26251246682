// SPDX-License-Identifier: Apache-2.0
package io.github.filterport.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

/** What needs no fltmgrd. */
class PercentCodeTest {
  @Test
  void argumentsSurviveTheLine() {
    for (String text : List.of("/a b/ü%41\n€=", "", "plain", "100%", "%zz")) {
      assertThat(PercentCode.decode(PercentCode.encode(text))).isEqualTo(text);
      assertThat(PercentCode.encode(text)).doesNotContain(" ", "\n", "=");
    }
    assertThat(PercentCode.decode("%zz%4")).isEqualTo("%zz%4");
  }

  @Test
  @EnabledOnOs(value = OS.WINDOWS, disabledReason = "Linux has fltmgrd")
  void onWindowsTheEmbeddedManagerSaysWhatToUse() {
    assertThatThrownBy(EmbeddedFilterManager::start)
        .isInstanceOf(FilterManagerException.class)
        .hasMessageContaining("runs on Linux only")
        .hasMessageContaining("Windows has its own");
  }
}
