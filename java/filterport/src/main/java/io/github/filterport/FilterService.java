// SPDX-License-Identifier: Apache-2.0
package io.github.filterport;

import java.nio.file.Files;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.locks.LockSupport;

/**
 * A minifilter driver's service on Windows: install, start, stop, uninstall. What is installed is
 * the same as an INF for a minifilter installs: a file-system driver started on demand, dependent
 * on FltMgr, in its load-order group, with altitude and default instance.
 *
 * <pre>{@code
 * DriverPackage driver = DriverPackage.read(Path.of("C:\\app\\filterport.inf"));
 * FilterService.Plan plan = FilterService.install(driver);   // changes nothing
 * System.out.println(plan);                                  // what would be written
 * FilterService service = plan.apply();
 * service.start();
 * }</pre>
 *
 * <p>All but making a plan needs administrator's rights. Windows loads only drivers whose signature
 * it trusts; docs/windows.md tells how to sign one for tests.
 *
 * <p>On Linux there are no services: {@link #install} makes its plan, and every other call fails
 * with a {@link FilterException} that says what to use instead.
 *
 * <p>Objects are immutable and thread-safe and hold nothing open. Methods block as long as the
 * service control manager does, that is while the driver's entry or unload routine runs; they pin
 * the carrier of a virtual thread.
 */
public final class FilterService {
  private static final String SERVICES = "SYSTEM\\CurrentControlSet\\Services\\";
  private static final Duration STOP_LIMIT = Duration.ofSeconds(30);
  private static final long STOP_PAUSE_NANOS = 5_000_000;

  private final String name;

  private FilterService(String name) {
    this.name = name;
  }

  /** Whether a service exists and runs. */
  public enum State {
    /** There is no such service: {@link #install} it. */
    NOT_INSTALLED,
    /** Its driver is not loaded: {@link #start} it. */
    STOPPED,
    /** Its driver's entry routine runs. */
    STARTING,
    /** Its driver's unload routine runs. */
    STOPPING,
    /** Its driver is loaded. */
    RUNNING
  }

  /** A service by its name, whether it exists or not. */
  public static FilterService named(String service) {
    if (service.isBlank() || service.indexOf('\\') >= 0 || service.indexOf('/') >= 0) {
      throw new IllegalArgumentException("not the name of a service: \"" + service + "\"");
    }
    return new FilterService(service);
  }

  /** What installing this driver would do. Changes nothing, asks nothing, works everywhere. */
  public static Plan install(DriverPackage driver) {
    return new Plan(driver);
  }

  /** What an installation writes; nothing is written before {@link #apply}. Immutable. */
  public static final class Plan {
    private final DriverPackage driver;
    private final List<RegistryValue> values;

    private Plan(DriverPackage driver) {
      this.driver = Objects.requireNonNull(driver, "driver");
      List<RegistryValue> all = new ArrayList<>(ServiceValues.service(driver));
      all.addAll(ServiceValues.description(driver));
      all.addAll(ServiceValues.added(driver));
      values = Collections.unmodifiableList(all);
    }

    /** What is to be installed. */
    public DriverPackage driver() {
      return driver;
    }

    /** Every value that the service's registry key will have. */
    public List<RegistryValue> values() {
      return values;
    }

    /**
     * Installs. The driver is not loaded yet. When a step fails, those before it are undone.
     *
     * @return the new service
     * @throws FilterException if the service exists already, the image is not there, the caller may
     *     not do this, or this is not Windows; nothing is changed then
     */
    public FilterService apply() throws FilterException {
      FilterService service = named(driver.service());
      if (service.state() != State.NOT_INSTALLED) {
        throw FilterException.of(
            ServiceErrors.SERVICE_EXISTS, ServiceErrors.INSTALL, driver.service());
      }
      if (!Files.isRegularFile(driver.image())) {
        throw FilterException.of(
            Hresult.ERROR_FILE_NOT_FOUND, ServiceErrors.INSTALL, driver.image().toString());
      }
      service.create(driver);
      return service;
    }

    /** The values, one a line. */
    @Override
    public String toString() {
      StringBuilder text = new StringBuilder("HKLM\\" + SERVICES + driver.service());
      values.forEach(value -> text.append("\n  ").append(value));
      return text.toString();
    }
  }

  /** The service's name. */
  public String name() {
    return name;
  }

