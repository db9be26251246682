// SPDX-License-Identifier: Apache-2.0
package io.github.filterport;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import org.junit.jupiter.api.Test;

/** Options, connectors, exceptions: what they check and what they say. */
class ValuesTest {
  private static final ReceiveOptions DEFAULTS = ReceiveOptions.defaults();

  @Test
  void optionsNameTheRuleAndTheValue() {
    assertThatThrownBy(() -> DEFAULTS.withInFlight(0))
        .hasMessage("inFlight must be between 1 and 1023, got 0");
    assertThatThrownBy(() -> DEFAULTS.withMaxPayload(1))
        .hasMessage("maxPayload must be between 4096 and 16777216, got 1");
    assertThatThrownBy(() -> DEFAULTS.withMaxDeferred(64))
        .hasMessage("maxDeferred must be between 0 and 63, got 64");
    assertThatThrownBy(() -> DEFAULTS.withDeferTimeout(Duration.ZERO))
        .hasMessage("deferTimeout must be more than zero, got PT0S");
    assertThatThrownBy(() -> DEFAULTS.withInFlight(1000).withPayload(1 << 24))
        .hasMessageContaining("must be at most 1073741824 bytes");
    assertThatThrownBy(() -> WaitPolicy.adaptive(Duration.ofSeconds(1)))
        .hasMessage("spinLimit must be between 0 and 1 ms, got PT1S");
  }

  @Test
  void optionsThatDependOnOthersFollow() {
    assertThat(DEFAULTS.withInFlight(1).maxDeferred()).isZero();
    assertThat(DEFAULTS.withPayload(100_000).maxPayload()).isEqualTo(100_000);
    assertThat(DEFAULTS.inFlight()).as("copies, not changes").isEqualTo(64);
  }

  @Test
  void connectorsAreImmutableAndTakeCopies() {
    byte[] context = {1, 2};
    Connector first = FilterPort.connector("\\Port");
    Connector second = first.context(context).manager("/run/x");
    context[0] = 9;
    assertThat(first.contextBytes()).isEmpty();
    assertThat(second.contextBytes()).containsExactly(1, 2);
    assertThat(second).hasToString("\\Port at /run/x");
    assertThatThrownBy(() -> first.await(Duration.ofNanos(-1)))
        .hasMessage("limit must not be negative, got PT-0.000000001S");
  }

  @Test
  void exceptionsNameCallObjectCodeAndAdvice() {
    FilterException e = FilterException.of(0x80070005, Hresult.CONNECT, "\\ScannerPort");
    assertThat(e).isInstanceOf(PortAccessDeniedException.class);
    assertThat(e)
        .hasMessage(
            "FilterConnectCommunicationPort \\ScannerPort: 0x80070005 ERROR_ACCESS_DENIED, access"
                + " denied. Run elevated, or change the port's security descriptor.");
    assertThat(e.symbol()).isEqualTo("ERROR_ACCESS_DENIED");
    assertThat(e.call()).isEqualTo("FilterConnectCommunicationPort");
    assertThat(e.object()).isEqualTo("\\ScannerPort");
    assertThat(e.advice()).isNotEmpty();
    assertThat(FilterException.of(0x80070002, Hresult.CONNECT, ""))
        .isInstanceOf(PortNotFoundException.class);
    assertThat(FilterException.of(0x80070002, Hresult.SEND, ""))
        .as("a driver's own status is no missing port")
        .isExactlyInstanceOf(FilterException.class);
    assertThat(FilterException.of(0x800704D6, Hresult.CONNECT, ""))
        .isInstanceOf(ConnectionLimitException.class);
    assertThat(FilterException.of(0x80070006, Hresult.GET, ""))
        .isInstanceOf(PortDisconnectedException.class);
    assertThat(new FilterException(0x8007ABCD, "X", "")).hasMessage("X: 0x8007ABCD");
    assertThat(new FilterException(0x8007ABCD, "X", "").symbol()).isEqualTo("0x8007ABCD");
  }
}
