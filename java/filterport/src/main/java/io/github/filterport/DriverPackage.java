// SPDX-License-Identifier: Apache-2.0
package io.github.filterport;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Objects;
import java.util.regex.Pattern;

/**
 * A minifilter driver to install: its image, and the names under which Windows and the Filter
 * Manager know it. Immutable; the {@code with…} methods return changed copies.
 *
 * <p>Group and altitude belong together: an altitude is assigned by Microsoft from the range of its
 * load-order group, and no two loaded minifilters may have the same.
 *
 * @param service name of the service, and of the filter
 * @param image the driver's .sys file; it stays where it is, so put it where only administrators
 *     may write
 * @param displayName the name that tools show
 * @param description one line for tools; may be empty
 * @param group load-order group, for instance {@code FSFilter Content Screener}
 * @param altitude a decimal number, for instance {@code 268888.25}
 * @param instance name of the default instance
 * @param supportedFeatures bits of the value SupportedFeatures: 1 offload read, 2 offload write, 4
 *     named pipes and mailslots, 8 bypass I/O
 */
public record DriverPackage(
    String service,
    Path image,
    String displayName,
    String description,
    String group,
    String altitude,
    String instance,
    int supportedFeatures) {
  private static final int LONGEST_NAME = 256;
  private static final Pattern ALTITUDE = Pattern.compile("\\d{1,6}(\\.\\d{1,20})?");

  /**
   * Checks the arguments.
   *
   * @throws IllegalArgumentException if one of them could not be written: the text names it, the
   *     rule and the value
   */
  public DriverPackage {
    Objects.requireNonNull(image, "image");
    name("service", service);
    name("displayName", displayName);
    name("group", group);
    name("instance", instance);
    text("description", description);
    if (service.indexOf('/') >= 0 || service.indexOf('\\') >= 0 || instance.indexOf('\\') >= 0) {
      throw new IllegalArgumentException(
          "service and instance are names of registry keys, without slashes, got "
              + service
              + " and "
              + instance);
    }
    if (!ALTITUDE.matcher(altitude).matches()) {
      throw new IllegalArgumentException(
          "altitude must be a decimal number as 268888.25, got " + altitude);
    }
  }

  private static void name(String what, String value) {
    text(what, value);
    if (value.isBlank() || value.length() > LONGEST_NAME) {
      throw new IllegalArgumentException(
          what + " must have 1 to " + LONGEST_NAME + " characters, got \"" + value + "\"");
    }
  }

  private static void text(String what, String value) {
    if (value.chars().anyMatch(Character::isISOControl)) {
      throw new IllegalArgumentException(what + " must be one line of plain text");
    }
  }

  /**
   * A driver with its service's name as display name, the instance {@code <service> Instance}, and
   * no supported features.
   */
  public static DriverPackage of(String service, Path image, String group, String altitude) {
    return new DriverPackage(
        service, image, service, "", group, altitude, service + " Instance", 0);
  }

  /**
   * Reads what an INF says. The image is expected beside it, under the name that the INF gives.
   *
   * @throws IOException if the file cannot be read, has no service section for this processor,
   *     lacks a value, or writes more than {@link FilterService} would: such a driver is installed
   *     by its INF
   */
  public static DriverPackage read(Path inf) throws IOException {
    return InfDriver.read(inf);
  }

  /** With another {@link #image()}. */
  public DriverPackage withImage(Path value) {
    return new DriverPackage(
        service, value, displayName, description, group, altitude, instance, supportedFeatures);
  }

  /** With another {@link #description()}. */
  public DriverPackage withDescription(String value) {
    return new DriverPackage(
        service, image, displayName, value, group, altitude, instance, supportedFeatures);
  }

  /** With another {@link #group()}. */
  public DriverPackage withGroup(String value) {
    return new DriverPackage(
        service, image, displayName, description, value, altitude, instance, supportedFeatures);
  }

  /** With another {@link #altitude()}. */
  public DriverPackage withAltitude(String value) {
    return new DriverPackage(
        service, image, displayName, description, group, value, instance, supportedFeatures);
  }

  /** With another {@link #instance()}. */
  public DriverPackage withInstance(String value) {
    return new DriverPackage(
        service, image, displayName, description, group, altitude, value, supportedFeatures);
  }

  /** With other {@link #supportedFeatures()}. */
  public DriverPackage withSupportedFeatures(int value) {
    return new DriverPackage(
        service, image, displayName, description, group, altitude, instance, value);
  }
}
