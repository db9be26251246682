// SPDX-License-Identifier: Apache-2.0
package io.github.filterport;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.AclFileAttributeView;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** Where the native files come from, and what is said when they do not. */
@Timeout(120)
class LoaderTest {
  private static final NativePlatform PLATFORM = NativePlatform.current();

  @TempDir private Path folder;

  private static ChildJvm probe() {
    return new ChildJvm(LoaderProbe.class);
  }

  private static void copyNatives(Path to) throws IOException {
    Files.createDirectories(to);
    for (String name : PLATFORM.files()) {
      Files.copy(TestNatives.folder().resolve(name), to.resolve(name));
    }
  }

  private static List<Path> entries(Path of) throws IOException {
    try (Stream<Path> all = Files.list(of)) {
      return all.toList();
    }
  }

  /** Windows keeps a loaded file: the next program takes what the last one has left. */
  private static void assertNothingIsLeftIn(Path parent) throws IOException {
    if (TestSystem.isWindows()) {
      for (Path left : entries(parent)) {
        Files.setLastModifiedTime(left, FileTime.from(Instant.now().minus(2, ChronoUnit.DAYS)));
      }
      NativeExtraction.extract(PLATFORM, parent).close();
    }
    assertThat(entries(parent)).isEmpty();
  }

  @Test
  void loadsFromTheJarAndLeavesNothingBehind() throws Exception {
    String said = probe().property("java.io.tmpdir", folder).run();
    assertThat(said).contains("available true");
    assertNothingIsLeftIn(folder);
  }

  @Test
  void loadsThroughAFolderWithSpacesAndUmlauts() throws Exception {
    Path odd = Files.createDirectory(folder.resolve("a b ü"));
    assertThat(probe().property("filterport.extract.dir", odd).run()).contains("available true");
    assertNothingIsLeftIn(odd);
    Path natives = Files.createDirectory(odd.resolve("ß natives"));
    copyNatives(natives);
    assertThat(probe().property("filterport.library.path", natives).run())
        .contains("available true");
  }

  @Test
  void loadsInTwoClassLoaders() throws Exception {
    assertThat(probe().run("twice"))
        .contains("loader 0 available true")
        .contains("loader 1 available true");
  }

  @Test
  void anEmptyLibraryPathIsToldAndNothingElseIsTried() throws Exception {
    String said = probe().property("filterport.library.path", folder).run();
    assertThat(said)
        .contains("available false")
        .contains("filterport: native library not loaded (os.name=" + System.getProperty("os.name"))
        .contains("1. filterport.library.path: no " + PLATFORM.shim() + " in " + folder)
        .doesNotContain("2. ")
        .contains(
            "Set -Dfilterport.library.path=<folder with "
                + String.join(" and ", PLATFORM.files())
                + ">.")
        .contains("thrown true");
  }

  @Test
  @EnabledOnOs(value = OS.LINUX, disabledReason = "Windows has fltlib.dll in System32")
  void aMissingFltlibIsTold() throws Exception {
    copyNatives(folder);
    Files.delete(folder.resolve("libfltlib.so"));
    assertThat(probe().property("filterport.library.path", folder).run())
        .contains("available false")
        .contains("libfltlib.so: ")
        .contains("No such file");
  }

  @Test
  void aFileThatIsNoLibraryIsTold() throws Exception {
    Files.write(folder.resolve(PLATFORM.shim()), "no library".getBytes(StandardCharsets.UTF_8));
    assertThat(probe().property("filterport.library.path", folder).run())
        .contains("available false")
        .contains("1. filterport.library.path: ")
        .contains(PLATFORM.shim());
  }

  @Test
  void aJarWithoutThisPlatformListsAllAttempts() throws Exception {
    assertThat(probe().property("os.arch", "mips").run())
        .contains("available false")
        .contains("1. filterport.library.path: not set")
        .contains("2. resource META-INF/lib/")
        .contains("not in this jar")
        .contains("3. java.library.path: no usable " + PLATFORM.shim() + " in ");
  }

