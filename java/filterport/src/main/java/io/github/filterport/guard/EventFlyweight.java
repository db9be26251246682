// SPDX-License-Identifier: Apache-2.0
package io.github.filterport.guard;

import io.github.filterport.Message;
import io.github.filterport.PendingReply;
import io.github.filterport.ReplyOutcome;
import io.github.filterport.guard.GuardProtocol.Event;
import io.github.filterport.guard.GuardProtocol.VerdictReply;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * FP_EVENT in the payload of a message or of a ring's event. One for each receiving thread, wrapped
 * around message after message.
 */
final class EventFlyweight implements FileEvent {
  /** 1601-01-01 to 1970-01-01 in milliseconds. */
  private static final long UNIX_EPOCH_MILLIS = 11_644_473_600_000L;

  private static final int TICKS_PER_MILLI = 10_000;
  private static final int NANOS_PER_TICK = 100;

  private @Nullable Message message;
  private @Nullable ByteBuffer payload;
  private @Nullable String path;
  private int base;
  private int pathOffset;
  private int pathChars;
  private int contentOffset;
  private int contentBytes;
  private boolean deferred;

  /**
   * Checks the foreign bytes and takes them as the event. Afterwards every offset used here lies
   * inside them, whatever happens to the bytes.
   *
   * @return what is wrong with them, or null
   */
  @Nullable String wrap(Message source) {
    return wrap(source.payload(), source);
  }

  /** The same for one of the ring's. */
  @Nullable String wrap(io.github.filterport.Event source) {
    return wrap(source.payload(), null);
  }

  /** What {@code bytes} has from position to limit. */
  private @Nullable String wrap(ByteBuffer bytes, @Nullable Message source) {
    int start = bytes.position();
    int size = bytes.remaining();
    if (size < Event.LENGTH) {
      return "has " + size + " bytes, at least " + Event.LENGTH + " are an event";
    }
    if (bytes.getInt(start + Event.MAGIC_OFFSET) != GuardProtocol.MAGIC) {
      return "begins with " + Integer.toHexString(bytes.getInt(start + Event.MAGIC_OFFSET));
    }
    if (bytes.getShort(start + Event.VERSION_OFFSET) != GuardProtocol.VERSION) {
      return "has version " + bytes.getShort(start + Event.VERSION_OFFSET);
    }
    if (bytes.getInt(start + Event.SIZE_OFFSET) != size) {
      return "says it has " + bytes.getInt(start + Event.SIZE_OFFSET) + " bytes and has " + size;
    }
    int pathAt = bytes.getInt(start + Event.PATH_OFFSET_OFFSET);
    int pathLength = bytes.getInt(start + Event.PATH_LENGTH_OFFSET);
    if (outside(pathAt, pathLength, size) || (pathLength & 1) != 0) {
      return "has its path at " + pathAt + ", length " + pathLength + ", of " + size;
    }
    int contentAt = bytes.getInt(start + Event.CONTENT_OFFSET_OFFSET);
    int contentLength = bytes.getInt(start + Event.CONTENT_LENGTH_OFFSET);
    if (outside(contentAt, contentLength, size)) {
      return "has its content at " + contentAt + ", length " + contentLength + ", of " + size;
    }
    base = start;
    message = source;
    payload = bytes;
    path = null;
    pathOffset = pathLength == 0 ? 0 : start + pathAt;
    pathChars = pathLength >> 1;
    contentOffset = contentLength == 0 ? 0 : start + contentAt;
    contentBytes = contentLength;
    deferred = false;
    return null;
  }

  private static boolean outside(int offset, int length, int size) {
    return length != 0
        && (length < 0 || offset < Event.LENGTH || offset > size || length > size - offset);
  }

  /** The handler is over. */
  void release() {
    message = null;
    payload = null;
    path = null;
  }

  int kind() {
    return bytes().getShort(base + Event.KIND_OFFSET);
  }

  boolean isDeferred() {
    return deferred;
  }

  /** Writes FP_VERDICT and publishes it. */
  static ReplyOutcome reply(Message message, long sequence, Verdict verdict) {
    writeVerdict(message.replyBuffer(), sequence, verdict);
    return message.reply(VerdictReply.LENGTH);
  }

  private static void writeVerdict(ByteBuffer reply, long sequence, Verdict verdict) {
    reply.putInt(VerdictReply.MAGIC_OFFSET, GuardProtocol.VERDICT_MAGIC);
    reply.putInt(VerdictReply.VERDICT_OFFSET, verdict.code());
    reply.putLong(VerdictReply.SEQUENCE_OFFSET, sequence);
  }

  private ByteBuffer bytes() {
    ByteBuffer bytes = payload;
    if (bytes == null) {
      throw new IllegalStateException("this event is over: its handler has returned");
    }
    return bytes;
  }

  private boolean flag(int bit) {
    return (bytes().getInt(base + Event.FLAGS_OFFSET) & bit) != 0;
  }

  @Override
  public Operation operation() {
    Operation operation = Operation.of(kind());
    if (operation == null) {
      throw new IllegalStateException("unknown kind " + kind());
    }
    return operation;
  }

  @Override
  public long sequence() {
    return bytes().getLong(base + Event.SEQUENCE_OFFSET);
  }

