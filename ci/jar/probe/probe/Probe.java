// SPDX-License-Identifier: Apache-2.0
package probe;

import io.github.filterport.FilterPort;
import io.github.filterport.FilterportNative;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Says whether the native library of the jar that it runs with is there and answers. `twice`: in
 * two class loaders that both stay reachable.
 */
public final class Probe {
  private Probe() {}

  public static void main(String[] arguments) throws Exception {
    System.out.println(
        System.getProperty("os.name")
            + ", "
            + System.getProperty("os.arch")
            + ", jdk "
            + Runtime.version().feature()
            + ", module "
            + FilterPort.class.getModule().getName());
    if (arguments.length == 1 && arguments[0].equals("twice")) {
      twice();
    } else {
      once("");
    }
  }

  /** Called by reflection in `twice`. */
  public static void once(String who) {
    System.out.println(who + "available " + FilterportNative.isAvailable());
    Throwable cause = FilterportNative.unavailabilityCause();
    if (cause != null) {
      System.out.println(cause.getMessage());
      return;
    }
    try {
      FilterPort.connect("\\NoSuchPortAnywhere").close();
      System.out.println(who + "connected");
    } catch (Exception e) {
      System.out.println(who + "answers " + e.getMessage());
    }
  }

  private static void twice() throws Exception {
    List<URL> places = new ArrayList<>();
    for (String place : System.getProperty("java.class.path").split(java.io.File.pathSeparator)) {
      places.add(Path.of(place).toUri().toURL());
    }
    List<ClassLoader> kept = new ArrayList<>();
    for (int i = 0; i < 2; i++) {
      ClassLoader loader =
          new URLClassLoader(places.toArray(new URL[0]), ClassLoader.getPlatformClassLoader());
      kept.add(loader);
      Class.forName(Probe.class.getName(), true, loader)
          .getMethod("once", String.class)
          .invoke(null, "loader " + i + " ");
    }
    System.out.println("loaders " + kept.size());
  }
}
