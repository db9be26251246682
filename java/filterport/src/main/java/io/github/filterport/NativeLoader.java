// SPDX-License-Identifier: Apache-2.0
package io.github.filterport;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Finds and loads the native half; {@link FilterportNative} says where. Keeps each attempt. */
final class NativeLoader {
  static final String LIBRARY_PATH = "filterport.library.path";

  static final Logger LOG = LoggerFactory.getLogger(FilterportNative.class);

  /** The outcome, for good. */
  record State(@Nullable Throwable cause) {}

  private static final class Once {
    static final State STATE = new NativeLoader().load();
  }

  private final NativePlatform platform = NativePlatform.current();
  private final List<String> attempts = new ArrayList<>();
  private @Nullable Throwable last;

  private NativeLoader() {}

  static State state() {
    return Once.STATE;
  }

  private State load() {
    String chosen = System.getProperty(LIBRARY_PATH);
    boolean loaded;
    if (chosen != null) {
      loaded = fromFolder(LIBRARY_PATH, Path.of(chosen));
    } else {
      attempts.add(LIBRARY_PATH + ": not set");
      loaded = fromResource() || fromJavaLibraryPath();
    }
    return loaded ? new State(null) : new State(failure());
  }

  // ---- places

  private boolean fromFolder(String place, Path folder) {
    Path library = folder.resolve(platform.shim()).toAbsolutePath();
    if (!Files.isRegularFile(library)) {
      attempts.add(place + ": no " + platform.shim() + " in " + folder);
      return false;
    }
    return loadFile(place, library);
  }

  private boolean fromJavaLibraryPath() {
    String path = System.getProperty("java.library.path", "");
    for (String folder : path.split(java.io.File.pathSeparator, -1)) {
      if (!folder.isEmpty()
          && Files.isRegularFile(Path.of(folder, platform.shim()))
          && fromFolder("java.library.path", Path.of(folder))) {
        return true;
      }
    }
    attempts.add("java.library.path: no usable " + platform.shim() + " in " + path);
    return false;
  }

  private boolean fromResource() {
    String place = "resource " + platform.resourceFolder() + platform.shim();
    try (NativeExtraction extraction = NativeExtraction.extract(platform)) {
      return loadFile(place, extraction.folder().resolve(platform.shim()));
    } catch (IOException e) {
      attempts.add(place + ": " + e.getMessage());
      last = e;
      return false;
    }
  }

  // ---- one file

  @SuppressWarnings("UnnecessarilyFullyQualified")
  private boolean loadFile(String place, Path library) {
    try {
      System.load(library.toString());
      String problem = versionProblem(Shim.version());
      if (problem == null) {
        problem = Shim.bind();
      }
      if (problem == null) {
        LOG.debug("native library loaded from {}", library);
        Events.nativeLoad(place);
        return true;
      }
      attempts.add(place + ": " + problem);
    } catch (LinkageError e) {
      attempts.add(place + ": " + hint(e.getMessage()));
      last = e;
    } catch (IllegalCallerException e) {
      attempts.add(place + ": " + e.getMessage() + ". " + grant());
      last = e;
    }
    return false;
  }

  /** What to start the program with where the system denies native code by default. */
  private static String grant() {
    String module = NativeLoader.class.getModule().getName();
    return "Start java with --enable-native-access=" + (module != null ? module : "ALL-UNNAMED");
  }

  /** What the system says when a temporary folder does not allow programs. */
  private static String hint(@Nullable String text) {
    String known = String.valueOf(text);
    return known.contains("failed to map segment") || known.contains("Operation not permitted")
        ? known
            + ". The folder seems to be mounted noexec: name another one by -D"
            + NativeExtraction.FOLDER
            + "=<folder>"
        : known;
  }

  private static @Nullable String versionProblem(String found) {
    String wanted = version();
    return wanted == null || wanted.equals(found)
        ? null
        : "is of version " + found + ", this library is " + wanted;
  }

  /** This library's version; null when it is run from classes that no build has filtered. */
  static @Nullable String version() {
    Properties properties = new Properties();
    try (InputStream in = NativeLoader.class.getResourceAsStream("version.properties")) {
      if (in != null) {
        properties.load(in);
      }
    } catch (IOException e) {
      LOG.debug("version.properties", e);
    }
    String version = properties.getProperty("version");
    return version == null || version.startsWith("$") ? null : version;
  }

  private UnsatisfiedLinkError failure() {
    StringBuilder text =
        new StringBuilder("filterport: native library not loaded (os.name=")
            .append(System.getProperty("os.name"))
            .append(", os.arch=")
            .append(System.getProperty("os.arch"))
            .append(", jdk ")
            .append(Runtime.version().feature())
            .append(')');
    for (int i = 0; i < attempts.size(); i++) {
      text.append("\n  ").append(i + 1).append(". ").append(attempts.get(i));
    }
    text.append("\nSet -D").append(LIBRARY_PATH).append("=<folder with ");
    text.append(String.join(" and ", platform.files())).append(">.");
    UnsatisfiedLinkError error = new UnsatisfiedLinkError(text.toString());
    if (last != null) {
      error.initCause(last);
    }
    return error;
  }
}
