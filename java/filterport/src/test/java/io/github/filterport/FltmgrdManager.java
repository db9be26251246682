// SPDX-License-Identifier: Apache-2.0
package io.github.filterport;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * {@code fltmgrd --embedded} with drivers loaded. Ends with this process at the latest, since its
 * standard input ends then.
 */
final class FltmgrdManager implements TestManager {
  private final Process process;
  private final BufferedReader answers;
  private final Path folder;
  private final Path socket;
  private final List<ProcessHandle> family;

  private FltmgrdManager(Process process, BufferedReader answers, Path folder, Path socket) {
    this.process = process;
    this.answers = answers;
    this.folder = folder;
    this.socket = socket;
    this.family = process.descendants().toList();
  }

  static Path program() {
    return Path.of(System.getProperty("filterport.fltmgrd", "build/linux/bin/fltmgrd"));
  }

  static FltmgrdManager start(String... drivers) throws IOException {
    return startAt(Files.createTempDirectory("filterport-test-"), drivers);
  }

  /** With its socket in that folder, so that a second one can follow a first. */
  static FltmgrdManager startAt(Path folder, String... drivers) throws IOException {
    Path socket = folder.resolve("fltmgrd.sock");
    ProcessBuilder builder =
        new ProcessBuilder(
            program().toString(),
            "--embedded",
            "--socket",
            socket.toString(),
            "--drivers",
            System.getProperty("filterport.drivers", "build/linux/drivers"));
    for (String driver : drivers) {
      builder.command().addAll(List.of("--load", driver));
    }
    // The test's own preloaded libraries (sanitizers) are not for it.
    builder.environment().remove("LD_PRELOAD");
    Process process = builder.redirectError(ProcessBuilder.Redirect.INHERIT).start();
    BufferedReader answers =
        new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
    String line = answers.readLine();
    if (line == null || !line.startsWith("ready ")) {
      process.destroyForcibly();
      throw new IOException("fltmgrd did not get ready, it said: " + line);
    }
    return new FltmgrdManager(process, answers, folder, socket);
  }

  @Override
  public Connector connector(String port) {
    return FilterPort.connector(port).manager(socket.toString());
  }

  Path folder() {
    return folder;
  }

  @Override
  public String address() {
    return socket.toString();
  }

  @Override
  public void load(String driver) throws IOException {
    succeeds("load " + driver);
  }

  @Override
  public void unload(String driver) throws IOException {
    succeeds("unload " + driver);
  }

  private void succeeds(String words) throws IOException {
    String answer = request(words);
    if (!answer.startsWith("ok")) {
      throw new IOException(words + ": " + answer);
    }
  }

  /** One request of the embedded protocol and its answer, without the tag. */
  synchronized String request(String words) throws IOException {
    process.getOutputStream().write(("1 " + words + "\n").getBytes(StandardCharsets.UTF_8));
    process.getOutputStream().flush();
    String line = answers.readLine();
    return line == null ? "" : line.substring(line.indexOf(' ') + 1);
  }

  /** The supervisor and the host it has forked. */
  private List<ProcessHandle> all() {
    List<ProcessHandle> now = process.descendants().toList();
    return now.isEmpty() ? family : now;
  }

  /** Kills the host (-9); the supervisor ends by itself. */
  void kill() {
    for (ProcessHandle host : all()) {
      host.destroyForcibly();
    }
  }

  /** Stops the host as SIGSTOP does; its supervisor kills it when its heartbeat is missed. */
  void freeze() throws IOException, InterruptedException {
    for (ProcessHandle host : all()) {
      new ProcessBuilder("kill", "-STOP", Long.toString(host.pid())).start().waitFor();
    }
  }

  void awaitExit() throws InterruptedException {
    if (!process.waitFor(30, TimeUnit.SECONDS)) {
      throw new AssertionError("fltmgrd is still running");
    }
  }

  @Override
  public void close() {
    try {
      process.getOutputStream().close();
    } catch (IOException e) {
      // it is gone already
    }
    try {
      if (!process.waitFor(10, TimeUnit.SECONDS)) {
        kill();
        process.destroyForcibly();
        throw new AssertionError("fltmgrd did not end when its input ended");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    try {
      Files.deleteIfExists(socket);
      Files.deleteIfExists(folder);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
