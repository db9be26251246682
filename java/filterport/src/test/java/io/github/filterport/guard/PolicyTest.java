// SPDX-License-Identifier: Apache-2.0
package io.github.filterport.guard;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.github.filterport.guard.GuardProtocol.PolicyCommand;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class PolicyTest {
  @Test
  void isReadAsItWasWritten() {
    Policy policy =
        Policy.defaults()
            .withAsk(false)
            .withReport(false)
            .withTimeout(Duration.ofMillis(1500))
            .withOnTimeout(Action.DENY)
            .withOnNoClient(Action.ERROR)
            .withOnOverload(Action.ALLOW)
            .withOnFailure(Action.DENY)
            .withContentBytes(68)
            .withCache(true);
    ByteBuffer bytes = ByteBuffer.allocate(PolicyCommand.LENGTH).order(ByteOrder.LITTLE_ENDIAN);
    policy.write(bytes);
    assertThat(Policy.read(bytes)).isEqualTo(policy);
    Policy.defaults().write(bytes);
    assertThat(Policy.read(bytes)).isEqualTo(Policy.defaults());
  }

  @Test
  void oneActionForAllThatEndsWithoutVerdict() {
    Policy policy = Policy.defaults().withoutVerdict(Action.DENY);
    assertThat(policy.onTimeout()).isEqualTo(Action.DENY);
    assertThat(policy.onNoClient()).isEqualTo(Action.DENY);
    assertThat(policy.onOverload()).isEqualTo(Action.DENY);
    assertThat(policy.onFailure()).isEqualTo(Action.DENY);
  }

  @Test
  void wrongValuesAreNamed() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Policy.defaults().withTimeout(Duration.ofMinutes(2)))
        .withMessage("timeout must be 1 ms to 60 s, got PT2M");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Policy.defaults().withContentBytes(65537))
        .withMessageContaining("got 65537");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> FileGuard.Options.defaults().withThreads(0))
        .withMessage("threads must be at least 1, got 0");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> FileGuard.Options.defaults().withEventCapacity(100))
        .withMessageContaining("eventCapacity must be at least 1024");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> FileGuard.Options.defaults().withMaxDeferred(64))
        .withMessageContaining("less than inFlight 64");
  }
}
