// SPDX-License-Identifier: Apache-2.0
package io.github.filterport.example.fileguard;

import io.github.filterport.guard.Action;
import io.github.filterport.guard.FileGuard;
import io.github.filterport.guard.GuardCounters;
import io.github.filterport.guard.Policy;
import io.github.filterport.host.DirectVolume;
import io.github.filterport.host.EmbeddedFilterManager;
import io.github.filterport.host.FilterManagerException;
import io.github.filterport.host.Volume;
import io.github.filterport.host.VolumeKind;
import java.io.IOException;
import java.time.Duration;

/**
 * Guards a folder: files whose first bytes are a test marker and files called *.exe may not be
 * opened, by anybody.
 *
 * <p>Runs until end-of-file on stdin. Exit status 3: this machine does not allow fanotify.
 */
public final class FileGuardExample {
  private static final int NO_FANOTIFY = 3;

  private FileGuardExample() {}

  /** See {@link Arguments#USAGE}. */
  public static void main(String[] args) throws Exception {
    System.exit(run(Arguments.of(args)));
  }

  private static int run(Arguments arguments) throws IOException {
    try (EmbeddedFilterManager manager = EmbeddedFilterManager.start()) {
      manager.loadDriver("filterport");
      Volume volume;
      try {
        volume = volume(manager, arguments);
      } catch (FilterManagerException e) {
        System.out.println(e.getMessage());
        return NO_FANOTIFY;
      }
      try (VerdictRecord record = new VerdictRecord(arguments.record(), volume)) {
        guard(manager, volume, record, arguments);
      }
      return 0;
    }
  }

  private static Volume volume(EmbeddedFilterManager manager, Arguments arguments)
      throws FilterManagerException {
    return manager.volume(
        arguments.folder(), arguments.list() == null ? VolumeKind.FANOTIFY : VolumeKind.DIRECT);
  }

  private static void guard(
      EmbeddedFilterManager manager, Volume volume, VerdictRecord record, Arguments arguments)
      throws IOException {
    try (FileGuard guard = FileGuard.connect(manager.connector(FileGuard.PORT))) {
      guard.policy(
          Policy.defaults()
              .withTimeout(Duration.ofSeconds(5))
              .withContentBytes(Rule.MARKER.length())
              .withoutVerdict(Action.DENY));
      guard.decide(
          event -> {
            Rule rule = Rule.of(event);
            record.add(event, rule);
            return rule.verdict();
          });
      System.out.println(
          "guarding "
              + volume.directory()
              + " through "
              + volume.kind()
              + ", fltmgrd is process "
              + manager.pid());
      if (volume instanceof DirectVolume direct
          && arguments.list() != null
          && arguments.outcomes() != null) {
        DirectOpens.run(direct, arguments.list(), arguments.outcomes());
      }
      awaitEndOfInput();
      record.printCounts();
      printCounters(guard, manager);
    }
  }

  private static void awaitEndOfInput() throws IOException {
    byte[] ignored = new byte[256];
    int count = System.in.read(ignored);
    while (count >= 0) {
      count = System.in.read(ignored);
    }
  }

  private static void printCounters(FileGuard guard, EmbeddedFilterManager manager)
      throws IOException {
    GuardCounters driver = guard.counters();
    // Verdicts that came too late, openers that went on without one, gated opens past the deadline.
    long late =
        driver.timedOut()
            + guard.portCounters().late()
            + manager.counters().getOrDefault("gate.late", 0L);
    long other = driver.noClient() + driver.overload() + driver.failed() + driver.invalidReply();
    System.out.printf(
        "counters: asked=%d allowed=%d denied=%d without-verdict=%d late=%d%n",
        driver.asked(), driver.allowed(), driver.denied(), other, late);
  }
}
