// SPDX-License-Identifier: Apache-2.0
package io.github.filterport;

import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.scijava.nativelib.NativeLibraryUtil;
import org.slf4j.Logger;

/** A program of these tests in a JVM of its own. */
final class ChildJvm {
  private final List<String> prefix = new ArrayList<>();
  private final List<String> options = new ArrayList<>();
  private final Class<?> program;
  private String classPath = ownClassPath();

  ChildJvm(Class<?> program) {
    this.program = program;
    options.add("-Xcheck:jni");
  }

  /** Words before the JVM's own, for instance a change of user. */
  ChildJvm under(String... words) {
    prefix.addAll(List.of(words));
    return this;
  }

  ChildJvm property(String name, Object value) {
    options.add("-D" + name + "=" + value);
    return this;
  }

  /** With the native library that this JVM was told to use, if it was. */
  ChildJvm withNatives() {
    String folder = System.getProperty(NativeLoader.LIBRARY_PATH);
    return folder == null ? this : property(NativeLoader.LIBRARY_PATH, folder);
  }

  /** With a copy of the class path in that folder, for a user who may not read this one's files. */
  ChildJvm copiedTo(Path folder) throws IOException {
    List<String> copies = new ArrayList<>();
    for (String place : classPath.split(File.pathSeparator, -1)) {
      Path from = Path.of(place);
      Path to = folder.resolve(copies.size() + "-" + from.getFileName());
      copyTree(from, to);
      copies.add(to.toString());
    }
    classPath = String.join(File.pathSeparator, copies);
    return this;
  }

  private static void copyTree(Path from, Path to) throws IOException {
    List<Path> all;
    try (Stream<Path> walk = Files.walk(from)) {
      all = walk.toList();
    }
    for (Path each : all) {
      Path copy = to.resolve(from.relativize(each).toString());
      Files.copy(each, copy);
      Files.setPosixFilePermissions(copy, PosixFilePermissions.fromString("rwxr-xr-x"));
    }
  }

  static Path java() {
    return ProcessHandle.current()
        .info()
        .command()
        .map(Path::of)
        .filter(Files::isRegularFile)
        .orElse(Path.of(System.getProperty("java.home"), "bin", "java"));
  }

  private static String ownClassPath() {
    try {
      List<String> places = new ArrayList<>();
      places.add(Path.of("target", "classes").toAbsolutePath().toString());
      places.add(Path.of("target", "test-classes").toAbsolutePath().toString());
      places.add(TestNatives.root().toString());
      for (Class<?> type : List.of(Logger.class, NativeLibraryUtil.class)) {
        places.add(
            Path.of(type.getProtectionDomain().getCodeSource().getLocation().toURI()).toString());
      }
      return String.join(File.pathSeparator, places);
    } catch (URISyntaxException e) {
      throw new AssertionError(e);
    }
  }

  private ProcessBuilder builder(String... arguments) {
    List<String> command = new ArrayList<>(prefix);
    command.add(java().toString());
    command.addAll(options);
    command.addAll(List.of("-cp", classPath, program.getName()));
    command.addAll(List.of(arguments));
    ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
    builder.environment().put("LC_ALL", "C.UTF-8");
    return builder;
  }

  /** Runs to the end; what it printed, with its errors. */
  String run(String... arguments) throws IOException, InterruptedException {
    Process process = builder(arguments).start();
    process.getOutputStream().close();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    if (!process.waitFor(60, TimeUnit.SECONDS)) {
      process.destroyForcibly();
      throw new AssertionError("still running: " + program.getName());
    }
    return output;
  }

  Running start(String... arguments) throws IOException {
    return new Running(builder(arguments).start());
  }

  /** One that goes on running. */
  static final class Running implements AutoCloseable {
    private final Process process;
    private final BufferedReader output;

    private Running(Process process) {
      this.process = process;
      this.output =
          new BufferedReader(
              new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
    }

    void awaitLine(String wanted) throws IOException {
      List<String> others = new ArrayList<>();
      for (String line = output.readLine(); line != null; line = output.readLine()) {
        if (line.equals(wanted)) {
          return;
        }
        others.add(line);
      }
      throw new AssertionError("it ended without \"" + wanted + "\": " + others);
    }

    /** The next line; an error if it has ended. */
    String line() throws IOException {
      String line = output.readLine();
      if (line == null) {
        throw new AssertionError("it ended");
      }
      return line;
    }

    void kill() throws InterruptedException {
      process.destroyForcibly();
      process.waitFor();
    }

    @Override
    public void close() {
      process.destroyForcibly();
    }
  }
}
