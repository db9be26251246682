// SPDX-License-Identifier: Apache-2.0
package io.github.filterport.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** The conversation with fltmgrd, with a script in its place. */
@Timeout(60)
@EnabledOnOs(value = OS.LINUX, disabledReason = "fltmgrd is a process of Linux")
class ManagerProtocolTest {
  @TempDir Path folder;

  @Test
  void answersReachTheirRequests() throws Exception {
    try (EmbeddedFilterManager manager =
        EmbeddedFilterManager.start(FakeManager.options(folder, ""))) {
      assertThat(manager.address()).endsWith("fltmgrd.sock");
      DirectVolume volume = manager.directVolume(folder);
      assertThat(volume.id()).isEqualTo("v;7");
      assertThat(volume.device()).isEqualTo("\\Device\\Fake1");
      assertThat(volume.file("\\Device\\Fake1\\a\\b c")).isEqualTo(folder.resolve("a/b c"));
      assertThat(volume.file("\\Device\\Fake1")).isEqualTo(folder);
      assertThat(volume.file("\\Device\\Fake12\\a")).isNull();
      assertThat(volume.open("a.txt").opened()).isTrue();
      assertThat(volume.open("a.exe").denied()).isTrue();
      assertThat(volume.open("a b").status()).isEqualTo(0xC0000034);
      assertThat(volume.open("a b")).hasToString("failed 0xC0000034 STATUS_OBJECT_NAME_NOT_FOUND");
      assertThat(manager.counters()).containsEntry("opens", 12L).containsEntry("late", 16L);
      assertThat(volume.openAll(List.of("1", "2.exe", "3")))
          .extracting(OpenOutcome::denied)
          .containsExactly(false, true, false);
    }
  }

  @Test
  void aRefusalHasStatusAndText() throws Exception {
    try (EmbeddedFilterManager manager =
        EmbeddedFilterManager.start(FakeManager.options(folder, ""))) {
      Path image = Files.writeString(folder.resolve("broken.so"), "not ELF");
      assertThatThrownBy(() -> manager.loadDriver(image))
          .isInstanceOfSatisfying(
              FilterManagerException.class, e -> assertThat(e.status()).isEqualTo(0xC000007B))
          .hasMessageContaining("load broken: 0xC000007B STATUS_INVALID_IMAGE_FORMAT")
          .hasMessageContaining("no DriverEntry");
    }
  }

  @Test
  void aManagerThatDiesAtOnceIsReportedWithItsLastWords() {
    assertThatThrownBy(
            () -> EmbeddedFilterManager.start(FakeManager.options(folder, "dies-at-once")))
        .isInstanceOf(FilterManagerException.class)
        .hasMessageContaining("exit status 65")
        .hasMessageContaining("cannot bind the socket: address in use");
  }

  @Test
  void aManagerThatIsNeverReadyIsGivenUp() {
    assertThatThrownBy(
            () ->
                EmbeddedFilterManager.start(
                    FakeManager.options(folder, "never-ready")
                        .withStartTimeout(Duration.ofMillis(300))))
        .isInstanceOf(FilterManagerException.class)
        .hasMessageContaining("no answer from fltmgrd")
        .hasMessageContaining("PT0.3S");
  }

  @Test
  void aKilledManagerFailsEveryPendingRequest() throws Exception {
    try (EmbeddedFilterManager manager =
        EmbeddedFilterManager.start(FakeManager.options(folder, ""))) {
      DirectVolume volume = manager.directVolume(folder);
      CompletableFuture<OpenOutcome> pending = volume.openAsync("silent");
      volume.open("a.txt");
      assertThat(ProcessHandle.of(manager.pid()).orElseThrow().destroyForcibly()).isTrue();
      assertThatThrownBy(() -> pending.get(10, TimeUnit.SECONDS))
          .isInstanceOf(ExecutionException.class)
          .cause()
          .isInstanceOf(FilterManagerException.class)
          .hasMessageContaining("killed by signal 9")
          .hasMessageContaining("it said: fltmgrd: ready");
      assertThatThrownBy(() -> volume.open("a.txt"))
          .isInstanceOf(FilterManagerException.class)
          .hasMessageContaining("killed by signal 9");
      assertThat(manager.isAlive()).isFalse();
    }
  }

  @Test
  void aRequestWithoutAnswerEndsByItsTimeout() throws Exception {
    try (EmbeddedFilterManager manager =
        EmbeddedFilterManager.start(
            FakeManager.options(folder, "").withRequestTimeout(Duration.ofMillis(200)))) {
      DirectVolume volume = manager.directVolume(folder);
      assertThatThrownBy(() -> volume.open("silent"))
          .isInstanceOf(FilterManagerException.class)
          .hasMessageContaining("no answer from fltmgrd");
    }
  }

  @Test
  void closeFailsPendingRequestsAndIsIdempotent() throws Exception {
    EmbeddedFilterManager manager = EmbeddedFilterManager.start(FakeManager.options(folder, ""));
    CompletableFuture<OpenOutcome> pending = manager.directVolume(folder).openAsync("silent");
    Path own = Path.of(manager.address()).getParent();
    manager.close();
    manager.close();
    assertThatThrownBy(() -> pending.get(1, TimeUnit.SECONDS))
        .cause()
        .hasMessageContaining("closed");
    assertThatThrownBy(manager::counters).hasMessageContaining("closed");
    assertThat(ProcessHandle.of(manager.pid())).isEmpty();
    assertThat(own).doesNotExist();
  }

  @Test
  void closeKillsAManagerThatDoesNotEnd() throws Exception {
    EmbeddedFilterManager manager =
        EmbeddedFilterManager.start(
            FakeManager.options(folder, "never-ends").withCloseTimeout(Duration.ofMillis(300)));
    long start = System.nanoTime();
    manager.close();
    assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(4));
    assertThat(ProcessHandle.of(manager.pid())).isEmpty();
  }

  @Test
  void missingPiecesNameEveryAttempt() throws Exception {
    assertThatThrownBy(
            () ->
                EmbeddedFilterManager.start(
                    EmbeddedFilterManager.Options.defaults()
                        .withExecutable(folder.resolve("nowhere"))))
        .hasMessageContaining("nowhere (from Options.executable) does not exist");
    try (EmbeddedFilterManager manager =
        EmbeddedFilterManager.start(FakeManager.options(folder, "").withDrivers(folder))) {
      assertThatThrownBy(() -> manager.loadDriver("absent"))
          .hasMessageContaining("no absent.so in " + folder)
          .hasMessageContaining("META-INF/lib/linux_");
      assertThatThrownBy(() -> manager.loadDriver("../absent"))
          .hasMessageContaining("a driver's name consists of");
    }
  }
}
