// SPDX-License-Identifier: Apache-2.0
package io.github.filterport.host;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.filterport.ConnectionLimitException;
import io.github.filterport.EventGap;
import io.github.filterport.ReplyOutcome;
import io.github.filterport.guard.Action;
import io.github.filterport.guard.EventObserver;
import io.github.filterport.guard.FileEvent;
import io.github.filterport.guard.FileGuard;
import io.github.filterport.guard.GuardCounters;
import io.github.filterport.guard.Operation;
import io.github.filterport.guard.Outcome;
import io.github.filterport.guard.PendingVerdict;
import io.github.filterport.guard.Policy;
import io.github.filterport.guard.Verdict;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** Decisions on opens that are issued through a direct volume. */
@Timeout(60)
class FileGuardTest {
  private static final int STATUS_IO_TIMEOUT = 0xC00000B5;
  private static final int STATUS_INSUFFICIENT_RESOURCES = 0xC000009A;
  private static final int STATUS_DEVICE_NOT_READY = 0xC00000A3;

  private static final String FLTMGRD = "fltmgrd is a process of Linux";

  @TempDir Path folder;
  private Guarded guarded;
  private TestVolume volume;

  @BeforeEach
  void start() throws Exception {
    guarded = Guarded.start(folder);
    volume = guarded.volume();
  }

  @AfterEach
  void stop() {
    guarded.close();
  }

  @Test
  void allowsAndDeniesByName() throws Exception {
    try (FileGuard guard = guarded.guard()) {
      guard.decide(e -> e.pathEndsWith(".EXE") ? Verdict.DENY : Verdict.ALLOW);
      assertThat(volume.open("plain.txt").opened()).isTrue();
      assertThat(volume.open("setup.exe").denied()).isTrue();
      GuardCounters counters = guard.counters();
      assertThat(counters.allowed()).isEqualTo(1);
      assertThat(counters.denied()).isEqualTo(1);
      assertAddUp(counters);
    }
  }

  @Test
  void aVolumeThatRemembersNothingAsksEachTime() throws Exception {
    try (FileGuard guard = guarded.guard()) {
      guard.policy(Policy.defaults().withCache(true));
      guard.decide(e -> Verdict.ALLOW_CACHED);
      assertThat(volume.open("plain.txt").opened()).isTrue();
      assertThat(volume.open("plain.txt").opened()).isTrue();
      GuardCounters counters = guard.counters();
      assertThat(counters.allowed()).isEqualTo(2);
      assertThat(counters.cached()).isZero();
      assertThat(counters.cacheRefused()).isEqualTo(2);
      assertAddUp(counters);
    }
  }

  @Test
  void deniesByContent() throws Exception {
    byte[] marker = Guarded.MARKER.getBytes(US_ASCII);
    try (FileGuard guard = guarded.guard()) {
      guard.policy(Policy.defaults().withContentBytes(marker.length));
      guard.decide(e -> e.contentStartsWith(marker) ? Verdict.DENY : Verdict.ALLOW);
      assertThat(volume.open("plain.txt").opened()).isTrue();
      assertThat(volume.open("marked.txt").denied()).isTrue();
    }
  }

  @Test
  void anEventSaysWhatItIsAbout() throws Exception {
    AtomicReference<String> seen = new AtomicReference<>("");
    AtomicReference<FileEvent> kept = new AtomicReference<>();
    try (FileGuard guard = guarded.guard()) {
      guard.policy(Policy.defaults().withContentBytes(7));
      guard.decide(
          e -> {
            kept.set(e);
            seen.set(
                String.join(
                    " ",
                    e.operation().toString(),
                    Long.toString(e.sequence()),
                    Long.toString(e.processId()),
                    US_ASCII.decode(e.content()).toString(),
                    Boolean.toString(e.isContentCut()),
                    Boolean.toString(e.remainingNanos() > 0),
                    String.valueOf(volume.file(e.path()))));
            return Verdict.ALLOW;
          });
      volume.open("plain.txt");
      assertThat(seen.get()).isEqualTo("OPEN 1 1 nothing true true " + folder.resolve("plain.txt"));
      assertThat(folder.resolve("plain.txt").toFile().setExecutable(true)).isTrue();
      volume.open("plain.txt", OpenAccess.EXECUTE);
      assertThat(seen.get()).startsWith("EXECUTE 2 ");
      Guarded.await("the event is over", () -> isOver(kept.get()));
    }
  }

