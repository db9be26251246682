// SPDX-License-Identifier: Apache-2.0
package io.github.filterport.guard;

import io.github.filterport.Connector;
import io.github.filterport.ErrorHandler;
import io.github.filterport.Event;
import io.github.filterport.EventGap;
import io.github.filterport.EventHandler;
import io.github.filterport.FilterException;
import io.github.filterport.Message;
import io.github.filterport.MessageHandler;
import io.github.filterport.MessagePump;
import io.github.filterport.PortCounters;
import io.github.filterport.ReceiveOptions;
import java.time.Duration;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Decides on file operations, or hears of them, through the bundled minifilter.
 *
 * <p>{@link #connect} becomes the driver's one decider: set a {@link #policy}, then {@link
 * #decide}. {@link #observe} adds an observer, who hears what was done and whom nobody waits for.
 * {@link #watch} only observes, beside another process that decides.
 *
 * <p>What comes without a verdict (time-out, no client, overload, failure) ends by {@link Policy},
 * in the driver: it does not depend on this process being alive.
 *
 * <p>One connection: when the driver or the Filter Manager goes away, {@link #isRunning} becomes
 * false, {@link #awaitTermination} returns and {@link #failure} tells why; connect again then.
 *
 * <p>Thread-safe. Methods that ask the driver block shortly and pin a virtual thread.
 */
public final class FileGuard implements AutoCloseable {
  /** The bundled driver's port, unless it was built with another name. */
  public static final String PORT = "\\Filterport";

  private static final Logger LOG = LoggerFactory.getLogger(FileGuard.class);

  private final Connector connector;
  private final Options options;
  private final GuardConnection connection;
  private final boolean decides;
  private final ThreadLocal<EventFlyweight> events = ThreadLocal.withInitial(EventFlyweight::new);
  private @Nullable GuardConnection observing;
  private @Nullable MessagePump decidePump;
  private @Nullable MessagePump observePump;
  private boolean closed;

  private FileGuard(
      Connector connector, Options options, GuardConnection connection, boolean decides) {
    this.connector = connector;
    this.options = options;
    this.connection = connection;
    this.decides = decides;
  }

  /** Connects as the decider with {@link Options#defaults()}. */
  public static FileGuard connect(Connector connector) throws FilterException {
    return connect(connector, Options.defaults());
  }

  /**
   * Connects as the decider. Its context, if the connector has one, is replaced.
   *
   * @throws FilterException 0x800704D6 if there is a decider already; else see {@link
   *     Connector#connect}
   */
  public static FileGuard connect(Connector connector, Options options) throws FilterException {
    int flags = options.exempt() ? GuardProtocol.CONNECT_EXEMPT : 0;
    return new FileGuard(
        connector,
        options,
        GuardConnection.open(connector, GuardProtocol.ROLE_DECIDER, flags, options.eventCapacity()),
        true);
  }

  /**
   * Connects as an observer only: {@link #decide}, {@link #policy(Policy)} and {@link
   * #maxInFlight(int)} are refused.
   *
   * @throws FilterException 0x800704D6 if there are 15 observers already
   */
  public static FileGuard watch(Connector connector, Options options) throws FilterException {
    return new FileGuard(
        connector,
        options,
        GuardConnection.open(connector, GuardProtocol.ROLE_OBSERVER, 0, options.eventCapacity()),
        false);
  }

  /** Sets the policy of every operation; see {@link #policy(Operation, Policy)}. */
  public void policy(Policy policy) throws FilterException {
    for (Operation operation : Operation.values()) {
      policy(operation, policy);
    }
  }

  /**
   * Sets what is asked about an operation and what happens without a verdict. In force for
   * operations that begin afterwards.
   *
   * @throws IllegalArgumentException if the content would leave no room for a path in {@link
   *     Options#eventCapacity()}
   */
  public void policy(Operation operation, Policy policy) throws FilterException {
    deciding("policy");
    int room = options.eventCapacity() - GuardProtocol.Event.LENGTH - Options.LEAST_PATH_BYTES;
    if (policy.contentBytes() > room) {
      throw new IllegalArgumentException(
          "contentBytes must be at most "
              + room
              + " with an eventCapacity of "
              + options.eventCapacity()
              + ", got "
              + policy.contentBytes());
    }
    told(
        () -> {
          connection.setPolicy(operation, policy);
          return policy;
        });
  }

  /** Returns the policy in force. */
  public Policy policy(Operation operation) throws FilterException {
    return told(() -> connection.policy(operation));
  }

  /**
   * Sets how many questions may wait for a verdict at once; one more ends by {@link
   * Policy#onOverload()}.
   *
   * @param count 1 to 65536; 4096 after loading the driver
   */
  public void maxInFlight(int count) throws FilterException {
    deciding("maxInFlight");
    if (count < 1 || count > GuardProtocol.LIMIT_MAX_IN_FLIGHT) {
      throw new IllegalArgumentException(
          "count must be 1 to " + GuardProtocol.LIMIT_MAX_IN_FLIGHT + ", got " + count);
    }
    told(
        () -> {
          connection.setMaxInFlight(count);
          return count;
        });
  }

  /** Returns how many questions may wait for a verdict at once. */
  public int maxInFlight() throws FilterException {
    return told(connection::maxInFlight);
  }

  /**
   * Starts to decide, on {@link Options#threads()} daemon threads; returns at once. Before it,
   * questions wait for their time-out.
   *
   * @throws IllegalStateException if called twice, after {@link #close}, or on {@link #watch}
   */
  public synchronized void decide(Decider decider) throws FilterException {
    deciding("decide");
    Objects.requireNonNull(decider, "decider");
    if (decidePump != null || closed) {
      throw new IllegalStateException(closed ? "this guard is closed" : "already deciding");
    }
    decidePump = start(connection, options.threads(), message -> decide(message, decider));
  }

  /**
   * Starts to observe, on one daemon thread and a connection of its own; returns at once. Reports
   * come through an event ring, unless {@link Options#reportRing()} is 0.
   *
   * @throws IllegalStateException if called twice or after {@link #close}
   * @throws FilterException 0x800704D6 if there are 15 observers already
   */
  public synchronized void observe(EventObserver observer) throws FilterException {
    Objects.requireNonNull(observer, "observer");
    if (observePump != null || closed) {
      throw new IllegalStateException(closed ? "this guard is closed" : "already observing");
    }
    GuardConnection reports =
        decides
            ? GuardConnection.open(
                connector, GuardProtocol.ROLE_OBSERVER, 0, options.eventCapacity())
            : connection;
    observing = reports;
    observePump =
        options.reportRing() == 0
            ? start(reports, 1, message -> observe(message, observer))
            : startReading(reports, observer);
  }

  private MessagePump startReading(GuardConnection reports, EventObserver observer)
      throws FilterException {
    ErrorHandler errors = options.onError();
    EventHandler handler =
        new EventHandler() {
          @Override
          public void onEvent(Event event) throws Exception {
            EventFlyweight report = events.get();
            observe(report, report.wrap(event), observer);
          }

          @Override
          public void onGap(EventGap gap) throws Exception {
            observer.onLost(gap);
          }
        };
    return new ReportPump(
            reports.port(),
            reports.openRing(options.reportRing()),
            handler,
            errors != null ? errors : error -> LOG.warn("{}: {}", this, error.getMessage(), error))
        .start();
  }

  private MessagePump start(GuardConnection on, int threads, MessageHandler handler)
      throws FilterException {
    ReceiveOptions receive =
        ReceiveOptions.defaults()
            .withInFlight(options.inFlight())
            .withPayload(options.eventCapacity())
            .withReply(GuardProtocol.VerdictReply.LENGTH)
            .withMaxDeferred(options.maxDeferred())
            .withDeferTimeout(Duration.ofMillis(GuardProtocol.MAX_TIMEOUT_MILLISECONDS));
    MessagePump.Builder pump = on.port().pump().threads(threads).options(receive);
    ErrorHandler errors = options.onError();
    if (errors != null) {
      pump.onError(errors);
    }
    return pump.start(handler);
  }

  private void decide(Message message, Decider decider) throws Exception {
    EventFlyweight event = events.get();
    check(event.wrap(message));
    try {
      Verdict verdict = Verdict.ALLOW;
      if (Operation.of(event.kind()) != null) {
        verdict = decider.decide(event);
      }
      if (verdict != null && !event.isDeferred()) {
        EventFlyweight.reply(message, event.sequence(), verdict);
      }
    } finally {
      event.release();
    }
  }

  private void observe(Message message, EventObserver observer) throws Exception {
    EventFlyweight event = events.get();
    observe(event, event.wrap(message), observer);
  }

  private static void observe(EventFlyweight event, @Nullable String defect, EventObserver observer)
      throws Exception {
    check(defect);
    try {
      if (Operation.of(event.kind()) != null) {
        observer.onEvent(event);
      }
    } finally {
      event.release();
    }
  }

  private static void check(@Nullable String defect) {
    if (defect != null) {
      throw new IllegalStateException("a message that is no event: it " + defect);
    }
  }

  /** What the driver counted since it was loaded. */
  public GuardCounters counters() throws FilterException {
    return told(connection::counters);
  }

  /**
   * What became of this connection's messages. For a decider {@link PortCounters#late()} are
   * verdicts that came after the opener had gone on.
   */
  public PortCounters portCounters() {
    return connection.port().counters();
  }

  /** Whether this guard decides or observes and its connection is up. Does not block. */
  public synchronized boolean isRunning() {
    MessagePump pump = pump();
    return pump != null && pump.isRunning();
  }

  /** What ended deciding (observing, if it only observes); null if nothing did. */
  public synchronized @Nullable Throwable failure() {
    MessagePump pump = pump();
    return pump == null ? null : pump.failure();
  }

  /**
   * Waits until deciding (observing, if it only observes) has ended, by {@link #close} or {@link
   * #failure}.
   *
   * @throws IllegalStateException before {@link #decide} or {@link #observe}
   */
  public void awaitTermination() throws InterruptedException {
    MessagePump pump;
    synchronized (this) {
      pump = pump();
    }
    if (pump == null) {
      throw new IllegalStateException("neither deciding nor observing");
    }
    pump.awaitTermination();
  }

  /** A command; after a lost connection it fails with what ended it, not with "closed". */
  private <T> T told(Command<T> command) throws FilterException {
    try {
      return command.run();
    } catch (IllegalStateException e) {
      if (failure() instanceof FilterException lost) {
        FilterException again = new FilterException(lost.hresult(), lost.call(), lost.object());
        again.addSuppressed(e);
        throw again;
      }
      throw e;
    }
  }

  private interface Command<T> {
    T run() throws FilterException;
  }

  private @Nullable MessagePump pump() {
    return decidePump != null ? decidePump : observePump;
  }

  private void deciding(String call) {
    if (!decides) {
      throw new IllegalStateException(call + ": connected as an observer only");
    }
  }

  /**
   * Ends deciding and observing and disconnects; questions under way end by {@link
   * Policy#onNoClient()}. Idempotent, bounded; may be called from a handler.
   */
  @Override
  public void close() {
    MessagePump[] pumps;
    GuardConnection reports;
    synchronized (this) {
      closed = true;
      pumps = new MessagePump[] {decidePump, observePump};
      reports = observing;
    }
    for (MessagePump pump : pumps) {
      if (pump != null) {
        pump.close();
      }
    }
    if (reports != null) {
      reports.port().close();
    }
    connection.port().close();
    LOG.debug("closed {}", this);
  }

  @Override
  public String toString() {
    return (decides ? "decider on " : "observer on ") + connector;
  }

  /**
   * How to connect and decide. Immutable; the {@code with…} methods return changed copies.
   *
   * @param threads how many threads decide; each handles one question at a time
   * @param exempt whether this process's own operations are not asked. Without it a decider that
   *     opens a guarded file waits for itself until the time-out
   * @param inFlight how many questions are received at once, waiting ones included; 1 to 1023
   * @param eventCapacity bytes of an event with path and content; the driver cuts content, then
   *     path, to fit. At least 1024
   * @param maxDeferred how many questions may be deferred at once, less than inFlight
   * @param onError hears what deciders and observers throw; null: it is logged
   * @param reportRing bytes of the event ring through which an observer gets its reports: a power
   *     of two from 16 KiB to 64 MiB; 0: each report is a message
   */
  public record Options(
      int threads,
      boolean exempt,
      int inFlight,
      int eventCapacity,
      int maxDeferred,
      @Nullable ErrorHandler onError,
      int reportRing) {
    /** Room that a policy must leave for the path. */
    static final int LEAST_PATH_BYTES = 512;

    private static final Options DEFAULTS = new Options(1, true, 64, 8192, 32, null, 1 << 20);

    /** Checks the arguments. */
    public Options {
      atLeast("threads", threads, 1);
      atLeast("inFlight", inFlight, 1);
      atLeast("eventCapacity", eventCapacity, 2 * GuardProtocol.MIN_EVENT_CAPACITY);
      atLeast("maxDeferred", maxDeferred, 0);
      if (maxDeferred >= inFlight) {
        throw new IllegalArgumentException(
            "maxDeferred must be less than inFlight " + inFlight + ", got " + maxDeferred);
      }
      if (reportRing != 0
          && (reportRing < GuardProtocol.MIN_RING_BYTES
              || reportRing > GuardProtocol.MAX_RING_BYTES
              || Integer.bitCount(reportRing) != 1)) {
        throw new IllegalArgumentException(
            "reportRing must be 0 or a power of two from "
                + GuardProtocol.MIN_RING_BYTES
                + " to "
                + GuardProtocol.MAX_RING_BYTES
                + ", got "
                + reportRing);
      }
      if (eventCapacity > GuardProtocol.MAX_EVENT_BYTES) {
        throw new IllegalArgumentException(
            "eventCapacity must be at most "
                + GuardProtocol.MAX_EVENT_BYTES
                + ", got "
                + eventCapacity);
      }
    }

    private static void atLeast(String name, int value, int least) {
      if (value < least) {
        throw new IllegalArgumentException(name + " must be at least " + least + ", got " + value);
      }
    }

    /** One thread, exempt, 64 in flight of 8 KiB, 32 deferred, errors logged, a ring of 1 MiB. */
    public static Options defaults() {
      return DEFAULTS;
    }

    /** With another {@link #threads()}. */
    public Options withThreads(int value) {
      return new Options(value, exempt, inFlight, eventCapacity, maxDeferred, onError, reportRing);
    }

    /** With another {@link #exempt()}. */
    public Options withExempt(boolean value) {
      return new Options(threads, value, inFlight, eventCapacity, maxDeferred, onError, reportRing);
    }

    /** With another {@link #inFlight()}; {@link #maxDeferred()} shrinks with it. */
    public Options withInFlight(int value) {
      return new Options(
          threads,
          exempt,
          value,
          eventCapacity,
          Math.min(maxDeferred, value - 1),
          onError,
          reportRing);
    }

    /** With another {@link #eventCapacity()}. */
    public Options withEventCapacity(int value) {
      return new Options(threads, exempt, inFlight, value, maxDeferred, onError, reportRing);
    }

    /** With another {@link #maxDeferred()}. */
    public Options withMaxDeferred(int value) {
      return new Options(threads, exempt, inFlight, eventCapacity, value, onError, reportRing);
    }

    /** With another {@link #onError()}. */
    public Options withOnError(ErrorHandler value) {
      return new Options(threads, exempt, inFlight, eventCapacity, maxDeferred, value, reportRing);
    }

    /** With another {@link #reportRing()}. */
    public Options withReportRing(int bytes) {
      return new Options(threads, exempt, inFlight, eventCapacity, maxDeferred, onError, bytes);
    }
  }
}
