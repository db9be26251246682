// SPDX-License-Identifier: Apache-2.0
package io.github.filterport.testing;

import io.github.filterport.DriverPackage;
import io.github.filterport.FilterException;
import io.github.filterport.FilterService;
import io.github.filterport.FilterService.State;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Map;

/**
 * A Filter Manager of a test's own under Wine: drivers loaded as services, and with them our
 * fltmgr.sys. Closing stops and uninstalls them; with the last driver the Filter Manager ends, too.
 */
public final class DriverServices implements AutoCloseable {
  /** Services of one group share a process under Wine, and with it the Filter Manager. */
  private static final String GROUP = "FSFilter Activity Monitor";

  private static final Map<String, String> ALTITUDES =
      Map.of("conformance", "370020", "flood", "370010");

  private final Deque<FilterService> loaded = new ArrayDeque<>();

  private DriverServices() {}

  /** Starts with these drivers. */
  public static DriverServices start(String... drivers) throws IOException {
    DriverServices services = new DriverServices();
    try {
      for (String driver : drivers) {
        services.load(driver);
      }
      return services;
    } catch (IOException | RuntimeException | Error e) {
      services.close();
      throw e;
    }
  }

  /** The folder with the drivers' images. */
  public static Path folder() {
    return Path.of(System.getProperty("filterport.drivers", "drivers"));
  }

  /** What is installed for a driver of that name. */
  public static DriverPackage driverPackage(String driver) throws IOException {
    Path inf = folder().resolve(driver + ".inf");
    DriverPackage described =
        Files.isRegularFile(inf)
            ? DriverPackage.read(inf)
            : DriverPackage.of(
                driver,
                folder().resolve(driver + ".sys"),
                GROUP,
                ALTITUDES.getOrDefault(driver, "370000"));
    return described.withGroup(GROUP);
  }

  /** Installs a driver's service and starts it. */
  public synchronized void load(String driver) throws IOException {
    FilterService left = FilterService.named(driver);
    if (left.state() != State.NOT_INSTALLED) {
      left.stop(); // of a run that was broken off
      left.uninstall();
    }
    FilterService service = FilterService.install(driverPackage(driver)).apply();
    loaded.push(service);
    service.start();
    if (!HostDevice.isThere()) {
      throw new AssertionError(
          "Wine's builtin fltmgr.sys was loaded instead of ours: ci/steps/lib/wine puts ours into"
              + " system32\\drivers and makes it native before services.exe starts");
    }
  }

  /** Stops a driver's service and uninstalls it. */
  public synchronized void unload(String driver) throws FilterException {
    for (FilterService service : loaded) {
      if (service.name().equals(driver)) {
        end(service);
        loaded.remove(service);
        return;
      }
    }
    throw new IllegalStateException(driver + " is not loaded");
  }

  private static void end(FilterService service) throws FilterException {
    if (service.state() != State.NOT_INSTALLED) {
      service.stop();
      service.uninstall();
    }
  }

  @Override
  public synchronized void close() {
    while (!loaded.isEmpty()) {
      FilterService service = loaded.pop();
      try {
        end(service);
      } catch (FilterException e) {
        throw new AssertionError("the driver " + service.name() + " does not go", e);
      }
    }
  }
}
