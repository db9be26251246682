// SPDX-License-Identifier: Apache-2.0
package io.github.filterport;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The native files, copied from the jar to a folder of their own: made fresh under a name nobody
 * can guess, for its owner only, each file created and never opened. Closing deletes them; Windows
 * keeps loaded files, there a later program deletes them.
 */
final class NativeExtraction implements AutoCloseable {
  /** Where to make the folder instead of java.io.tmpdir. */
  static final String FOLDER = "filterport.extract.dir";

  static final String PREFIX = "filterport-";

  private static final int STICKY = 01000;
  private static final int OTHERS_WRITE = 022;

  private final Path folder;
  private final List<Path> files = new ArrayList<>();

  private NativeExtraction(Path folder) {
    this.folder = folder;
  }

  Path folder() {
    return folder;
  }

  static NativeExtraction extract(NativePlatform platform) throws IOException {
    String chosen = System.getProperty(FOLDER);
    Path parent = Path.of(chosen != null ? chosen : System.getProperty("java.io.tmpdir"));
    return extract(platform, parent);
  }

  static NativeExtraction extract(NativePlatform platform, Path parent) throws IOException {
    checkResources(platform);
    checkParent(parent);
    NativeExtraction extraction = new NativeExtraction(freshFolder(parent));
    try {
      for (String name : platform.files()) {
        extraction.copy(platform.resourceFolder() + name, name);
      }
      return extraction;
    } catch (IOException e) {
      extraction.close();
      throw e;
    }
  }

  private static void checkResources(NativePlatform platform) throws IOException {
    for (String name : platform.files()) {
      try (InputStream in = open(platform.resourceFolder() + name)) {
        if (in == null) {
          throw new IOException(
              "not in this jar" + (name.equals(platform.shim()) ? "" : ": " + name));
        }
      }
    }
  }

  private static @Nullable InputStream open(String resource) {
    return NativeExtraction.class.getResourceAsStream("/" + resource);
  }

  /** Whoever may rename entries of the parent could put another folder in place of ours. */
  private static void checkParent(Path parent) throws IOException {
    if (!Files.isDirectory(parent)) {
      throw new IOException(
          parent + " is not a folder; name another one by -D" + FOLDER + "=<folder>");
    }
    if (parent.getFileSystem().supportedFileAttributeViews().contains("unix")) {
      int mode = (int) Files.getAttribute(parent.toRealPath(), "unix:mode");
      if ((mode & OTHERS_WRITE) != 0 && (mode & STICKY) == 0) {
        throw new IOException(
            parent
                + " may be changed by other users and is not sticky; name another folder by -D"
                + FOLDER
                + "=<folder>");
      }
    }
  }

  private static Path freshFolder(Path parent) throws IOException {
    if (parent.getFileSystem().supportedFileAttributeViews().contains("posix")) {
      FileAttribute<Set<PosixFilePermission>> ownerOnly =
          PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------"));
      return Files.createTempDirectory(parent, PREFIX, ownerOnly);
    }
    WindowsFolders.removeLeftovers(parent);
    return WindowsFolders.createOwnerOnly(parent);
  }

  private void copy(String resource, String name) throws IOException {
    Path file = folder.resolve(name);
    try (InputStream in = Objects.requireNonNull(open(resource));
        var out =
            Files.newOutputStream(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
      files.add(file);
      in.transferTo(out);
    }
    if (!Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)) {
      throw new IOException(file + " was replaced while it was written");
    }
  }

  @Override
  public void close() {
    List<Path> all = new ArrayList<>(files);
    all.add(folder);
    for (Path path : all) {
      try {
        Files.deleteIfExists(path);
      } catch (IOException e) {
        NativeLoader.LOG.debug("{} stays until a later program deletes it: {}", path, e.toString());
      }
    }
  }
}
