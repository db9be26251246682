// SPDX-License-Identifier: Apache-2.0
package io.github.filterport;

import io.github.filterport.testing.DriverServices;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** Drivers as services under Wine; see {@link DriverServices}. */
final class ServiceManager implements TestManager {
  private final DriverServices services;

  private ServiceManager(DriverServices services) {
    this.services = services;
  }

  static ServiceManager start(String... drivers) throws IOException {
    return new ServiceManager(DriverServices.start(drivers));
  }

  @Override
  public Connector connector(String port) {
    return FilterPort.connector(port);
  }

  @Override
  public @Nullable String address() {
    return null;
  }

  @Override
  public void load(String driver) throws IOException {
    services.load(driver);
  }

  @Override
  public void unload(String driver) throws IOException {
    services.unload(driver);
  }

  @Override
  public void close() {
    services.close();
  }
}
