// SPDX-License-Identifier: Apache-2.0
package io.github.filterport;

import java.util.List;

/** What an installed minifilter's service has in the registry. */
final class ServiceValues {
  static final int SERVICE_FILE_SYSTEM_DRIVER = 2;
  static final int SERVICE_DEMAND_START = 3;
  static final int SERVICE_ERROR_NORMAL = 1;
  static final String FILTER_MANAGER = "FltMgr";

  private ServiceValues() {}

  /** Those that the service control manager writes. */
  static List<RegistryValue> service(DriverPackage driver) {
    return List.of(
        new RegistryValue("", "Type", SERVICE_FILE_SYSTEM_DRIVER),
        new RegistryValue("", "Start", SERVICE_DEMAND_START),
        new RegistryValue("", "ErrorControl", SERVICE_ERROR_NORMAL),
        new RegistryValue("", "ImagePath", driver.image().toAbsolutePath().toString()),
        new RegistryValue("", "DisplayName", driver.displayName()),
        new RegistryValue("", "Group", driver.group()),
        new RegistryValue("", "DependOnService", List.of(FILTER_MANAGER)));
  }

  /** What a service section calls Description. */
  static List<RegistryValue> description(DriverPackage driver) {
    return driver.description().isEmpty()
        ? List.of()
        : List.of(new RegistryValue("", "Description", driver.description()));
  }

  /**
   * Those that the Filter Manager reads: below Parameters since Windows 11 24H2, below the
   * service's key before.
   */
  static List<RegistryValue> added(DriverPackage driver) {
    String instance = "Instances\\" + driver.instance();
    return List.of(
        new RegistryValue("", "SupportedFeatures", driver.supportedFeatures()),
        new RegistryValue("Instances", "DefaultInstance", driver.instance()),
        new RegistryValue(instance, "Altitude", driver.altitude()),
        new RegistryValue(instance, "Flags", 0),
        new RegistryValue("Parameters", "SupportedFeatures", driver.supportedFeatures()),
        new RegistryValue("Parameters\\Instances", "DefaultInstance", driver.instance()),
        new RegistryValue("Parameters\\" + instance, "Altitude", driver.altitude()),
        new RegistryValue("Parameters\\" + instance, "Flags", 0));
  }
}
