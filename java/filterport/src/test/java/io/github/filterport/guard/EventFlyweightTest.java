// SPDX-License-Identifier: Apache-2.0
package io.github.filterport.guard;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.filterport.ReplyOutcome;
import io.github.filterport.guard.GuardProtocol.Event;
import io.github.filterport.guard.GuardProtocol.VerdictReply;
import java.lang.reflect.Method;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Random;
import org.junit.jupiter.api.Test;

class EventFlyweightTest {
  private static final byte[] CONTENT = "MZ and more".getBytes(StandardCharsets.US_ASCII);
  private final EventFlyweight event = new EventFlyweight();

  private static FakeMessage message() {
    return new FakeMessage(FakeMessage.event(1, 42, "\\Device\\V\\a b\\Prüfung.EXE", CONTENT));
  }

  @Test
  void readsWhatTheDriverWrote() {
    assertThat(event.wrap(message())).isNull();
    assertThat(event.operation()).isEqualTo(Operation.OPEN);
    assertThat(event.sequence()).isEqualTo(42);
    assertThat(event.processId()).isEqualTo(4711);
    assertThat(event.path()).isEqualTo("\\Device\\V\\a b\\Prüfung.EXE");
    assertThat(event.pathLength()).isEqualTo(event.path().length());
    assertThat(event.pathCharAt(0)).isEqualTo('\\');
    assertThat(event.pathEndsWith(".exe")).isTrue();
    assertThat(event.pathEndsWith(".ex")).isFalse();
    assertThat(event.pathEndsWith("x".repeat(100))).isFalse();
    assertThat(event.contentLength()).isEqualTo(CONTENT.length);
    assertThat(event.contentByte(1)).isEqualTo((byte) 'Z');
    assertThat(event.contentStartsWith(new byte[] {'M', 'Z'})).isTrue();
    assertThat(event.contentStartsWith(new byte[] {'M', 'X'})).isFalse();
    assertThat(event.contentStartsWith(new byte[64])).isFalse();
    assertThat(event.content()).isEqualTo(ByteBuffer.wrap(CONTENT));
    assertThat(event.content().isReadOnly()).isTrue();
    assertThat(event.isReport()).isFalse();
    assertThat(event.outcome()).isEqualTo(Outcome.NONE);
    assertThat(event.remainingNanos()).isEqualTo(Long.MAX_VALUE);
    assertThatThrownBy(() -> event.contentByte(CONTENT.length))
        .isInstanceOf(IndexOutOfBoundsException.class);
    assertThatThrownBy(() -> event.pathCharAt(-1)).isInstanceOf(IndexOutOfBoundsException.class);
  }

  @Test
  void isOverWhenItsHandlerHasReturned() {
    assertThat(event.wrap(message())).isNull();
    event.release();
    assertThatIllegalStateException().isThrownBy(event::path).withMessageContaining("over");
    assertThatIllegalStateException().isThrownBy(event::sequence);
    assertThatIllegalStateException().isThrownBy(event::pathLength);
    assertThatIllegalStateException().isThrownBy(event::tryDefer);
    assertThat(event).hasToString("an event that is over");
  }

  @Test
  void theRemainingTimeComesFromTheDeadline() {
    ByteBuffer bytes = FakeMessage.event(1, 1, "a", CONTENT);
    long now = (System.currentTimeMillis() + 11_644_473_600_000L) * 10_000;
    bytes.putLong(Event.DEADLINE_OFFSET, now + 20_000_000);
    assertThat(event.wrap(new FakeMessage(bytes))).isNull();
    assertThat(event.remainingNanos()).isBetween(1L, 2_001_000_000L);
    bytes.putLong(Event.DEADLINE_OFFSET, now - 1_000_000);
    assertThat(event.remainingNanos()).isNegative();
  }

