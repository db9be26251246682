// SPDX-License-Identifier: Apache-2.0
package io.github.filterport.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.filterport.PortNotFoundException;
import io.github.filterport.guard.FileGuard;
import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
@EnabledOnOs(value = OS.LINUX, disabledReason = "fltmgrd is a process of Linux")
class EmbeddedFilterManagerTest {
  @TempDir Path folder;

  @Test
  void startsAndStopsAndLeavesNothing() throws Exception {
    EmbeddedFilterManager manager = EmbeddedFilterManager.start();
    Path socket = Path.of(manager.address());
    assertThat(manager.isAlive()).isTrue();
    assertThat(socket).exists();
    assertThat(manager.counters()).isNotEmpty();
    manager.close();
    assertThat(manager.isAlive()).isFalse();
    assertThat(ProcessHandle.of(manager.pid())).isEmpty();
    assertThat(socket.getParent()).doesNotExist();
  }

  @Test
  void twoManagersDoNotKnowEachOther() throws Exception {
    try (EmbeddedFilterManager one = EmbeddedFilterManager.start();
        EmbeddedFilterManager two = EmbeddedFilterManager.start()) {
      one.loadDriver("filterport");
      assertThatThrownBy(() -> FileGuard.connect(two.connector(FileGuard.PORT)))
          .isInstanceOf(PortNotFoundException.class);
      FileGuard.connect(one.connector(FileGuard.PORT)).close();
    }
  }

  @Test
  void loadsTheBundledDriverAndUnloadsIt() throws Exception {
    try (EmbeddedFilterManager manager = EmbeddedFilterManager.start()) {
      manager.loadDriver("filterport");
      try (FileGuard guard = FileGuard.connect(manager.connector(FileGuard.PORT))) {
        assertThat(guard.counters().deciders()).isEqualTo(1);
        manager.unloadDriver("filterport");
        Guarded.await("the connection ends", () -> !isConnected(guard));
      }
      assertThatThrownBy(() -> manager.connector(FileGuard.PORT).connect())
          .isInstanceOf(PortNotFoundException.class);
      manager.loadDriver("filterport");
      FileGuard.connect(manager.connector(FileGuard.PORT)).close();
    }
  }

  private static boolean isConnected(FileGuard guard) {
    try {
      guard.counters();
      return true;
    } catch (IOException e) {
      return false;
    }
  }

  @Test
  void aWrongDriverIsRefusedWithReason() throws Exception {
    Path text = Files.writeString(folder.resolve("text.so"), "this is no driver");
    Path other = Files.copy(anyLibrary(), folder.resolve("other.so"));
    try (EmbeddedFilterManager manager = EmbeddedFilterManager.start()) {
      assertThatThrownBy(() -> manager.loadDriver(text))
          .isInstanceOfSatisfying(
              FilterManagerException.class, e -> assertThat(e.status()).isNegative())
          .hasMessageContaining("load text: 0xC");
      assertThatThrownBy(() -> manager.loadDriver("absent"))
          .hasMessageContaining("load absent: no such driver");
      manager.loadDriver("filterport");
      assertThatThrownBy(() -> manager.loadDriver("filterport"))
          .isInstanceOf(FilterManagerException.class);
      assertThatThrownBy(() -> manager.loadDriver(other))
          .isInstanceOf(FilterManagerException.class)
          .hasMessageContaining("DriverEntry");
      assertThat(manager.isAlive()).isTrue();
    }
  }

  /** A shared object that is no driver. */
  private static Path anyLibrary() {
    return Path.of(System.getProperty("filterport.natives"), "lib", "libfltlib.so");
  }

  @Test
  void aDirectVolumeWithoutDriversJustOpens() throws Exception {
    Files.writeString(folder.resolve("a b ü.txt"), "x");
    try (EmbeddedFilterManager manager = EmbeddedFilterManager.start()) {
      DirectVolume volume = manager.directVolume(folder);
      assertThat(volume.open("a b ü.txt").opened()).isTrue();
      assertThat(volume.open("absent.txt")).isEqualTo(new OpenOutcome(0xC0000034));
      assertThat(volume.open("new.txt", OpenAccess.WRITE, OpenAccess.CREATE).opened()).isTrue();
      assertThat(folder.resolve("new.txt")).exists();
      volume.close();
      volume.close();
      assertThatThrownBy(() -> volume.open("a b ü.txt")).isInstanceOf(FilterManagerException.class);
      assertThatThrownBy(() -> manager.directVolume(folder.resolve("nowhere")))
          .isInstanceOf(FilterManagerException.class)
          .hasMessageContaining("nowhere");
    }
  }

  @Test
  void aKilledManagerIsAClearError() throws Exception {
    try (EmbeddedFilterManager manager = EmbeddedFilterManager.start()) {
      manager.loadDriver("filterport");
      DirectVolume volume = manager.directVolume(folder);
      ProcessHandle.of(manager.pid()).orElseThrow().destroyForcibly();
      Guarded.await("fltmgrd ends", () -> !manager.isAlive());
      assertThatThrownBy(() -> volume.open("a.txt"))
          .isInstanceOf(FilterManagerException.class)
          .hasMessageContaining("is gone, killed by signal 9");
    }
  }

  @Test
  void fltmgrdEndsWithTheJvmThatStartedIt() throws Exception {
    Process jvm =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Dfilterport.fltmgrd=" + System.getProperty("filterport.fltmgrd", ""),
                "-Dfilterport.natives=" + System.getProperty("filterport.natives", ""),
                "-cp",
                classPath(),
                ShortLivedParent.class.getName())
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    try (BufferedReader out =
        new BufferedReader(new InputStreamReader(jvm.getInputStream(), StandardCharsets.UTF_8))) {
      String line = out.readLine();
      assertThat(line).isNotNull();
      String[] words = line.split(" ", 2);
      ProcessHandle fltmgrd = ProcessHandle.of(Long.parseLong(words[0])).orElseThrow();
      assertThat(fltmgrd.isAlive()).isTrue();
      jvm.destroyForcibly();
      fltmgrd.onExit().get(10, TimeUnit.SECONDS);
      // What a killed JVM leaves behind: an empty folder.
      Path own = Path.of(words[1]).getParent();
      Files.delete(own.resolve("drivers"));
      Files.delete(own);
    }
  }

  /** Works on the class path and on the module path. */
  private static String classPath() throws Exception {
    Path own =
        Path.of(
            EmbeddedFilterManagerTest.class.getResource("EmbeddedFilterManagerTest.class").toURI());
    Path root = own.getParent();
    for (int i = 0; i < 4; i++) {
      root = root.getParent();
    }
    return String.join(
        File.pathSeparator,
        root.toString(),
        System.getProperty("java.class.path", ""),
        System.getProperty("jdk.module.path", ""));
  }

  /** Starts fltmgrd, says its process id, and waits to be killed. */
  static final class ShortLivedParent {
    private ShortLivedParent() {}

    public static void main(String[] args) throws Exception {
      EmbeddedFilterManager manager = EmbeddedFilterManager.start();
      System.out.println(manager.pid() + " " + manager.address());
      System.in.read();
      manager.close();
    }
  }
}
