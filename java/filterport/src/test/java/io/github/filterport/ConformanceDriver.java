// SPDX-License-Identifier: Apache-2.0
package io.github.filterport;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The test driver's control port; twin of fltmgr/conformance/conformance_protocol.h, as far as
 * these tests need it.
 */
final class ConformanceDriver implements AutoCloseable {
  static final int STATUS_SUCCESS = 0;
  static final int STATUS_TIMEOUT = 0x102;
  static final int STATUS_PORT_DISCONNECTED = 0xC0000037;
  static final int STATUS_BUFFER_OVERFLOW = 0x80000005;
  static final int STATUS_UNSUCCESSFUL = 0xC0000001;
  static final int STATUS_ACCESS_DENIED = 0xC0000022;

  private static final int REQUEST_BYTES = 232;
  private static final int BODY = 8;
  private static final int NONE = -1;

  private static final int RESET = 2;
  private static final int CREATE_PORT = 3;
  private static final int HOOK_CONNECT = 5;
  private static final int HOOK_MESSAGE = 7;
  private static final int QUERY_COUNTERS = 9;
  private static final int WAIT_COUNTER = 10;
  private static final int OPEN_GATE = 8;
  private static final int START_SENDERS = 12;
  private static final int WAIT_SENDERS = 13;
  private static final int QUERY_SENDER = 15;
  private static final int RELEASE_SENDERS = 16;
  private static final int CLOSE_CLIENT = 17;

  private static final int HOOK_GATE = 1;
  private static final int HOOK_ECHO = 0x40;
  static final int MESSAGE_ENTERED = 4;
  static final int DISCONNECT_RETURNED = 3;
  private static final int SENDER_SENDING = 2;
  private static final int SENDER_RETURNED = 3;
  private static final int REPLY_NONE = 0;
  private static final int REPLY_SEPARATE = 2;

  private static final int ACCESS_ALL = 0x1F0001;
  private static final int OBJ_KERNEL_HANDLE = 0x200;
  private static final AtomicInteger NUMBER = new AtomicInteger();

  /** Descriptor of a test port: administrators only, or everybody. */
  enum Admits {
    ADMINISTRATORS,
    NOBODY_ELSE,
    EVERYBODY
  }

  /** A server port made for one test. */
  record Port(String name, int index) {}

  /** What a sender's FltSendMessage returned. */
  record Outcome(int status, int replyLength, byte[] reply) {}

  private final TestManager manager;
  private final FilterPort control;

  ConformanceDriver(TestManager manager) throws FilterException {
    this.manager = manager;
    this.control = manager.connector("\\ConformanceControl").connect();
    command(RESET, NONE, body());
  }

  private static ByteBuffer body() {
    return ByteBuffer.allocate(REQUEST_BYTES - BODY).order(ByteOrder.LITTLE_ENDIAN);
  }

  private ByteBuffer command(int command, int target, ByteBuffer body) throws FilterException {
    ByteBuffer in = ByteBuffer.allocateDirect(REQUEST_BYTES).order(ByteOrder.LITTLE_ENDIAN);
    in.putInt(command).putInt(target).put(body.clear()).flip();
    ByteBuffer out = ByteBuffer.allocateDirect(70_000).order(ByteOrder.LITTLE_ENDIAN);
    control.send(in, out);
    return out.flip();
  }

  private static void succeeded(ByteBuffer answer) {
    assertThat(answer.getInt(0)).as("status of the command").isZero();
  }

  // ---- ports

  Port createPort() throws FilterException {
    return createPort(8, Admits.ADMINISTRATORS);
  }

  Port createPort(int maxConnections, Admits admits) throws FilterException {
    String name = "\\Java" + NUMBER.incrementAndGet();
    ByteBuffer body = body();
    body.putInt(OBJ_KERNEL_HANDLE)
        .putInt(admits == Admits.EVERYBODY ? 2 : 0)
        .putInt(ACCESS_ALL)
        .putInt(7)
        .putInt(maxConnections)
        .putInt(name.length())
        .putLong(0);
    for (int i = 0; i < name.length(); i++) {
      body.putChar(name.charAt(i));
    }
    ByteBuffer answer = command(CREATE_PORT, NONE, body);
    succeeded(answer);
    return new Port(name, answer.getInt(4));
  }

