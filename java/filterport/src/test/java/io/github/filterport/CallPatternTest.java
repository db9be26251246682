// SPDX-License-Identifier: Apache-2.0
package io.github.filterport;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.filterport.testing.HostDevice;
import java.io.IOException;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

/**
 * What a message costs in calls: into the native library, and on Windows into the Filter Manager,
 * where a plain client in C makes one device control to receive and one to reply. The third system
 * call, the wait for the completion, is the engine's, see jni/test/engine.
 */
@Timeout(300)
class CallPatternTest {
  private static final int MESSAGES = TestSystem.count(10_000, 1_000);
  private static TestManager manager;

  @BeforeAll
  static void start() throws Exception {
    manager = TestManager.start("flood");
  }

  @AfterAll
  static void stop() {
    manager.close();
  }

  @Test
  void aMessageAloneCostsOnePollAndOneReply() throws Exception {
    try (OneAtATime client = new OneAtATime()) {
      long polls = client.counted.polls.get();
      client.flood(MESSAGES);
      // The reader is inside a poll before the first message and after the last one.
      client.awaitPolls(polls + MESSAGES);
      assertThat(client.counted.polls.get() - polls).isEqualTo(MESSAGES);
      assertThat(client.counted.replies.get()).isEqualTo(MESSAGES);
      assertThat(client.counted.others.get()).isZero();
      System.out.printf(
          "calls into the native library for a message alone: %.3f%n",
          (double) (client.counted.crossings() - polls) / MESSAGES);
    }
  }

  @Test
  @EnabledOnOs(
      value = OS.WINDOWS,
      disabledReason = "on Linux a message costs no device control, see the bench")
  void aMessageAloneCostsOneDeviceControlToReceiveAndOneToReply() throws Exception {
    try (OneAtATime client = new OneAtATime()) {
      long polls = client.counted.polls.get();
      Requests before = Requests.now();
      client.flood(MESSAGES);
      client.awaitPolls(polls + MESSAGES);
      Requests after = Requests.now();
      while (after.get() < before.get() + MESSAGES) { // its last call is under way
        after = Requests.now();
      }
      assertThat(after.get() - before.get()).as("FilterGetMessage").isEqualTo(MESSAGES);
      assertThat(after.reply() - before.reply()).as("FilterReplyMessage").isEqualTo(MESSAGES);
      assertThat(after.send() - before.send()).as("the flood's own request").isEqualTo(1);
      assertThat(after.connect() - before.connect()).isZero();
      System.out.printf(
          "device controls for a message alone: %.3f%n",
          (double) (after.get() - before.get() + after.reply() - before.reply()) / MESSAGES);
    }
  }

  /** What fltmgr.sys has counted. */
  private record Requests(long get, long reply, long send, long connect) {
    static Requests now() throws IOException {
      HostDevice.Answer answer = HostDevice.ask("counters");
      assertThat(answer.ok()).isTrue();
      return new Requests(
          number(answer, "get"),
          number(answer, "reply"),
          number(answer, "send"),
          number(answer, "connect"));
    }

    private static long number(HostDevice.Answer answer, String name) {
      return Long.parseLong(answer.values().get("requests." + name));
    }
  }

  /** A reader of a connection with one receive, as a plain client has. */
  private static final class OneAtATime implements AutoCloseable {
    final CountedPort counted;
    private final PortImpl port;
    private final Thread thread;

    OneAtATime() throws Exception {
      counted = CountedPort.connect(manager.connector(FloodDriver.PORT));
      port = new PortImpl(counted, FloodDriver.PORT, new Counters());
      MessageReader reader = port.openReaders(1, ReceiveOptions.defaults().withInFlight(1)).get(0);
      thread =
          new Thread(
              () -> {
                while (reader.poll(FloodDriver::answer, 1, MessageReader.FOREVER) >= 0) {
                  Thread.onSpinWait();
                }
              },
              "one at a time");
      thread.start();
      awaitPolls(1);
    }

    void flood(int messages) throws FilterException {
      assertThat(FloodDriver.flood(port, messages, 64, 16, 0).right()).isEqualTo(messages);
    }

    /** The reader enters a poll right after the last reply; there it stays. */
    void awaitPolls(long count) {
      while (counted.polls.get() < count) {
        assertThat(thread.isAlive()).isTrue();
        Thread.onSpinWait();
      }
    }

    @Override
    public void close() {
      port.close(); // waits until the reader is out
    }
  }
}
