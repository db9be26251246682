// SPDX-License-Identifier: Apache-2.0
package io.github.filterport.host;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.github.filterport.guard.Action;
import io.github.filterport.guard.FileGuard;
import io.github.filterport.guard.Operation;
import io.github.filterport.guard.Policy;
import io.github.filterport.guard.Verdict;
import io.github.filterport.host.EmbeddedFilterManager.Options;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** Decisions on real opens by processes that are neither this JVM nor fltmgrd. */
@Timeout(60)
@EnabledOnOs(value = OS.LINUX, disabledReason = "fanotify is Linux'")
class FanotifyVolumeTest {
  private static final Duration HEARTBEAT = Duration.ofMillis(500);

  @TempDir Path temp;
  private Path folder;
  private PrivateTmpfs tmpfs;
  private EmbeddedGuarded guarded;

  @BeforeEach
  void start() throws Exception {
    folder = Files.createDirectory(temp.resolve("guarded"));
    tmpfs = PrivateTmpfs.mount(folder);
    try {
      guarded =
          EmbeddedGuarded.start(
              folder,
              Options.defaults().withHeartbeat(HEARTBEAT).withDeadline(Duration.ofSeconds(20)));
      try {
        guarded.manager.volume(folder, VolumeKind.FANOTIFY);
      } catch (FilterManagerException e) {
        assumeTrue(false, e.getMessage());
      }
    } catch (IOException | RuntimeException e) {
      stop();
      throw e;
    }
  }

  @AfterEach
  void stop() throws Exception {
    if (guarded != null) {
      guarded.close();
    }
    if (tmpfs != null) {
      tmpfs.unmount();
    }
  }

  private Process cat(String file) throws IOException {
    ProcessBuilder cat = new ProcessBuilder("cat", folder.resolve(file).toString());
    cat.environment().put("LC_ALL", "C");
    return cat.redirectErrorStream(true).start();
  }

  private static String output(Process process) throws Exception {
    String output = new String(process.getInputStream().readAllBytes(), UTF_8);
    assertThat(process.waitFor(20, TimeUnit.SECONDS)).isTrue();
    return output;
  }

  @Test
  void catIsAllowedAndDeniedByContentAndName() throws Exception {
    byte[] marker = Guarded.MARKER.getBytes(US_ASCII);
    try (FileGuard guard = guarded.guard()) {
      guard.policy(Policy.defaults().withContentBytes(marker.length));
      guard.decide(
          e ->
              e.contentStartsWith(marker) || e.pathEndsWith(".exe") ? Verdict.DENY : Verdict.ALLOW);
      assertThat(output(cat("plain.txt"))).isEqualTo("nothing to see");
      assertThat(output(cat("setup.exe"))).contains("Operation not permitted");
      assertThat(output(cat("marked.txt"))).contains("Operation not permitted");
      assertThat(guard.counters().denied()).isEqualTo(2);
      assertThat(guard.counters().allowed()).isEqualTo(1);
    }
  }

  @Test
  void aVerdictByContentHoldsUntilTheFileChanges() throws Exception {
    AtomicInteger questions = new AtomicInteger();
    byte[] marker = Guarded.MARKER.getBytes(US_ASCII);
    try (FileGuard guard = guarded.guard()) {
      guard.policy(Policy.defaults().withContentBytes(marker.length).withCache(true));
      guard.decide(
          e -> {
            questions.incrementAndGet();
            return e.contentStartsWith(marker) ? Verdict.DENY : Verdict.ALLOW_CACHED;
          });
      for (int i = 0; i < 5; i++) {
        assertThat(output(cat("plain.txt"))).isEqualTo("nothing to see");
      }
      assertThat(questions).hasValue(1);
      assertThat(guard.counters().cached()).isEqualTo(1);
      assertThat(guard.counters().allowed()).isEqualTo(1);
      Files.writeString(folder.resolve("plain.txt"), Guarded.MARKER);
      assertThat(output(cat("plain.txt"))).contains("Operation not permitted");
      Files.writeString(folder.resolve("plain.txt"), "again");
      assertThat(output(cat("plain.txt"))).isEqualTo("again");
      guard.policy(Policy.defaults());
      assertThat(output(cat("plain.txt"))).isEqualTo("again");
      assertThat(output(cat("plain.txt"))).isEqualTo("again");
      assertThat(questions).as("the policy does not permit it any more").hasValue(5);
      assertThat(guard.counters().cacheRefused()).isEqualTo(2);
    }
  }

  @Test
  void aFolderAloneCanBeGated() throws Exception {
    Path other = Files.createDirectory(temp.resolve("other"));
    PrivateTmpfs mounted = PrivateTmpfs.mount(other);
    try (FileGuard guard = guarded.guard()) {
      Files.writeString(other.resolve("here"), "gated");
      Files.writeString(Files.createDirectory(other.resolve("below")).resolve("there"), "free");
      guarded.manager.volume(other, VolumeKind.FANOTIFY_FOLDER);
      guard.decide(e -> Verdict.DENY);
      assertThat(output(cat("../other/here"))).contains("Operation not permitted");
      assertThat(output(cat("../other/below/there"))).isEqualTo("free");
      assertThat(guard.counters().denied()).isEqualTo(1);
    } finally {
      guarded.close();
      mounted.unmount();
    }
  }

