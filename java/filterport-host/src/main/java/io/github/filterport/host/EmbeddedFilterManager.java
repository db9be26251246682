// SPDX-License-Identifier: Apache-2.0
package io.github.filterport.host;

import io.github.filterport.Connector;
import io.github.filterport.FilterPort;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A Filter Manager of this JVM's own: starts {@code fltmgrd} as a child, loads minifilters into it
 * and gives it folders to filter. Linux only.
 *
 * <p>Where things come from, first match wins:
 *
 * <ol>
 *   <li>fltmgrd: {@link Options#executable()}, {@code -Dfilterport.fltmgrd}, this jar;
 *   <li>a driver by name: {@link Options#drivers()}, the folder {@code -Dfilterport.drivers}, this
 *       jar, which has {@code filterport}.
 * </ol>
 *
 * <p>What comes out of the jar goes to a fresh folder under {@code java.io.tmpdir} that only this
 * user may enter, and that {@link #close} removes. That folder must allow execution.
 *
 * <p>fltmgrd ends, and releases every gated open, when it is closed here and when this JVM dies,
 * however it dies: its end of a pipe reads end-of-file. If fltmgrd itself is killed, each pending
 * and each later call fails with {@link FilterManagerException} naming the signal and fltmgrd's
 * last words; start a new manager then.
 *
 * <p>Thread-safe. Methods that ask fltmgrd something block, at most {@link
 * Options#requestTimeout()}; they do not pin a virtual thread.
 */
public final class EmbeddedFilterManager implements AutoCloseable {
  static final Logger LOG = LoggerFactory.getLogger(EmbeddedFilterManager.class);

  private final Options options;
  private final ManagerProcess process;
  private final String address;
  private final Belongings belongings;
  private boolean closed;

  private EmbeddedFilterManager(
      Options options, ManagerProcess process, String address, Belongings belongings) {
    this.options = options;
    this.process = process;
    this.address = address;
    this.belongings = belongings;
  }

  /** Starts with {@link Options#defaults()}. */
  public static EmbeddedFilterManager start() throws FilterManagerException {
    return start(Options.defaults());
  }

  /**
   * Starts fltmgrd and waits until it accepts clients, at most {@link Options#startTimeout()}.
   *
   * @throws FilterManagerException if there is no fltmgrd for this platform, it cannot be run, or
   *     it ends or says nothing before it is ready; nothing is left behind then
   */
  public static EmbeddedFilterManager start(Options options) throws FilterManagerException {
    String system = System.getProperty("os.name", "");
    if (!system.equals("Linux")) {
      throw new FilterManagerException(
          "start fltmgrd: runs on Linux only, this is " + system + ". Windows has its own.");
    }
    Belongings belongings = new Belongings(HostFiles.create(), options.closeTimeout());
    try {
      ManagerProcess process = ManagerProcess.start(command(options, belongings.files));
      belongings.process = process;
      String address = process.awaitReady(options.startTimeout());
      return new EmbeddedFilterManager(options, process, address, belongings);
    } catch (FilterManagerException | RuntimeException e) {
      belongings.discard();
      throw e;
    }
  }

  private static List<String> command(Options options, HostFiles files)
      throws FilterManagerException {
    List<String> command = new ArrayList<>();
    command.add(files.executable(options.executable()).toString());
    command.add("--embedded");
    command.add("--socket");
    command.add(files.socket().toString());
    command.add("--drivers");
    command.add(files.drivers().toString());
    if (options.deadline() != null) {
      command.add("--deadline-ms");
      command.add(Long.toString(options.deadline().toMillis()));
    }
    if (options.heartbeat() != null) {
      command.add("--heartbeat-ms");
      command.add(Long.toString(options.heartbeat().toMillis()));
    }
    if (options.workers() > 0) {
      command.add("--workers");
      command.add(Integer.toString(options.workers()));
    }
    return command;
  }

  /** The socket on which this Filter Manager accepts clients. */
  public String address() {
    return address;
  }

  /** A connector for a port of a driver loaded here. Does not block; connects nothing yet. */
  public Connector connector(String port) {
    return FilterPort.connector(port).manager(address);
  }

  /**
   * Loads a driver by name and runs its DriverEntry.
   *
   * @param name {@code filterport} for the bundled one; letters, digits, {@code _} and {@code -}
   * @throws FilterManagerException if there is no such driver, it is no driver, or its DriverEntry
   *     fails, with its status
   */
  public void loadDriver(String name) throws FilterManagerException {
    belongings.files.provideDriver(name, options.drivers());
    call("load", name);
  }

  /**
   * Loads a driver image, {@code NAME.so}, and runs its DriverEntry. The image is copied first: the
   * file may be rebuilt while it is loaded.
   *
   * @return the driver's name, for {@link #unloadDriver}
   */
  public String loadDriver(Path image) throws FilterManagerException {
    String name = belongings.files.addDriver(image);
    call("load", name);
    return name;
  }

  /** Unloads a driver: its filters are unregistered, its ports closed, clients disconnected. */
  public void unloadDriver(String name) throws FilterManagerException {
    call("unload", name);
  }

  /**
   * Gives the Filter Manager a folder to filter. Loaded drivers get an instance on it.
   *
   * @throws FilterManagerException if the folder cannot be filtered that way; for {@link
   *     VolumeKind#FANOTIFY} without CAP_SYS_ADMIN the text says so
   */
  public Volume volume(Path directory, VolumeKind kind) throws FilterManagerException {
    Path absolute = directory.toAbsolutePath().normalize();
    Map<String, String> answer = call("volume", kind.arguments(absolute));
    String id = value(answer, "volume");
    String device = value(answer, "device");
    return kind == VolumeKind.DIRECT
        ? new DirectVolume(this, id, device, absolute)
        : new Volume(this, id, device, absolute, kind);
  }

  /** A {@link VolumeKind#DIRECT} volume. */
  public DirectVolume directVolume(Path directory) throws FilterManagerException {
    return (DirectVolume) volume(directory, VolumeKind.DIRECT);
  }

  /** What fltmgrd has counted since its start, by name, sorted. */
  public SortedMap<String, Long> counters() throws FilterManagerException {
    SortedMap<String, Long> counters = new TreeMap<>();
    for (Map.Entry<String, String> one : call("counters").entrySet()) {
      try {
        counters.put(one.getKey(), Long.decode(one.getValue()));
      } catch (NumberFormatException e) {
        throw new FilterManagerException(
            "counters: " + one.getKey() + "=" + one.getValue() + " is no number", e);
      }
    }
    return Collections.unmodifiableSortedMap(counters);
  }

  /** What fltmgrd wrote to stderr, oldest first, the last 100 lines. Does not block. */
  public List<String> errors() {
    return process.errors();
  }

  /** Process id of fltmgrd's supervisor. */
  public long pid() {
    return process.pid();
  }

  /** Whether fltmgrd runs. Does not block. */
  public boolean isAlive() {
    return process.isAlive();
  }

  /**
   * Ends fltmgrd: drivers are unloaded, clients disconnected, gated opens released. Waits for its
   * exit, at most {@link Options#closeTimeout()}, and kills it then; when this returns the process
   * is gone and its folder removed. Pending calls fail. Idempotent; a second call from another
   * thread waits for the first.
   */
  @Override
  public synchronized void close() {
    if (closed) {
      return;
    }
    closed = true;
    belongings.discard();
  }

  CompletableFuture<Map<String, String>> request(String verb, String... arguments) {
    return process.request(verb, arguments);
  }

  Map<String, String> call(String verb, String... arguments) throws FilterManagerException {
    return process.call(options.requestTimeout(), verb, arguments);
  }

  <T> T await(CompletableFuture<T> future, String what) throws FilterManagerException {
    return process.await(future, options.requestTimeout(), what);
  }

  static int status(Map<String, String> values) {
    return Long.decode(values.getOrDefault("status", "0")).intValue();
  }

  private static String value(Map<String, String> values, String key)
      throws FilterManagerException {
    String value = values.get(key);
    if (value == null) {
      throw new FilterManagerException(
          key + ": fltmgrd's answer has no " + key + "=, it has " + values.keySet());
    }
    return value;
  }

  @Override
  public String toString() {
    return "fltmgrd (pid " + pid() + ") at " + address;
  }

  /** What must go with this JVM, from the first moment on: the folder, and fltmgrd if it runs. */
  private static final class Belongings {
    private final HostFiles files;
    private final Duration limit;
    private final Thread exitHook = new Thread(this::release, "filterport-host-exit");
    private volatile @Nullable ManagerProcess process;

    Belongings(HostFiles files, Duration limit) {
      this.files = files;
      this.limit = limit;
      Runtime.getRuntime().addShutdownHook(exitHook);
    }

    void discard() {
      release();
      try {
        Runtime.getRuntime().removeShutdownHook(exitHook);
      } catch (IllegalStateException e) {
        LOG.trace("closed while the JVM goes down", e);
      }
    }

    private void release() {
      ManagerProcess running = process;
      if (running != null) {
        running.stop(limit);
      }
      files.delete();
    }
  }

  /**
   * How to start. Immutable; the {@code with…} methods return changed copies.
   *
   * @param executable fltmgrd to run, or null for the usual places
   * @param drivers folder searched first for drivers, or null
   * @param deadline after which a gated open is answered whatever the driver does, or null for
   *     fltmgrd's default
   * @param heartbeat silence of the worker process after which its supervisor kills it, so that
   *     gated opens are released, or null for fltmgrd's default
   * @param workers threads that run callbacks, or 0 for fltmgrd's default
   * @param startTimeout how long {@link #start} waits
   * @param requestTimeout how long each request waits for its answer
   * @param closeTimeout how long {@link #close} waits before it kills
   */
  public record Options(
      @Nullable Path executable,
      @Nullable Path drivers,
      @Nullable Duration deadline,
      @Nullable Duration heartbeat,
      int workers,
      Duration startTimeout,
      Duration requestTimeout,
      Duration closeTimeout) {
    private static final Options DEFAULTS =
        new Options(
            null,
            null,
            null,
            null,
            0,
            Duration.ofSeconds(10),
            Duration.ofSeconds(30),
            Duration.ofSeconds(5));

    /** Checks the arguments. */
    public Options {
      if (workers < 0) {
        throw new IllegalArgumentException("workers must not be negative, got " + workers);
      }
      positive("deadline", deadline);
      positive("heartbeat", heartbeat);
      positive("startTimeout", startTimeout);
      positive("requestTimeout", requestTimeout);
      positive("closeTimeout", closeTimeout);
    }

    private static void positive(String name, @Nullable Duration value) {
      if (value != null && value.toMillis() <= 0) {
        throw new IllegalArgumentException(name + " must be at least 1 ms, got " + value);
      }
    }

    /** Everything from the usual places; 10 s to start, 30 s a request, 5 s to close. */
    public static Options defaults() {
      return DEFAULTS;
    }

    /** With another {@link #executable()}. */
    public Options withExecutable(Path value) {
      return new Options(
          value, drivers, deadline, heartbeat, workers, startTimeout, requestTimeout, closeTimeout);
    }

    /** With another {@link #drivers()}. */
    public Options withDrivers(Path value) {
      return new Options(
          executable,
          value,
          deadline,
          heartbeat,
          workers,
          startTimeout,
          requestTimeout,
          closeTimeout);
    }

    /** With another {@link #deadline()}. */
    public Options withDeadline(Duration value) {
      return new Options(
          executable,
          drivers,
          value,
          heartbeat,
          workers,
          startTimeout,
          requestTimeout,
          closeTimeout);
    }

    /** With another {@link #heartbeat()}. */
    public Options withHeartbeat(Duration value) {
      return new Options(
          executable,
          drivers,
          deadline,
          value,
          workers,
          startTimeout,
          requestTimeout,
          closeTimeout);
    }

    /** With another {@link #workers()}. */
    public Options withWorkers(int value) {
      return new Options(
          executable,
          drivers,
          deadline,
          heartbeat,
          value,
          startTimeout,
          requestTimeout,
          closeTimeout);
    }

    /** With another {@link #startTimeout()}. */
    public Options withStartTimeout(Duration value) {
      return new Options(
          executable, drivers, deadline, heartbeat, workers, value, requestTimeout, closeTimeout);
    }

    /** With another {@link #requestTimeout()}. */
    public Options withRequestTimeout(Duration value) {
      return new Options(
          executable, drivers, deadline, heartbeat, workers, startTimeout, value, closeTimeout);
    }

    /** With another {@link #closeTimeout()}. */
    public Options withCloseTimeout(Duration value) {
      return new Options(
          executable, drivers, deadline, heartbeat, workers, startTimeout, requestTimeout, value);
    }
  }
}