  @Test
  void aVerdictIsSixteenBytes() {
    FakeMessage message = message();
    assertThat(EventFlyweight.reply(message, 42, Verdict.DENY)).isEqualTo(ReplyOutcome.DELIVERED);
    assertThat(message.repliedLength()).isEqualTo(VerdictReply.LENGTH);
    ByteBuffer reply = message.replyBuffer();
    assertThat(reply.getInt(VerdictReply.MAGIC_OFFSET)).isEqualTo(GuardProtocol.VERDICT_MAGIC);
    assertThat(reply.getInt(VerdictReply.VERDICT_OFFSET)).isEqualTo(GuardProtocol.VERDICT_DENY);
    assertThat(reply.getLong(VerdictReply.SEQUENCE_OFFSET)).isEqualTo(42);
  }

  @Test
  void badBytesAreRefusedAndSaidWhy() {
    assertThat(event.wrap(new FakeMessage(ByteBuffer.allocate(127)))).contains("127 bytes");
    assertThat(defect(Event.MAGIC_OFFSET, 1)).contains("begins with 1");
    assertThat(defect(Event.VERSION_OFFSET, 2)).contains("version");
    assertThat(defect(Event.SIZE_OFFSET, 128)).contains("says it has 128");
    assertThat(defect(Event.PATH_OFFSET_OFFSET, 127)).contains("path at 127");
    assertThat(defect(Event.PATH_OFFSET_OFFSET, -1)).contains("path at -1");
    assertThat(defect(Event.PATH_LENGTH_OFFSET, 3)).contains("length 3");
    assertThat(defect(Event.PATH_LENGTH_OFFSET, Integer.MAX_VALUE - 1)).contains("path");
    assertThat(defect(Event.CONTENT_LENGTH_OFFSET, -8)).contains("content");
    assertThat(defect(Event.CONTENT_OFFSET_OFFSET, 1 << 30)).contains("content");
  }

  private String defect(int offset, int value) {
    ByteBuffer bytes = FakeMessage.event(1, 42, "\\a", CONTENT);
    bytes.putInt(offset, value);
    return String.valueOf(event.wrap(new FakeMessage(bytes)));
  }

  @Test
  void randomBytesNeverReadOutside() {
    Random random = new Random(7);
    for (int i = 0; i < 200_000; i++) {
      ByteBuffer bytes = FakeMessage.event(1, 42, "\\abc", CONTENT);
      for (int n = random.nextInt(4); n >= 0; n--) {
        bytes.putInt(
            Event.PATH_OFFSET_OFFSET + 4 * random.nextInt(4),
            random.nextBoolean() ? random.nextInt() : random.nextInt(300) - 20);
      }
      if (event.wrap(new FakeMessage(bytes)) == null) {
        assertThat(event.path()).hasSize(event.pathLength());
        assertThat(event.content().remaining()).isEqualTo(event.contentLength());
      }
    }
  }

  @Test
  void theRawPathAllocatesNothing() throws Exception {
    FakeMessage message = message();
    byte[] marker = {'M', 'Z'};
    long denied = decideMany(message, marker, 20_000);
    long before = allocatedByThisThread();
    denied += decideMany(message, marker, 1_000_000);
    long allocated = allocatedByThisThread() - before;
    assertThat(denied).isEqualTo(1_020_000);
    assertThat(allocated).as("bytes, the probe's own included").isLessThan(10_000);
  }

  /** By reflection: the library's module does not read java.management. */
  private static long allocatedByThisThread() throws Exception {
    Object threads =
        Class.forName("java.lang.management.ManagementFactory")
            .getMethod("getThreadMXBean")
            .invoke(null);
    Method count =
        Class.forName("com.sun.management.ThreadMXBean")
            .getMethod("getThreadAllocatedBytes", long.class);
    return (long) count.invoke(threads, Thread.currentThread().getId());
  }

  private long decideMany(FakeMessage message, byte[] marker, int count) {
    long denied = 0;
    for (int i = 0; i < count; i++) {
      if (event.wrap(message) == null
          && event.pathEndsWith(".exe")
          && event.contentStartsWith(marker)
          && event.remainingNanos() > 0) {
        EventFlyweight.reply(message, event.sequence(), Verdict.DENY);
        denied++;
      }
      event.release();
    }
    return denied;
  }
}
