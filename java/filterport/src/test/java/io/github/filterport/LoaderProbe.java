// SPDX-License-Identifier: Apache-2.0
package io.github.filterport;

import java.net.MalformedURLException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * A program that says whether the native library is available; with "twice", to two class loaders.
 */
final class LoaderProbe {
  private LoaderProbe() {}

  @SuppressWarnings("SystemOut")
  public static void main(String[] arguments) throws Exception {
    if (arguments.length == 1 && arguments[0].equals("twice")) {
      List<ClassLoader> kept = new ArrayList<>();
      for (int i = 0; i < 2; i++) {
        URLClassLoader loader = new URLClassLoader(ownClassPath(), null);
        kept.add(loader);
        Object available =
            Class.forName("io.github.filterport.FilterportNative", true, loader)
                .getMethod("isAvailable")
                .invoke(null);
        System.out.println("loader " + i + " available " + available);
      }
      System.out.println("loaders " + kept.size());
      return;
    }
    System.out.println("available " + FilterportNative.isAvailable());
    Throwable cause = FilterportNative.unavailabilityCause();
    if (cause != null) {
      System.out.println(cause.getMessage());
      try {
        FilterportNative.ensureAvailable();
      } catch (UnsatisfiedLinkError e) {
        System.out.println("thrown " + e.getMessage().equals(cause.getMessage()));
      }
    }
  }

  private static URL[] ownClassPath() throws MalformedURLException {
    String[] places = System.getProperty("java.class.path").split(java.io.File.pathSeparator, -1);
    URL[] urls = new URL[places.length];
    for (int i = 0; i < places.length; i++) {
      urls[i] = Path.of(places[i]).toUri().toURL();
    }
    return urls;
  }
}
