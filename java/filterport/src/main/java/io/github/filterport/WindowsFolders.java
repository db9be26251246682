// SPDX-License-Identifier: Apache-2.0
package io.github.filterport;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.AclEntry;
import java.nio.file.attribute.AclEntryFlag;
import java.nio.file.attribute.AclEntryPermission;
import java.nio.file.attribute.AclEntryType;
import java.nio.file.attribute.AclFileAttributeView;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.UserPrincipal;
import java.time.Duration;
import java.time.Instant;
import java.util.EnumSet;
import java.util.List;
import java.util.Objects;
import java.util.SplittableRandom;

/** Folders for native files where access lists rule: made for one user, and found again later. */
final class WindowsFolders {
  /** Younger ones may belong to a program that is just loading from them. */
  private static final Duration LEFT_BEHIND = Duration.ofHours(1);

  private static final String WINE_LISTS_IT_TOO = "NT AUTHORITY\\SYSTEM";

  private WindowsFolders() {}

  static Path createOwnerOnly(Path parent) throws IOException {
    FileAttribute<List<AclEntry>> ownerOnly = ownerOnly(ownerOfWhatIsMadeIn(parent));
    Path folder = Files.createDirectory(freshName(parent), ownerOnly);
    try {
      // Once more: creating merges what the parent hands down.
      AclFileAttributeView acl = view(folder);
      acl.setAcl(ownerOnly.value());
      for (AclEntry entry : acl.getAcl()) {
        if (!entry.principal().equals(acl.getOwner())
            && !entry.principal().getName().equals(WINE_LISTS_IT_TOO)) {
          throw new IOException(
              folder
                  + " is open to "
                  + entry.principal().getName()
                  + "; name another folder by -D"
                  + NativeExtraction.FOLDER
                  + "=<folder>");
        }
      }
      return folder;
    } catch (IOException e) {
      Files.deleteIfExists(folder);
      throw e;
    }
  }

  /** Not always this user: with an administrator's rights it is the group of administrators. */
  private static UserPrincipal ownerOfWhatIsMadeIn(Path parent) throws IOException {
    Path probe = Files.createFile(freshName(parent));
    try {
      return Files.getOwner(probe);
    } finally {
      Files.delete(probe);
    }
  }

  /**
   * What is made fails if the name is taken. Files.createTempDirectory would draw from
   * SecureRandom, whose seeding asks for the network's interfaces: JDK 25 does not survive that
   * under Wine 8.
   */
  private static Path freshName(Path parent) {
    return parent.resolve(
        NativeExtraction.PREFIX + Long.toUnsignedString(new SplittableRandom().nextLong(), 36));
  }

  private static AclFileAttributeView view(Path folder) {
    return Objects.requireNonNull(
        Files.getFileAttributeView(folder, AclFileAttributeView.class, LinkOption.NOFOLLOW_LINKS));
  }

  private static FileAttribute<List<AclEntry>> ownerOnly(UserPrincipal owner) {
    List<AclEntry> entries =
        List.of(
            AclEntry.newBuilder()
                .setType(AclEntryType.ALLOW)
                .setPrincipal(owner)
                .setPermissions(EnumSet.allOf(AclEntryPermission.class))
                .setFlags(AclEntryFlag.FILE_INHERIT, AclEntryFlag.DIRECTORY_INHERIT)
                .build());
    return new FileAttribute<>() {
      @Override
      public String name() {
        return "acl:acl";
      }

      @Override
      public List<AclEntry> value() {
        return entries;
      }
    };
  }

  /**
   * Deletes the folders of programs that have ended. A file that is in use does not let itself be
   * deleted; a folder with anything else in it is not ours, and stays as it is.
   */
  static void removeLeftovers(Path parent) throws IOException {
    Instant limit = Instant.now().minus(LEFT_BEHIND);
    try (DirectoryStream<Path> folders =
        Files.newDirectoryStream(parent, NativeExtraction.PREFIX + "*")) {
      for (Path folder : folders) {
        if (Files.isDirectory(folder, LinkOption.NOFOLLOW_LINKS)
            && Files.getLastModifiedTime(folder, LinkOption.NOFOLLOW_LINKS)
                .toInstant()
                .isBefore(limit)) {
          removeLeftover(folder);
        }
      }
    }
  }

  private static void removeLeftover(Path folder) {
    Path only = folder.resolve(NativePlatform.current().shim());
    try {
      try (DirectoryStream<Path> entries = Files.newDirectoryStream(folder)) {
        for (Path entry : entries) {
          if (!entry.equals(only) || !Files.isRegularFile(entry, LinkOption.NOFOLLOW_LINKS)) {
            return;
          }
        }
      }
      Files.deleteIfExists(only);
      Files.delete(folder);
    } catch (IOException e) {
      NativeLoader.LOG.trace("{} is in use", folder, e);
    }
  }
}