  private static boolean isOver(FileEvent event) {
    try {
      event.path();
      return false;
    } catch (IllegalStateException e) {
      return true;
    }
  }

  @Test
  void aHandlerThatNeverAnswersEndsByThePolicyInTheStatedTime() throws Exception {
    CountDownLatch release = new CountDownLatch(1);
    try (FileGuard guard = guarded.guard(FileGuard.Options.defaults().withThreads(3))) {
      Policy policy = Policy.defaults().withTimeout(Duration.ofMillis(300));
      guard.decide(
          e -> {
            release.await();
            return Verdict.ALLOW;
          });
      guard.policy(policy.withOnTimeout(Action.DENY));
      long start = System.nanoTime();
      assertThat(volume.open("plain.txt").denied()).isTrue();
      assertThat(Duration.ofNanos(System.nanoTime() - start))
          .isBetween(Duration.ofMillis(290), Duration.ofMillis(1300));
      guard.policy(policy.withOnTimeout(Action.ERROR));
      assertThat(volume.open("plain.txt").status()).isEqualTo(STATUS_IO_TIMEOUT);
      guard.policy(policy.withOnTimeout(Action.ALLOW));
      assertThat(volume.open("plain.txt").opened()).isTrue();
      assertThat(guard.counters().timedOut()).isEqualTo(3);
      release.countDown();
      Guarded.await("late verdicts are counted", () -> guard.portCounters().late() == 3);
    }
  }

  @Test
  void withoutAClientThePolicyDecides() throws Exception {
    try (FileGuard guard = guarded.guard()) {
      guard.policy(Policy.defaults().withOnNoClient(Action.DENY));
    }
    assertThat(volume.open("plain.txt").denied()).isTrue();
    try (FileGuard guard = guarded.guard()) {
      guard.policy(Policy.defaults().withOnNoClient(Action.ERROR));
    }
    assertThat(volume.open("plain.txt").status()).isEqualTo(STATUS_DEVICE_NOT_READY);
    guarded.guard().close();
    try (FileGuard guard = guarded.guard()) {
      assertThat(guard.counters().noClient()).isEqualTo(2);
    }
  }

  @Test
  void closingWhileAnOpenWaitsEndsItAsWithoutAClient() throws Exception {
    CountDownLatch asked = new CountDownLatch(1);
    CountDownLatch release = new CountDownLatch(1);
    FileGuard guard = guarded.guard();
    try {
      guard.policy(
          Policy.defaults().withTimeout(Duration.ofSeconds(30)).withOnNoClient(Action.DENY));
      guard.decide(
          e -> {
            asked.countDown();
            release.await();
            return Verdict.ALLOW;
          });
      CompletableFuture<OpenOutcome> open = volume.openAsync("plain.txt");
      asked.await();
      CompletableFuture<Void> closing = CompletableFuture.runAsync(guard::close);
      assertThat(open.get(10, TimeUnit.SECONDS).denied()).isTrue();
      release.countDown();
      closing.get(10, TimeUnit.SECONDS);
    } finally {
      release.countDown();
      guard.close();
    }
  }

