// SPDX-License-Identifier: Apache-2.0
package io.github.filterport.bench.run;

import io.github.filterport.bench.peer.JavaGuard;
import io.github.filterport.host.EmbeddedFilterManager;
import io.github.filterport.host.VolumeKind;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Starts openers and gates, each on a tmpfs of its own: a mark holds for a whole file system, and
 * nothing else on the machine is to be gated.
 */
public final class Opens {
  private final Path natives;
  private final Path folder;
  private final Launcher launcher;

  /** Below that folder. */
  public Opens(Path natives, Path folder, Launcher launcher) {
    this.natives = natives;
    this.folder = folder;
    this.launcher = launcher;
  }

  /** Why this machine does not let us; empty if it does. */
  public Optional<String> unavailable() {
    try {
      Path probe = mount("probe");
      try (PeerProcess gate =
          PeerProcess.start("gate", List.of(program("bench_gate"), probe.toString()))) {
        return gate.pid() > 0 ? Optional.empty() : Optional.of("no gate");
      } finally {
        unmount(probe);
      }
    } catch (IOException e) {
      return Optional.of("needs root and fanotify: " + e.getMessage());
    }
  }

  private String program(String name) {
    return natives.resolve("bin").resolve(name).toString();
  }

  private Path mount(String name) throws IOException {
    Path directory = Files.createDirectory(folder.resolve(name));
    Command.output("mount", "-t", "tmpfs", "-o", "size=1m", "bench-" + name, directory.toString());
    Files.writeString(directory.resolve("file"), "content");
    return directory;
  }

  private static void unmount(Path directory) throws IOException {
    Command.output("umount", directory.toString());
    Files.delete(directory);
  }

  private PeerProcess opener(Path directory) throws IOException {
    return PeerProcess.start(
        "opener", List.of(program("bench_opener"), directory.resolve("file").toString()));
  }

  /** Nothing gates. */
  public Subject ungated() throws IOException {
    Path directory = mount("ungated");
    return new OpenSubject("ungated", opener(directory), List.of(), null, () -> unmount(directory));
  }

  /** One C process reads and answers. */
  public Subject gateC() throws IOException {
    Path directory = mount("gate-c");
    PeerProcess gate =
        PeerProcess.start("gate-c", List.of(program("bench_gate"), directory.toString()));
    return new OpenSubject(
        "gate-c",
        opener(directory),
        List.of(gate.pid()),
        null,
        () -> {
          gate.close();
          unmount(directory);
        });
  }

  /** The same with the gate on a core of its own. */
  public Subject gateCOnItsOwnCore() throws IOException {
    Path directory = mount("gate-c-apart");
    PeerProcess gate =
        PeerProcess.start("gate-c-apart", List.of(program("bench_gate"), directory.toString()));
    return new OpenSubject(
        "gate-c-apart", opener(directory), List.of(), gate, () -> unmount(directory));
  }

  /** fltmgrd and the bundled minifilter ask a client in C. */
  public Subject clientC() throws IOException {
    return filtered("client-c", "", VolumeKind.FANOTIFY);
  }

  /** fltmgrd and the bundled minifilter ask FileGuard. */
  public Subject clientJava() throws IOException {
    return filtered("client-java", "each", VolumeKind.FANOTIFY);
  }

  /** FileGuard whose verdict is remembered: after the first open nobody is asked. */
  public Subject cached() throws IOException {
    return filtered("cached", "remember", VolumeKind.FANOTIFY);
  }

  /** The same with a mark on the folder instead of its file system. */
  public Subject cachedDirectory() throws IOException {
    return filtered("cached-directory", "remember", VolumeKind.FANOTIFY_FOLDER);
  }

  private Subject filtered(String name, String javaVerdicts, VolumeKind kind) throws IOException {
    Path directory = mount(name);
    EmbeddedFilterManager manager =
        EmbeddedFilterManager.start(
            EmbeddedFilterManager.Options.defaults()
                .withExecutable(natives.resolve("bin/fltmgrd"))
                .withDrivers(natives.resolve("drivers")));
    @Nullable PeerProcess decider = null;
    try {
      manager.loadDriver("filterport");
      manager.volume(directory, kind);
      decider =
          PeerProcess.start(
              name,
              javaVerdicts.isEmpty()
                  ? List.of(program("bench_guard"), manager.address())
                  : launcher.java(Jdk.own(), JavaGuard.class, manager.address(), javaVerdicts));
      return new OpenSubject(
          name,
          opener(directory),
          List.of(Manager.hostPid(manager)),
          decider,
          () -> {
            manager.close();
            unmount(directory);
          });
    } catch (IOException | RuntimeException e) {
      if (decider != null) {
        decider.close();
      }
      manager.close();
      unmount(directory);
      throw e;
    }
  }
}
