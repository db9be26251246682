// SPDX-License-Identifier: Apache-2.0
package io.github.filterport.guard;

import io.github.filterport.Connector;
import io.github.filterport.EventReader;
import io.github.filterport.FilterException;
import io.github.filterport.FilterPort;
import io.github.filterport.WaitPolicy;
import io.github.filterport.guard.GuardProtocol.CommandHeader;
import io.github.filterport.guard.GuardProtocol.Connect;
import io.github.filterport.guard.GuardProtocol.Counters;
import io.github.filterport.guard.GuardProtocol.Hello;
import io.github.filterport.guard.GuardProtocol.Limits;
import io.github.filterport.guard.GuardProtocol.OpenRing;
import io.github.filterport.guard.GuardProtocol.PolicyCommand;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** The driver's commands over one connection. Thread-safe. */
final class GuardConnection {
  private final FilterPort port;

  private GuardConnection(FilterPort port) {
    this.port = port;
  }

  static GuardConnection open(Connector connector, int role, int flags, int eventCapacity)
      throws FilterException {
    byte[] context = new byte[Connect.LENGTH];
    ByteBuffer.wrap(context)
        .order(ByteOrder.LITTLE_ENDIAN)
        .putInt(Connect.MAGIC_OFFSET, GuardProtocol.MAGIC)
        .putShort(Connect.VERSION_OFFSET, (short) GuardProtocol.VERSION)
        .putShort(Connect.ROLE_OFFSET, (short) role)
        .putInt(Connect.FLAGS_OFFSET, flags)
        .putInt(Connect.EVENT_CAPACITY_OFFSET, eventCapacity);
    return new GuardConnection(connector.context(context).connect());
  }

  FilterPort port() {
    return port;
  }

  void setPolicy(Operation operation, Policy policy) throws FilterException {
    ByteBuffer command =
        command(GuardProtocol.COMMAND_SET_POLICY, operation.kind(), PolicyCommand.LENGTH);
    policy.write(command);
    port.send(command, null);
  }

  Policy policy(Operation operation) throws FilterException {
    return Policy.read(
        ask(GuardProtocol.COMMAND_GET_POLICY, operation.kind(), PolicyCommand.LENGTH));
  }

  void setMaxInFlight(int count) throws FilterException {
    ByteBuffer command = command(GuardProtocol.COMMAND_SET_LIMITS, 0, Limits.LENGTH);
    command.putInt(Limits.MAX_IN_FLIGHT_OFFSET, count);
    port.send(command, null);
  }

  int maxInFlight() throws FilterException {
    return ask(GuardProtocol.COMMAND_HELLO, 0, Hello.LENGTH).getInt(Hello.MAX_IN_FLIGHT_OFFSET);
  }

  GuardCounters counters() throws FilterException {
    return GuardCounters.read(ask(GuardProtocol.COMMAND_GET_COUNTERS, 0, Counters.LENGTH));
  }

  /** Reports come through the ring from now on. */
  EventReader openRing(int dataLength) throws FilterException {
    ByteBuffer command = command(GuardProtocol.COMMAND_OPEN_RING, 0, OpenRing.LENGTH);
    command.putInt(OpenRing.DATA_LENGTH_OFFSET, dataLength);
    return port.openEvents(command, WaitPolicy.adaptive());
  }

  private static ByteBuffer command(int command, int kind, int length) {
    ByteBuffer bytes = buffer(length);
    bytes.putInt(CommandHeader.MAGIC_OFFSET, GuardProtocol.MAGIC);
    bytes.putShort(CommandHeader.VERSION_OFFSET, (short) GuardProtocol.VERSION);
    bytes.putShort(CommandHeader.COMMAND_OFFSET, (short) command);
    bytes.putInt(CommandHeader.SIZE_OFFSET, length);
    bytes.putInt(CommandHeader.KIND_OFFSET, kind);
    return bytes;
  }

  private ByteBuffer ask(int command, int kind, int length) throws FilterException {
    ByteBuffer answer = buffer(length);
    int written = port.send(command(command, kind, CommandHeader.LENGTH), answer);
    if (written < length
        || answer.getInt(CommandHeader.MAGIC_OFFSET) != GuardProtocol.MAGIC
        || answer.getShort(CommandHeader.VERSION_OFFSET) != GuardProtocol.VERSION) {
      throw new IllegalStateException(
          "command "
              + command
              + ": the driver answered "
              + written
              + " bytes, not "
              + length
              + " of version "
              + GuardProtocol.VERSION
              + ": this port is not the filterport driver's");
    }
    return answer;
  }

  /** Direct memory: the driver wants its buffers aligned to 8. */
  private static ByteBuffer buffer(int length) {
    return ByteBuffer.allocateDirect(length).order(ByteOrder.LITTLE_ENDIAN);
  }
}
