// SPDX-License-Identifier: Apache-2.0
package io.github.filterport;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.filterport.testing.HostDevice;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
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
    try (Client client = new Client(1)) {
      long polls = client.counted.polls.get();
      client.flood(MESSAGES);
      // The reader is inside a poll before the first message and after the last one.
      client.awaitPolls(polls + MESSAGES);
      assertThat(client.counted.polls.get() - polls).isEqualTo(MESSAGES);
      assertThat(client.counted.replies.get()).isEqualTo(MESSAGES);
      assertThat(client.counted.others.get()).isZero();
      say("alone.polls", client.counted.polls.get() - polls);
      say("alone.native", client.counted.crossings() - polls);
    }
  }

  @Test
  @EnabledOnOs(
      value = OS.WINDOWS,
      disabledReason = "on Linux a message costs no device control, see the bench")
  void aMessageAloneCostsOneDeviceControlToReceiveAndOneToReply() throws Exception {
    try (Client client = new Client(1)) {
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
      long controls = after.get() - before.get() + after.reply() - before.reply();
      say("alone.controls", controls);
    }
  }

  @Test
  void manyMessagesSharePolls() throws Exception {
    int senders = 8;
    try (Client client = new Client(2 * senders)) {
      long polls = client.counted.polls.get();
      List<CompletableFuture<Void>> floods = new ArrayList<>();
      for (int i = 0; i < senders; i++) {
        floods.add(CompletableFuture.runAsync(() -> client.floodUnchecked(MESSAGES / senders)));
      }
      floods.forEach(CompletableFuture::join);
      // At the end each message has been in one batch, and one more poll may have begun.
      assertThat(client.counted.polls.get() - polls).isLessThanOrEqualTo(MESSAGES + 1);
      assertThat(client.counted.replies.get()).isEqualTo(MESSAGES);
      say("batches.polls", client.counted.polls.get() - polls);
      say("batches.native", client.counted.crossings() - polls);
    }
  }

  /** For whoever reads the log; ci/bench does. */
  private static void say(String what, long calls) {
    System.out.printf(Locale.ROOT, "counted %s=%.3f%n", what, (double) calls / MESSAGES);
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

  /** A connection with a reader; with one receive it is what a plain client is. */
  private static final class Client implements AutoCloseable {
    final CountedPort counted;
    private final PortImpl port;
    private final Thread thread;

    Client(int receives) throws Exception {
      counted = CountedPort.connect(manager.connector(FloodDriver.PORT));
      port = new PortImpl(counted, FloodDriver.PORT, new Counters());
      MessageReader reader =
          port.openReaders(1, ReceiveOptions.defaults().withInFlight(receives)).get(0);
      thread =
          new Thread(
              () -> {
                while (reader.poll(FloodDriver::answer, 64, MessageReader.FOREVER) >= 0) {
                  Thread.onSpinWait();
                }
              },
              "reader");
      thread.start();
      awaitPolls(1);
    }

    void flood(int messages) throws FilterException {
      assertThat(FloodDriver.flood(port, messages, 64, 16, 0).right()).isEqualTo(messages);
    }

    void floodUnchecked(int messages) {
      try {
        flood(messages);
      } catch (FilterException e) {
        throw new UncheckedIOException(e);
      }
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
