// SPDX-License-Identifier: Apache-2.0
package io.github.filterport;

import java.net.URISyntaxException;
import java.net.URL;
import java.nio.file.Path;

/** Where this platform's native files lie on the class path. */
final class TestNatives {
  private static final NativePlatform PLATFORM = NativePlatform.current();

  private TestNatives() {}

  /** The folder with the native files. */
  static Path folder() {
    String shim = "/" + PLATFORM.resourceFolder() + PLATFORM.shim();
    URL resource = NativePlatform.class.getResource(shim);
    if (resource == null) {
      throw new AssertionError("no " + shim + " on the class path");
    }
    try {
      return Path.of(resource.toURI()).getParent();
    } catch (URISyntaxException e) {
      throw new AssertionError(e);
    }
  }

  /** The place on the class path under which {@link #folder} lies. */
  static Path root() {
    Path root = folder();
    for (int i = 0; i < Path.of(PLATFORM.resourceFolder()).getNameCount(); i++) {
      root = root.getParent();
    }
    return root;
  }
}