  private void create(DriverPackage driver) throws FilterException {
    ServiceShim.check(
        ServiceShim.create(
            zeroTerminated(name),
            zeroTerminated(driver.displayName()),
            zeroTerminated(driver.image().toAbsolutePath().toString()),
            zeroTerminated(driver.group()),
            zeroTerminated(ServiceValues.FILTER_MANAGER + '\0')),
        name);
    List<RegistryValue> values = new ArrayList<>(ServiceValues.description(driver));
    values.addAll(ServiceValues.added(driver));
    for (RegistryValue value : values) {
      try {
        write(value);
      } catch (FilterException e) {
        long undone = ServiceShim.delete(zeroTerminated(name));
        if (ServiceShim.hresult(undone) < 0) {
          e.addSuppressed(FilterException.of(ServiceShim.hresult(undone), "DeleteService", name));
        }
        throw e;
      }
    }
  }

  private void write(RegistryValue value) throws FilterException {
    String key = SERVICES + name + (value.key().isEmpty() ? "" : "\\" + value.key());
    ServiceShim.check(
        ServiceShim.setValue(
            zeroTerminated(key), zeroTerminated(value.name()), value.type(), value.bytes()),
        key + "\\" + value.name());
  }

  /**
   * Loads the driver: returns when its entry routine has. Does nothing if it is loaded.
   *
   * @throws FilterException with the driver's own status if its entry routine fails, or with
   *     Windows' reason not to load it: the text says what to do
   */
  public void start() throws FilterException {
    FilterportNative.ensureAvailable();
    long result = ServiceShim.start(zeroTerminated(name));
    if (ServiceShim.hresult(result) != ServiceErrors.SERVICE_ALREADY_RUNNING) {
      ServiceShim.check(result, name);
    }
  }

  /**
   * Unloads the driver: its ports close, its connections end with {@link
   * PortDisconnectedException}, senders that wait are released. Returns when it is gone. Does
   * nothing if it is not loaded.
   *
   * @throws FilterException if there is no such service, the driver cannot be unloaded, or it is
   *     still there after 30 seconds
   */
  public void stop() throws FilterException {
    FilterportNative.ensureAvailable();
    long result = ServiceShim.stop(zeroTerminated(name));
    int hresult = ServiceShim.hresult(result);
    boolean underWay =
        hresult == ServiceErrors.SERVICE_NOT_ACTIVE
            || (hresult == ServiceErrors.SERVICE_CANNOT_ACCEPT_CTRL && state() != State.RUNNING);
    if (!underWay) {
      ServiceShim.check(result, name);
    }
    long start = System.nanoTime();
    while (state() != State.STOPPED) {
      if (System.nanoTime() - start > STOP_LIMIT.toNanos()) {
        throw FilterException.of(ServiceErrors.SERVICE_REQUEST_TIMEOUT, "ControlService", name);
      }
      LockSupport.parkNanos(STOP_PAUSE_NANOS);
    }
  }

  /**
   * Deletes the service and all its keys; the image stays.
   *
   * @throws FilterException if there is no such service, or it is not stopped; nothing is changed
   *     then
   */
  public void uninstall() throws FilterException {
    State state = state();
    if (state != State.STOPPED && state != State.NOT_INSTALLED) {
      throw FilterException.of(
          ServiceErrors.SERVICE_ALREADY_RUNNING, ServiceErrors.UNINSTALL, name);
    }
    ServiceShim.check(ServiceShim.delete(zeroTerminated(name)), name);
  }

  /**
   * Asks whether it is installed and runs.
   *
   * @throws FilterException if the caller may not ask, or this is not Windows
   */
  public State state() throws FilterException {
    FilterportNative.ensureAvailable();
    int[] out = new int[1];
    long result = ServiceShim.state(zeroTerminated(name), out);
    if (ServiceShim.hresult(result) == ServiceErrors.SERVICE_DOES_NOT_EXIST) {
      return State.NOT_INSTALLED;
    }
    ServiceShim.check(result, name);
    return switch (out[0]) {
      case 1 -> State.STOPPED;
      case 2 -> State.STARTING;
      case 3 -> State.STOPPING;
      default -> State.RUNNING;
    };
  }

  private static char[] zeroTerminated(String text) {
    return (text + '\0').toCharArray();
  }

  @Override
  public String toString() {
    return "service " + name;
  }
}
