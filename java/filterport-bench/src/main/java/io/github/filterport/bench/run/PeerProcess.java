// SPDX-License-Identifier: Apache-2.0
package io.github.filterport.bench.run;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * A process that is measured: it says {@code ready}, then answers line by line, and ends when its
 * input ends. The words are in native/common/peer.h.
 */
public final class PeerProcess implements AutoCloseable {
  private final Process process;
  private final BufferedReader output;
  private final List<Long> others = new ArrayList<>();
  private final String name;

  private PeerProcess(String name, Process process) {
    this.name = name;
    this.process = process;
    this.output =
        new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
  }

  /** Starts it and waits until it can be measured. */
  public static PeerProcess start(String name, List<String> command) throws IOException {
    Process started =
        new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
    PeerProcess peer = new PeerProcess(name, started);
    try {
      String[] words = peer.line().split(" ", -1);
      if (!words[0].equals("ready")) {
        throw new IOException(name + ": said " + String.join(" ", words) + " instead of ready");
      }
      for (int i = 1; i < words.length; i++) {
        peer.others.add(Long.parseLong(words[i]));
      }
      return peer;
    } catch (IOException | RuntimeException e) {
      started.destroyForcibly();
      throw e;
    }
  }

  private String line() throws IOException {
    String line = output.readLine();
    if (line == null) {
      throw new IOException(name + " (process " + process.pid() + ") ended");
    }
    return line;
  }

  /** One line there and one back. */
  public String ask(String words) throws IOException {
    process.getOutputStream().write((words + "\n").getBytes(StandardCharsets.UTF_8));
    process.getOutputStream().flush();
    return line();
  }

  /** The process itself. */
  public long pid() {
    return process.pid();
  }

  /** Further processes that it named: those that answer, where it sends. */
  public List<Long> others() {
    return others;
  }

  @Override
  public void close() {
    try {
      process.getOutputStream().close();
      if (!process.waitFor(5, TimeUnit.SECONDS)) {
        process.destroyForcibly();
      }
    } catch (IOException e) {
      process.destroyForcibly();
    } catch (InterruptedException e) {
      process.destroyForcibly();
      Thread.currentThread().interrupt();
    }
  }
}