  Connector connector(Port port) {
    return manager.connector(port.name());
  }

  private static ByteBuffer hook(int status, int flags) {
    return body().putInt(status).putInt(flags).putInt(NONE);
  }

  void onConnectReturn(Port port, int status) throws FilterException {
    succeeded(command(HOOK_CONNECT, port.index(), hook(status, 0)));
  }

  void onMessageEcho(Port port) throws FilterException {
    succeeded(command(HOOK_MESSAGE, port.index(), hook(0, HOOK_ECHO)));
  }

  void onMessageReturn(Port port, int status) throws FilterException {
    succeeded(command(HOOK_MESSAGE, port.index(), hook(status, 0)));
  }

  void onMessageWait(Port port) throws FilterException {
    succeeded(command(HOOK_MESSAGE, port.index(), hook(0, HOOK_GATE)));
  }

  void openMessageGate(Port port) throws FilterException {
    succeeded(command(OPEN_GATE, port.index(), body().putInt(2)));
  }

  int counter(Port port, int kind) throws FilterException {
    return command(QUERY_COUNTERS, port.index(), body()).getInt(16 + 4 * kind);
  }

  void awaitCounter(Port port, int kind, int count) throws FilterException {
    succeeded(
        command(WAIT_COUNTER, port.index(), body().putInt(kind).putInt(count).putInt(20_000)));
  }

  // ---- clients and senders

  /** The driver's number of the connection that the port accepted last. */
  int newestClient(Port port) throws FilterException {
    return command(QUERY_COUNTERS, port.index(), body()).getInt(16 + 4 * 8);
  }

  void closeClient(int client) throws FilterException {
    succeeded(command(CLOSE_CLIENT, client, body()));
  }

  /** Senders that have been started together. */
  final class Senders {
    private final int first;
    private final int count;

    private Senders(int first, int count) {
      this.first = first;
      this.count = count;
    }

    int first() {
      return first;
    }

    void awaitSending() throws FilterException {
      awaitState(SENDER_SENDING);
    }

    private void awaitState(int state) throws FilterException {
      ByteBuffer answer =
          command(WAIT_SENDERS, first, body().putInt(state).putInt(count).putInt(20_000));
      succeeded(answer);
    }

    /** Waits until all have returned; the outcome of sender {@code i}. */
    Outcome outcome(int i) throws FilterException {
      awaitState(SENDER_RETURNED);
      ByteBuffer answer = command(QUERY_SENDER, first + i, body());
      succeeded(answer);
      int length = answer.getInt(16 + 8);
      byte[] reply = new byte[Math.min(Math.max(length, 0), answer.remaining() - 56)];
      answer.get(56, reply);
      return new Outcome(answer.getInt(16 + 4), length, reply);
    }

    Outcome outcome() throws FilterException {
      return outcome(0);
    }

    void release() throws FilterException {
      awaitState(SENDER_RETURNED);
      succeeded(command(RELEASE_SENDERS, first, body().putInt(0).putInt(count)));
    }
  }

  /** Senders that want a reply, without time limit. */
  Senders ask(int client, int count, int length, int capacity) throws FilterException {
    return start(client, count, length, REPLY_SEPARATE, capacity, 0);
  }

  /** As {@link #ask} with a time limit for delivery and reply together. */
  Senders askFor(int client, int count, int length, int capacity, int milliseconds)
      throws FilterException {
    return start(client, count, length, REPLY_SEPARATE, capacity, milliseconds);
  }

  Senders tell(int client, int count, int length) throws FilterException {
    return start(client, count, length, REPLY_NONE, 0, 0);
  }

  private Senders start(
      int client, int count, int length, int reply, int capacity, int milliseconds)
      throws FilterException {
    ByteBuffer body =
        body()
            .putInt(client)
            .putInt(count)
            .putInt(0)
            .putInt(length)
            .putInt(reply)
            .putInt(capacity)
            .putInt(milliseconds == 0 ? 0 : 1)
            .putInt(0)
            .putLong(-10_000L * milliseconds);
    ByteBuffer answer = command(START_SENDERS, NONE, body);
    succeeded(answer);
    return new Senders(answer.getInt(4), count);
  }

  @Override
  public void close() {
    try {
      command(RESET, NONE, body());
    } catch (FilterException e) {
      // a test has ended its Filter Manager
    }
    control.close();
  }
}