  @Test
  void aDeciderThatThrowsEndsByOnFailure() throws Exception {
    BlockingQueue<Throwable> errors = new LinkedBlockingQueue<>();
    try (FileGuard guard = guarded.guard(FileGuard.Options.defaults().withOnError(errors::add))) {
      guard.policy(Policy.defaults().withOnFailure(Action.DENY));
      guard.decide(
          e -> {
            if (e.pathEndsWith(".exe")) {
              throw new UnsupportedOperationException("no idea");
            }
            return e.pathEndsWith("marked.txt") ? null : Verdict.ALLOW;
          });
      assertThat(volume.open("setup.exe").denied()).isTrue();
      assertThat(volume.open("marked.txt").denied()).isTrue();
      assertThat(volume.open("plain.txt").opened()).isTrue();
      assertThat(errors.poll(5, TimeUnit.SECONDS)).hasStackTraceContaining("no idea");
      GuardCounters counters = guard.counters();
      assertThat(counters.failed() + counters.invalidReply()).isEqualTo(2);
      assertAddUp(counters);
    }
  }

  @Test
  void aHandlerMayOpenAGuardedFileItself() throws Exception {
    TestVolume own = volume.as(ProcessHandle.current().pid());
    AtomicReference<OpenOutcome> inner = new AtomicReference<>();
    try (FileGuard guard = guarded.guard()) {
      guard.policy(Policy.defaults().withTimeout(Duration.ofSeconds(20)));
      guard.decide(
          e -> {
            inner.set(own.open("setup.exe"));
            return Verdict.DENY;
          });
      assertThat(volume.open("plain.txt").denied()).isTrue();
      assertThat(inner.get().opened()).isTrue();
      assertThat(guard.counters().notAskedExempt()).isEqualTo(1);
      assertThat(guard.counters().asked()).isEqualTo(1);
    }
  }

  @Test
  void aHandlerThatWaitsForItselfEndsByTheTimeout() throws Exception {
    TestVolume own = volume.as(ProcessHandle.current().pid());
    try (FileGuard guard = guarded.guard(FileGuard.Options.defaults().withExempt(false))) {
      guard.policy(Policy.defaults().withTimeout(Duration.ofMillis(300)));
      guard.decide(
          e -> {
            if (e.pathEndsWith("plain.txt")) {
              own.open("setup.exe");
            }
            return Verdict.ALLOW;
          });
      assertThat(volume.open("plain.txt").opened()).isTrue();
      assertThat(guard.counters().timedOut()).isBetween(1L, 2L);
    }
  }

  @Test
  void aQuestionCanBeDeferred() throws Exception {
    BlockingQueue<PendingVerdict> pending = new LinkedBlockingQueue<>();
    try (FileGuard guard = guarded.guard()) {
      guard.decide(
          e -> {
            PendingVerdict later = e.tryDefer();
            if (later == null) {
              return Verdict.DENY;
            }
            pending.add(later);
            return null;
          });
      List<CompletableFuture<OpenOutcome>> opens =
          List.of(volume.openAsync("plain.txt"), volume.openAsync("setup.exe"));
      for (int i = 0; i < opens.size(); i++) {
        PendingVerdict verdict = pending.take();
        assertThat(verdict.complete(Verdict.ALLOW)).isEqualTo(ReplyOutcome.DELIVERED);
        assertThat(verdict.complete(Verdict.DENY)).isEqualTo(ReplyOutcome.ALREADY_ANSWERED);
      }
      for (CompletableFuture<OpenOutcome> open : opens) {
        assertThat(open.get(10, TimeUnit.SECONDS).opened()).isTrue();
      }
    }
  }