  @Test
  void theOpenerIsNamed() throws Exception {
    Set<Long> processes = ConcurrentHashMap.newKeySet();
    try (FileGuard guard = guarded.guard()) {
      guard.decide(
          e -> {
            processes.add(e.processId());
            return Verdict.ALLOW;
          });
      Process cat = cat("plain.txt");
      output(cat);
      assertThat(processes).containsExactly(cat.pid());
    }
  }

  @Test
  void executionIsAskedAsSuch() throws Exception {
    Path program = Files.copy(Path.of("/bin/true"), folder.resolve("program"));
    Files.setPosixFilePermissions(program, PosixFilePermissions.fromString("rwxr-xr-x"));
    try (FileGuard guard = guarded.guard()) {
      guard.decide(e -> e.operation() == Operation.EXECUTE ? Verdict.DENY : Verdict.ALLOW);
      assertThat(output(cat("plain.txt"))).isEqualTo("nothing to see");
      assertThatThrownBy(() -> new ProcessBuilder(program.toString()).start())
          .isInstanceOf(IOException.class)
          .hasMessageContaining("Operation not permitted");
    }
    assertThat(new ProcessBuilder(program.toString()).start().waitFor()).isZero();
  }

  @Test
  void aHandlerMayOpenAGuardedFileItself() throws Exception {
    AtomicReference<String> read = new AtomicReference<>();
    try (FileGuard guard = guarded.guard()) {
      guard.policy(Policy.defaults().withTimeout(Duration.ofSeconds(20)));
      guard.decide(
          e -> {
            read.set(Files.readString(folder.resolve("marked.txt")));
            return Verdict.ALLOW;
          });
      assertThat(output(cat("plain.txt"))).isEqualTo("nothing to see");
      assertThat(read.get()).startsWith(Guarded.MARKER);
      assertThat(guard.counters().timedOut()).isZero();
    }
  }

  @Test
  void aHandlerThatNeverAnswersIsEndedByThePolicy() throws Exception {
    CountDownLatch release = new CountDownLatch(1);
    try (FileGuard guard = guarded.guard()) {
      guard.policy(
          Policy.defaults().withTimeout(Duration.ofMillis(300)).withOnTimeout(Action.DENY));
      guard.decide(
          e -> {
            release.await();
            return Verdict.ALLOW;
          });
      long start = System.nanoTime();
      assertThat(output(cat("plain.txt"))).contains("Operation not permitted");
      assertThat(Duration.ofNanos(System.nanoTime() - start))
          .isBetween(Duration.ofMillis(290), Duration.ofSeconds(2));
      release.countDown();
    }
  }

  @Test
  void aKilledFilterManagerReleasesEveryOpen() throws Exception {
    Process cat = openThatWaits(() -> guarded.worker().destroyForcibly());
    assertThat(output(cat)).isEqualTo("nothing to see");
  }

  @Test
  void aKilledSupervisorReleasesEveryOpen() throws Exception {
    Process cat =
        openThatWaits(
            () -> ProcessHandle.of(guarded.manager.pid()).orElseThrow().destroyForcibly());
    assertThat(output(cat)).isEqualTo("nothing to see");
  }

  @Test
  void aStoppedFilterManagerIsEndedWithinItsHeartbeat() throws Exception {
    long[] start = new long[1];
    Process cat =
        openThatWaits(
            () -> {
              start[0] = System.nanoTime();
              EmbeddedGuarded.signal(guarded.worker(), "STOP");
            });
    assertThat(output(cat)).isEqualTo("nothing to see");
    assertThat(Duration.ofNanos(System.nanoTime() - start[0]))
        .isLessThan(HEARTBEAT.multipliedBy(2).plusSeconds(1));
    assertThatThrownBy(() -> guarded.manager.counters())
        .isInstanceOf(FilterManagerException.class)
        .hasMessageContaining("is gone");
  }

  /** Starts an open that Java never answers, and does something while it waits. */
  private Process openThatWaits(Step step) throws Exception {
    CountDownLatch asked = new CountDownLatch(1);
    CountDownLatch release = new CountDownLatch(1);
    try (FileGuard guard = guarded.guard()) {
      guard.policy(Policy.defaults().withTimeout(Duration.ofSeconds(40)));
      guard.decide(
          e -> {
            asked.countDown();
            release.await();
            return Verdict.ALLOW;
          });
      Process cat = cat("plain.txt");
      assertThat(asked.await(10, TimeUnit.SECONDS)).isTrue();
      step.run();
      assertThat(cat.waitFor(10, TimeUnit.SECONDS)).isTrue();
      release.countDown();
      guard.awaitTermination();
      assertThat(guard.failure()).isNotNull();
      return cat;
    }
  }

  private interface Step {
    void run() throws Exception;
  }

  @Test
  void closingTheManagerStopsTheGate() throws Exception {
    try (FileGuard guard = guarded.guard()) {
      guard.decide(e -> Verdict.DENY);
      assertThat(output(cat("plain.txt"))).contains("Operation not permitted");
    }
    guarded.close();
    assertThat(output(cat("plain.txt"))).isEqualTo("nothing to see");
  }
}
