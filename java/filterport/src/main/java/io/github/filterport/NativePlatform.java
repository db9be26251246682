// SPDX-License-Identifier: Apache-2.0
package io.github.filterport;

import java.util.List;
import java.util.Locale;
import org.scijava.nativelib.NativeLibraryUtil;
import org.scijava.nativelib.NativeLibraryUtil.Architecture;

/**
 * Names of this platform's native files. Only names come from native-lib-loader: its extractors and
 * its loader are not used.
 */
final class NativePlatform {
  private static final String ROOT = "META-INF/lib/";

  private final String name;
  private final String shim;
  private final List<String> files;

  private NativePlatform(String name, String shim, List<String> files) {
    this.name = name;
    this.shim = shim;
    this.files = files;
  }

  static NativePlatform current() {
    String known = NativeLibraryUtil.getPlatformLibraryName("filterport");
    String shim = known != null ? known : System.mapLibraryName("filterport");
    String name = platformName();
    boolean linux = name.startsWith("linux");
    return new NativePlatform(name, shim, linux ? List.of("libfltlib.so", shim) : List.of(shim));
  }

  private static String platformName() {
    Architecture architecture = NativeLibraryUtil.getArchitecture();
    if (architecture == Architecture.UNKNOWN
        && System.getProperty("os.arch", "").equalsIgnoreCase("arm64")) {
      String system = System.getProperty("os.name", "").toLowerCase(Locale.ROOT);
      return system.startsWith("windows") ? "windows_arm64" : "linux_arm64";
    }
    return architecture.name().toLowerCase(Locale.ROOT);
  }

  /** For instance linux_64. */
  String name() {
    return name;
  }

  /** File name of the shim. */
  String shim() {
    return shim;
  }

  /** All native files, those that the shim needs first. */
  List<String> files() {
    return files;
  }

  /** Where they are in the jar, with a slash at the end. */
  String resourceFolder() {
    return ROOT + name + "/";
  }
}