  @Test
  void tenThousandOpensAtOnceEndByVerdictOrOverload() throws Exception {
    int count = Guarded.isWindows() ? 200 : 10_000; // there each takes a thread
    CountDownLatch release = new CountDownLatch(1);
    try (FileGuard guard = guarded.guard(FileGuard.Options.defaults().withThreads(2))) {
      guard.policy(
          Policy.defaults().withTimeout(Duration.ofSeconds(30)).withOnOverload(Action.ERROR));
      guard.maxInFlight(16);
      guard.decide(
          e -> {
            release.await();
            return Verdict.ALLOW;
          });
      @SuppressWarnings({"unchecked", "rawtypes"})
      CompletableFuture<OpenOutcome>[] opens = new CompletableFuture[count];
      for (int i = 0; i < count; i++) {
        opens[i] = volume.openAsync("plain.txt");
      }
      Guarded.await("overload", () -> overload(guard) > 0);
      release.countDown();
      CompletableFuture.allOf(opens).get(50, TimeUnit.SECONDS);
      Map<OpenOutcome, Long> outcomes =
          Arrays.stream(opens)
              .map(CompletableFuture::join)
              .collect(Collectors.groupingBy(outcome -> outcome, Collectors.counting()));
      GuardCounters counters = guard.counters();
      assertThat(outcomes)
          .containsOnlyKeys(new OpenOutcome(0), new OpenOutcome(STATUS_INSUFFICIENT_RESOURCES))
          .containsEntry(new OpenOutcome(0), counters.allowed())
          .containsEntry(new OpenOutcome(STATUS_INSUFFICIENT_RESOURCES), counters.overload());
      assertThat(counters.inFlightPeak()).isEqualTo(16);
      assertAddUp(counters);
    }
  }