  @Override
  public long remainingNanos() {
    long deadline = bytes().getLong(base + Event.DEADLINE_OFFSET);
    if (deadline == 0) {
      return Long.MAX_VALUE;
    }
    long now = (System.currentTimeMillis() + UNIX_EPOCH_MILLIS) * TICKS_PER_MILLI;
    return (deadline - now) * NANOS_PER_TICK;
  }

  @Override
  public long time() {
    return bytes().getLong(base + Event.TIME_OFFSET);
  }

  @Override
  public long processId() {
    return bytes().getLong(base + Event.PROCESS_ID_OFFSET);
  }

  @Override
  public long threadId() {
    return bytes().getLong(base + Event.THREAD_ID_OFFSET);
  }

  @Override
  public long processStart() {
    return bytes().getLong(base + Event.PROCESS_START_OFFSET);
  }

  @Override
  public String path() {
    ByteBuffer bytes = bytes();
    String known = path;
    if (known == null) {
      char[] chars = new char[pathChars];
      for (int i = 0; i < chars.length; i++) {
        chars[i] = bytes.getChar(pathOffset + 2 * i);
      }
      known = new String(chars);
      path = known;
    }
    return known;
  }

  @Override
  public int pathLength() {
    bytes();
    return pathChars;
  }

  @Override
  public char pathCharAt(int index) {
    return bytes().getChar(pathOffset + 2 * Objects.checkIndex(index, pathChars));
  }

  @Override
  public boolean pathEndsWith(String suffix) {
    ByteBuffer bytes = bytes();
    int start = pathChars - suffix.length();
    if (start < 0) {
      return false;
    }
    for (int i = 0; i < suffix.length(); i++) {
      char a = bytes.getChar(pathOffset + 2 * (start + i));
      char b = suffix.charAt(i);
      if (a != b && Character.toUpperCase(a) != Character.toUpperCase(b)) {
        return false;
      }
    }
    return true;
  }

  @Override
  public int contentLength() {
    bytes();
    return contentBytes;
  }

  @Override
  public byte contentByte(int index) {
    return bytes().get(contentOffset + Objects.checkIndex(index, contentBytes));
  }

  @Override
  public boolean contentStartsWith(byte[] prefix) {
    ByteBuffer bytes = bytes();
    if (prefix.length > contentBytes) {
      return false;
    }
    for (int i = 0; i < prefix.length; i++) {
      if (bytes.get(contentOffset + i) != prefix[i]) {
        return false;
      }
    }
    return true;
  }

  @Override
  public ByteBuffer content() {
    return bytes()
        .slice(contentOffset, contentBytes)
        .asReadOnlyBuffer()
        .order(ByteOrder.LITTLE_ENDIAN);
  }

  @Override
  public boolean isContentCut() {
    return flag(GuardProtocol.EVENT_CONTENT_CUT);
  }

  @Override
  public boolean isContentFailed() {
    return flag(GuardProtocol.EVENT_CONTENT_FAILED);
  }

  @Override
  public boolean isPathCut() {
    return flag(GuardProtocol.EVENT_PATH_CUT);
  }

  @Override
  public boolean isBeforeOpen() {
    return flag(GuardProtocol.EVENT_BEFORE_OPEN);
  }

  @Override
  public boolean isCreated() {
    return flag(GuardProtocol.EVENT_CREATED);
  }

  @Override
  public boolean hasFileId() {
    return flag(GuardProtocol.EVENT_HAS_FILE_ID);
  }

  @Override
  public long fileId() {
    return bytes().getLong(base + Event.FILE_ID_OFFSET);
  }

  @Override
  public long fileIdHigh() {
    return bytes().getLong(base + Event.FILE_ID_HIGH_OFFSET);
  }

  @Override
  public long fileSize() {
    return bytes().getLong(base + Event.FILE_SIZE_OFFSET);
  }

  @Override
  public int desiredAccess() {
    return bytes().getInt(base + Event.DESIRED_ACCESS_OFFSET);
  }

  @Override
  public int disposition() {
    return bytes().getInt(base + Event.DISPOSITION_OFFSET);
  }

  @Override
  public int createOptions() {
    return bytes().getInt(base + Event.CREATE_OPTIONS_OFFSET);
  }

  @Override
  public boolean isReport() {
    return flag(GuardProtocol.EVENT_REPORT);
  }

  @Override
  public Outcome outcome() {
    return Outcome.of(bytes().getInt(base + Event.OUTCOME_OFFSET));
  }

  @Override
  public @Nullable PendingVerdict tryDefer() {
    long sequence = sequence();
    Message source = message;
    PendingReply pending = source == null ? null : source.tryDefer();
    if (pending == null) {
      return null;
    }
    deferred = true;
    return new Deferred(sequence, pending);
  }

  @Override
  public String toString() {
    return payload == null
        ? "an event that is over"
        : "#" + sequence() + " kind " + kind() + " " + path() + " by " + processId();
  }

  private record Deferred(long sequence, PendingReply pending) implements PendingVerdict {
    @Override
    public ReplyOutcome complete(Verdict verdict) {
      ByteBuffer reply;
      try {
        reply = pending.replyBuffer();
      } catch (IllegalStateException e) {
        return ReplyOutcome.ALREADY_ANSWERED;
      }
      writeVerdict(reply, sequence, verdict);
      return pending.complete(0, VerdictReply.LENGTH);
    }
  }
}
