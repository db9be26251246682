// SPDX-License-Identifier: Apache-2.0
package io.github.filterport;

import io.github.filterport.InfFile.Line;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** A minifilter's service section of an INF, as a {@link DriverPackage} and as registry values. */
final class InfDriver {
  private static final int FLAG_DWORD = 0x00010001;

  private final InfFile inf;
  private final String service;
  private final Map<String, String> settings = new LinkedHashMap<>();
  private final List<RegistryValue> values = new ArrayList<>();

  private InfDriver(InfFile inf, Line addService) throws IOException {
    this.inf = inf;
    this.service = addService.value(0);
    for (Line line : inf.section(addService.value(2))) {
      if (!line.key().equalsIgnoreCase("AddReg")) {
        settings.put(line.key(), line.value(0));
        continue;
      }
      for (String section : line.values()) {
        for (Line value : inf.section(section)) {
          values.add(registryValue(value));
        }
      }
    }
  }

  static DriverPackage read(Path path) throws IOException {
    InfFile inf = InfFile.read(path);
    String processor = NativePlatform.current().name().endsWith("arm64") ? "arm64" : "amd64";
    List<InfDriver> found = services(inf, ".nt" + processor);
    if (found.isEmpty()) {
      throw new IOException(
          path + ": no AddService in a section [DefaultInstall.NT" + processor + "….Services]");
    }
    return found.get(0).driverPackage();
  }

  /** What each install section for that processor adds; there is one for each range of versions. */
  static List<InfDriver> services(InfFile inf, String processor) throws IOException {
    List<InfDriver> found = new ArrayList<>();
    for (String section : inf.sections()) {
      if (section.startsWith("defaultinstall" + processor) && section.endsWith(".services")) {
        for (Line line : inf.section(section)) {
          if (line.key().equalsIgnoreCase("AddService")) {
            found.add(new InfDriver(inf, line));
          }
        }
      }
    }
    return found;
  }

  String service() {
    return service;
  }

  /** The lines of the service section, without AddReg. */
  Map<String, String> settings() {
    return settings;
  }

  /** What AddReg writes below the service's key. */
  List<RegistryValue> values() {
    return values;
  }

  private RegistryValue registryValue(Line line) throws IOException {
    if (!line.value(0).equalsIgnoreCase("HKR")) {
      throw new IOException(inf.path() + ": AddReg writes to " + line.value(0) + ", not HKR alone");
    }
    int flags = number(line.value(3));
    Object data;
    if (flags == FLAG_DWORD) {
      data = number(line.value(4));
    } else if (flags == 0) {
      data = line.value(4);
    } else {
      throw new IOException(
          inf.path()
              + ": "
              + line.value(2)
              + " has the type "
              + line.value(3)
              + ", not known here");
    }
    return new RegistryValue(line.value(1), line.value(2), data);
  }

  private int number(String text) throws IOException {
    try {
      return text.isEmpty() ? 0 : Integer.decode(text);
    } catch (NumberFormatException e) {
      throw new IOException(inf.path() + ": " + text + " is no number", e);
    }
  }

  private String setting(String name) throws IOException {
    for (Map.Entry<String, String> one : settings.entrySet()) {
      if (one.getKey().equalsIgnoreCase(name)) {
        return one.getValue();
      }
    }
    throw new IOException(inf.path() + ": the service " + service + " has no " + name);
  }

  private Object value(String key, String name) throws IOException {
    for (RegistryValue value : values) {
      if (value.key().equalsIgnoreCase(key) && value.name().equalsIgnoreCase(name)) {
        return value.data();
      }
    }
    throw new IOException(inf.path() + ": AddReg writes no " + key + "\\" + name);
  }

  private DriverPackage driverPackage() throws IOException {
    String binary = setting("ServiceBinary");
    String instance = String.valueOf(value("Instances", "DefaultInstance"));
    DriverPackage driver =
        new DriverPackage(
            service,
            inf.path().resolveSibling(binary.substring(binary.lastIndexOf('\\') + 1)),
            setting("DisplayName"),
            setting("Description"),
            setting("LoadOrderGroup"),
            String.valueOf(value("Instances\\" + instance, "Altitude")),
            instance,
            value("", "SupportedFeatures") instanceof Integer features ? features : 0);
    List<RegistryValue> written = ServiceValues.added(driver);
    for (RegistryValue value : values) {
      if (!written.contains(value)) {
        throw new IOException(
            inf.path() + ": FilterService would not write " + value + "; install it by its INF");
      }
    }
    return driver;
  }
}