  private static long overload(FileGuard guard) {
    try {
      return guard.counters().overload();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Test
  void anObserverHearsWhatBecameOfIt() throws Exception {
    BlockingQueue<String> reports = new LinkedBlockingQueue<>();
    try (FileGuard guard = guarded.guard()) {
      guard.observe(e -> reports.add(e.sequence() + " " + e.outcome() + " " + e.isReport()));
      guard.decide(e -> e.pathEndsWith(".exe") ? Verdict.DENY : Verdict.ALLOW);
      volume.open("plain.txt");
      volume.open("setup.exe");
      assertThat(reports.poll(5, TimeUnit.SECONDS)).isEqualTo("1 " + Outcome.ALLOWED + " true");
      assertThat(reports.poll(5, TimeUnit.SECONDS)).isEqualTo("2 " + Outcome.DENIED + " true");
      assertThat(guard.counters().observers()).isEqualTo(1);
    }
  }

  @Test
  void withoutARingReportsAreMessages() throws Exception {
    BlockingQueue<String> reports = new LinkedBlockingQueue<>();
    FileGuard.Options options = FileGuard.Options.defaults().withReportRing(0);
    try (FileGuard guard = guarded.guard();
        FileGuard watcher = FileGuard.watch(guarded.connector(FileGuard.PORT), options)) {
      watcher.observe(e -> reports.add(e.sequence() + " " + e.outcome() + " " + e.path()));
      guard.decide(e -> Verdict.ALLOW);
      volume.open("plain.txt");
      assertThat(reports.poll(5, TimeUnit.SECONDS))
          .startsWith("1 " + Outcome.ALLOWED)
          .endsWith("plain.txt");
    }
  }

  @Test
  void reportsThatFindTheRingFullAreToldOfAndCounted() throws Exception {
    CountDownLatch release = new CountDownLatch(1);
    AtomicLong heard = new AtomicLong();
    AtomicLong lost = new AtomicLong();
    FileGuard.Options options = FileGuard.Options.defaults().withReportRing(1 << 14);
    try (FileGuard guard = guarded.guard();
        FileGuard watcher = FileGuard.watch(guarded.connector(FileGuard.PORT), options)) {
      watcher.observe(
          new EventObserver() {
            @Override
            public void onEvent(FileEvent event) throws InterruptedException {
              release.await();
              heard.incrementAndGet();
            }

            @Override
            public void onLost(EventGap gap) {
              lost.addAndGet(gap.count());
            }
          });
      guard.decide(e -> Verdict.ALLOW);
      for (int i = 0; i < 200; i++) {
        volume.open("plain.txt");
      }
      assertThat(guard.counters().reportsLost()).isPositive();
      release.countDown();
      long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
      while (heard.get() + lost.get() < 200 && System.nanoTime() - deadline < 0) {
        Thread.onSpinWait();
      }
      assertThat(heard.get() + lost.get()).isEqualTo(200);
      assertThat(guard.counters().reported()).isEqualTo(heard.get());
      assertThat(guard.counters().reportsLost()).isEqualTo(lost.get());
    }
  }

  @Test
  void thereIsOneDecider() throws Exception {
    try (FileGuard guard = guarded.guard()) {
      assertThatThrownBy(guarded::guard).isInstanceOf(ConnectionLimitException.class);
      assertThat(guard.counters().connectsRefused()).isEqualTo(1);
      try (FileGuard watcher =
          FileGuard.watch(guarded.connector(FileGuard.PORT), FileGuard.Options.defaults())) {
        assertThat(watcher.policy(Operation.OPEN)).isEqualTo(Policy.defaults());
        assertThatThrownBy(() -> watcher.decide(e -> Verdict.ALLOW))
            .isInstanceOf(IllegalStateException.class)
            .hasMessageContaining("observer");
      }
    }
  }

  @Test
  void policyAndLimitAreReadBack() throws Exception {
    try (FileGuard guard = guarded.guard()) {
      Policy policy =
          Policy.defaults().withTimeout(Duration.ofSeconds(7)).withoutVerdict(Action.DENY);
      guard.policy(Operation.EXECUTE, policy);
      guard.maxInFlight(77);
      assertThat(guard.policy(Operation.EXECUTE)).isEqualTo(policy);
      assertThat(guard.policy(Operation.OPEN)).isEqualTo(Policy.defaults());
      assertThat(guard.maxInFlight()).isEqualTo(77);
      assertThatThrownBy(() -> guard.policy(policy.withContentBytes(60_000)))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("eventCapacity of 8192");
    }
  }

  @Test
  @EnabledOnOs(value = OS.LINUX, disabledReason = FLTMGRD)
  void aKilledFilterManagerEndsDecidingWithAClearError() throws Exception {
    openEndsWith("is gone", () -> ((EmbeddedGuarded) guarded).worker().destroyForcibly());
  }

  @Test
  @EnabledOnOs(value = OS.LINUX, disabledReason = FLTMGRD)
  void aStoppedFilterManagerEndsDecidingWithAClearError() throws Exception {
    long start = System.nanoTime();
    openEndsWith(
        "stood still", () -> EmbeddedGuarded.signal(((EmbeddedGuarded) guarded).worker(), "STOP"));
    assertThat(Duration.ofNanos(System.nanoTime() - start))
        .isLessThan(Guarded.HEARTBEAT.multipliedBy(2).plusSeconds(3));
  }

  private interface Step {
    void run() throws Exception;
  }

  private void openEndsWith(String text, Step step) throws Exception {
    CountDownLatch asked = new CountDownLatch(1);
    CountDownLatch release = new CountDownLatch(1);
    try (FileGuard guard = guarded.guard()) {
      guard.policy(Policy.defaults().withTimeout(Duration.ofSeconds(30)));
      guard.decide(
          e -> {
            asked.countDown();
            release.await();
            return Verdict.ALLOW;
          });
      CompletableFuture<OpenOutcome> open = volume.openAsync("plain.txt");
      asked.await();
      step.run();
      assertThatThrownBy(() -> open.get(10, TimeUnit.SECONDS))
          .isInstanceOf(ExecutionException.class)
          .cause()
          .isInstanceOf(FilterManagerException.class)
          .hasMessageContaining(text);
      release.countDown();
      guard.awaitTermination();
      assertThat(guard.isRunning()).isFalse();
      assertThat(guard.failure()).isNotNull();
      assertThatThrownBy(guard::counters).isInstanceOf(IOException.class);
    }
  }

  private static void assertAddUp(GuardCounters c) {
    assertThat(
            c.asked()
                + c.notAskedFailed()
                + c.notAskedUnsafe()
                + c.notAskedKernel()
                + c.notAskedExempt()
                + c.notAskedDirectory()
                + c.notAskedOff())
        .isEqualTo(c.seen());
    assertThat(
            c.allowed()
                + c.denied()
                + c.timedOut()
                + c.noClient()
                + c.overload()
                + c.failed()
                + c.invalidReply()
                + c.inFlight())
        .isEqualTo(c.asked());
  }
}