  @Test
  @EnabledOnOs(value = OS.LINUX, disabledReason = "Windows' temporary folder is one user's own")
  void plantedLinksAndFoldersAreNeitherUsedNorFollowed() throws Exception {
    Path victim = Files.createDirectory(folder.resolve("victim"));
    Path precious = Files.createFile(victim.resolve("precious"));
    Path temp = Files.createDirectory(folder.resolve("tmp"));
    Files.createSymbolicLink(temp.resolve("filterport-1"), victim);
    Files.createSymbolicLink(temp.resolve("nativelib-loader_1"), victim);
    Files.createSymbolicLink(temp.resolve("libfilterport.so"), precious);
    assertThat(probe().property("java.io.tmpdir", temp).run()).contains("available true");
    assertThat(precious).exists().isEmptyFile();
    assertThat(entries(temp)).hasSize(3);
  }

  @Test
  void theExtractedFolderIsFreshAndForItsOwnerOnly() throws Exception {
    Path kept;
    try (NativeExtraction one = NativeExtraction.extract(PLATFORM, folder);
        NativeExtraction two = NativeExtraction.extract(PLATFORM, folder)) {
      kept = one.folder();
      assertThat(one.folder()).isNotEqualTo(two.folder());
      assertIsForItsOwnerOnly(one.folder());
      assertThat(entries(one.folder())).hasSize(PLATFORM.files().size());
    }
    assertThat(kept).doesNotExist();
  }

  private static void assertIsForItsOwnerOnly(Path of) throws IOException {
    AclFileAttributeView acl = Files.getFileAttributeView(of, AclFileAttributeView.class);
    if (acl == null) {
      assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(of)))
          .isEqualTo("rwx------");
    } else {
      // Wine adds the system's own account.
      assertThat(acl.getAcl())
          .extracting(entry -> entry.principal().getName())
          .isSubsetOf(acl.getOwner().getName(), "NT AUTHORITY\\SYSTEM");
    }
  }

  @Test
  @EnabledOnOs(value = OS.LINUX, disabledReason = "sticky folders are Unix's")
  void aParentThatOthersMayChangeIsRefused() throws Exception {
    Path shared = Files.createDirectory(folder.resolve("shared"));
    Files.setPosixFilePermissions(shared, PosixFilePermissions.fromString("rwxrwxrwx"));
    assertThatThrownBy(() -> NativeExtraction.extract(PLATFORM, shared))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("may be changed by other users and is not sticky")
        .hasMessageContaining("-Dfilterport.extract.dir");
  }

  @Test
  void aParentThatIsNotThereIsRefused() {
    assertThatThrownBy(() -> NativeExtraction.extract(PLATFORM, folder.resolve("absent")))
        .hasMessageContaining("is not a folder");
  }

  @Test
  @EnabledOnOs(value = OS.LINUX, disabledReason = "Windows has no noexec mounts")
  void aNoexecFolderIsToldWithAdvice() throws Exception {
    Path mount = Files.createDirectory(folder.resolve("noexec"));
    assumeTrue(
        succeeds("mount", "-t", "tmpfs", "-o", "noexec,size=8m", "tmpfs", mount.toString()),
        "mounting a tmpfs needs CAP_SYS_ADMIN");
    try {
      assertThat(probe().property("java.io.tmpdir", mount).run())
          .contains("available false")
          .contains("failed to map segment")
          .contains("-Dfilterport.extract.dir=<folder>");
    } finally {
      assertThat(succeeds("umount", mount.toString())).isTrue();
    }
  }

  private static boolean succeeds(String... command) throws Exception {
    Process process = new ProcessBuilder(command).start();
    return process.waitFor(10, TimeUnit.SECONDS) && process.exitValue() == 0;
  }
}
