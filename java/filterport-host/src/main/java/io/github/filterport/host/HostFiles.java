// SPDX-License-Identifier: Apache-2.0
package io.github.filterport.host;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Locale;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A fresh folder only its owner may enter: fltmgrd and drivers taken out of the jar, and the
 * socket. Fresh means made by one call under a random name, so nothing can have been planted in it.
 */
final class HostFiles {
  static final String DRIVER_NAME = "[A-Za-z0-9_-]+";

  private static final Pattern NAME = Pattern.compile(DRIVER_NAME);

  /** sockaddr_un holds 108 bytes with the final zero. */
  private static final int SOCKET_PATH_CAPACITY = 107;

  private final Path folder;
  private final Path drivers;

  private HostFiles(Path folder, Path drivers) {
    this.folder = folder;
    this.drivers = drivers;
  }

  static HostFiles create() throws FilterManagerException {
    try {
      Path folder =
          Files.createTempDirectory(
              "filterport-host-",
              PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
      HostFiles files = new HostFiles(folder, Files.createDirectory(folder.resolve("drivers")));
      int length = files.socket().toString().getBytes(StandardCharsets.UTF_8).length;
      if (length > SOCKET_PATH_CAPACITY) {
        files.delete();
        throw new FilterManagerException(
            "start fltmgrd: the socket's path has "
                + length
                + " bytes, at most "
                + SOCKET_PATH_CAPACITY
                + " fit: "
                + files.socket()
                + ". Set -Djava.io.tmpdir to a shorter folder.");
      }
      return files;
    } catch (FilterManagerException e) {
      throw e;
    } catch (IOException e) {
      throw new FilterManagerException(
          "start fltmgrd: no folder of its own under "
              + System.getProperty("java.io.tmpdir")
              + ": "
              + e,
          e);
    }
  }

  Path socket() {
    return folder.resolve("fltmgrd.sock");
  }

  Path drivers() {
    return drivers;
  }

  /**
   * Where fltmgrd is: the option, the property, or the jar's own, extracted.
   *
   * @throws FilterManagerException with all three attempts in the text
   */
  Path executable(@Nullable Path option) throws FilterManagerException {
    if (option != null) {
      return checked(option, "Options.executable");
    }
    String property = System.getProperty("filterport.fltmgrd");
    if (property != null && !property.isEmpty()) {
      return checked(Path.of(property), "-Dfilterport.fltmgrd");
    }
    String resource = resourceFolder() + "fltmgrd";
    Path target = folder.resolve("fltmgrd");
    if (!extract(resource, target)) {
      throw new FilterManagerException(
          "start fltmgrd: no executable (os.name="
              + System.getProperty("os.name")
              + ", os.arch="
              + System.getProperty("os.arch")
              + ")\n  1. Options.executable    not set"
              + "\n  2. -Dfilterport.fltmgrd  not set"
              + "\n  3. resource "
              + resource
              + "  not in this jar"
              + "\nSet -Dfilterport.fltmgrd=<path of fltmgrd>.");
    }
    return target;
  }

  private static Path checked(Path executable, String origin) throws FilterManagerException {
    if (!Files.isExecutable(executable) || Files.isDirectory(executable)) {
      throw new FilterManagerException(
          "start fltmgrd: "
              + executable
              + " (from "
              + origin
              + ") "
              + (Files.exists(executable) ? "may not be executed" : "does not exist")
              + ".");
    }
    return executable.toAbsolutePath();
  }

  /**
   * Puts NAME.so where fltmgrd loads drivers from: out of the option's folder, the property's, or
   * the jar. A copy each time, so a rebuilt driver is the one that runs.
   */
  void provideDriver(String name, @Nullable Path option) throws FilterManagerException {
    if (!NAME.matcher(name).matches()) {
      throw new FilterManagerException(
          "load " + name + ": a driver's name consists of " + DRIVER_NAME);
    }
    Path target = drivers.resolve(name + ".so");
    String property = System.getProperty("filterport.drivers");
    try {
      if (option != null && Files.exists(option.resolve(name + ".so"))) {
        replace(option.resolve(name + ".so"), target);
        return;
      }
      if (property != null && Files.exists(Path.of(property, name + ".so"))) {
        replace(Path.of(property, name + ".so"), target);
        return;
      }
    } catch (IOException e) {
      throw new FilterManagerException(
          "load " + name + ": the driver could not be copied: " + e, e);
    }
    String resource = resourceFolder() + "drivers/" + name + ".so";
    if (!Files.exists(target) && !extract(resource, target)) {
      throw new FilterManagerException(
          "load "
              + name
              + ": no such driver\n  1. Options.drivers        "
              + (option == null ? "not set" : "no " + name + ".so in " + option)
              + "\n  2. -Dfilterport.drivers   "
              + (property == null ? "not set" : "no " + name + ".so in " + property)
              + "\n  3. resource "
              + resource
              + "  not in this jar");
    }
  }

  /** Copies a driver image of the user's own; its file name less ".so" becomes its name. */
  String addDriver(Path image) throws FilterManagerException {
    String file = String.valueOf(image.getFileName());
    String name = file.endsWith(".so") ? file.substring(0, file.length() - 3) : "";
    if (!NAME.matcher(name).matches()) {
      throw new FilterManagerException(
          "load " + image + ": a driver's file is called NAME.so, NAME of " + DRIVER_NAME);
    }
    try {
      replace(image, drivers.resolve(file));
    } catch (IOException e) {
      throw new FilterManagerException("load " + image + ": it could not be copied: " + e, e);
    }
    return name;
  }

  /** By a new inode: the old one may be mapped. */
  private void replace(Path source, Path target) throws IOException {
    Path fresh = folder.resolve(target.getFileName() + ".new");
    Files.copy(source, fresh, StandardCopyOption.REPLACE_EXISTING);
    Files.setPosixFilePermissions(fresh, PosixFilePermissions.fromString("rwx------"));
    Files.move(fresh, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
  }

  private static boolean extract(String resource, Path target) throws FilterManagerException {
    try (InputStream in = HostFiles.class.getResourceAsStream("/" + resource)) {
      if (in == null) {
        return false;
      }
      Files.copy(in, target);
      Files.setPosixFilePermissions(target, PosixFilePermissions.fromString("rwx------"));
      return true;
    } catch (IOException e) {
      throw new FilterManagerException("extract " + resource + " to " + target + ": " + e, e);
    }
  }

  private static String resourceFolder() {
    String arch = System.getProperty("os.arch", "").toLowerCase(Locale.ROOT);
    boolean arm = arch.equals("aarch64") || arch.equals("arm64");
    return "META-INF/lib/" + (arm ? "linux_arm64" : "linux_64") + "/";
  }

  /** Removes the folder. What cannot be removed stays: there is nobody to tell. */
  void delete() {
    try {
      Files.walkFileTree(
          folder,
          new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
                throws IOException {
              Files.deleteIfExists(file);
              return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult postVisitDirectory(Path directory, @Nullable IOException error)
                throws IOException {
              Files.deleteIfExists(directory);
              return FileVisitResult.CONTINUE;
            }
          });
    } catch (IOException e) {
      EmbeddedFilterManager.LOG.debug("{} could not be removed: {}", folder, e.toString());
    }
  }
}
