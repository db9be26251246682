// SPDX-License-Identifier: Apache-2.0
package io.github.filterport;

import java.time.Duration;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** How to connect to a port: name, context, patience. Immutable and reusable. */
public final class Connector {
  /** The longest context that a port accepts, in bytes (OPEN-14). */
  public static final int MAX_CONTEXT = 0xFFE7;

  private final String name;
  private final byte[] context;
  private final Duration await;
  private final @Nullable String manager;

  Connector(String name) {
    this(Objects.requireNonNull(name, "name"), new byte[0], Duration.ZERO, null);
  }

  private Connector(String name, byte[] context, Duration await, @Nullable String manager) {
    this.name = name;
    this.context = context;
    this.await = await;
    this.manager = manager;
  }

  /** The port's name. */
  public String name() {
    return name;
  }

  /**
   * The bytes that the driver's connect callback gets. Empty: none. They are copied.
   *
   * <p>Longer than {@link #MAX_CONTEXT}: {@link #connect} fails with the Filter Manager's own
   * error.
   */
  public Connector context(byte[] bytes) {
    return new Connector(name, bytes.clone(), await, manager);
  }

  /**
   * How long {@link #connect} tries again while the port is not there (0x80070002), its connections
   * are all in use (0x800704D6), or no Filter Manager runs. Zero, the default: one attempt.
   */
  public Connector await(Duration limit) {
    if (limit.isNegative()) {
      throw new IllegalArgumentException("limit must not be negative, got " + limit);
    }
    return new Connector(name, context, limit, manager);
  }

  /**
   * Which Filter Manager to connect to: on Linux the path of its socket. Without it the environment
   * variable FILTERPORT_MANAGER counts, then the default. Windows has one Filter Manager; there
   * this is refused by {@link #connect}.
   */
  public Connector manager(String address) {
    return new Connector(name, context, await, Objects.requireNonNull(address, "address"));
  }

  /**
   * Connects. Blocks until the driver's connect callback has returned, and as {@link #await} says.
   *
   * @throws PortNotFoundException if there is no such port
   * @throws PortAccessDeniedException if the port's security descriptor does not admit this user
   * @throws ConnectionLimitException if the port has as many connections as it admits
   * @throws FilterException with the driver's status if its connect callback refuses
   * @throws UnsatisfiedLinkError if the native library is not available
   */
  public FilterPort connect() throws FilterException {
    return PortConnect.connect(this);
  }

  /**
   * Describes threads that receive on connections made by this connector; when one ends, they
   * connect again with back-off.
   */
  public MessagePump.Builder pump() {
    return new PumpBuilder(this);
  }

  byte[] contextBytes() {
    return context;
  }

  Duration awaitLimit() {
    return await;
  }

  @Nullable String managerAddress() {
    return manager;
  }

  @Override
  public String toString() {
    return manager == null ? name : name + " at " + manager;
  }
}
