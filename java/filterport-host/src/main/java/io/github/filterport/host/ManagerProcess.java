// SPDX-License-Identifier: Apache-2.0
package io.github.filterport.host;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A running fltmgrd and the conversation with it: tagged lines out, tagged lines back in any order.
 *
 * <p>Three daemon threads: one writes requests, so that no caller ever blocks on a stopped
 * fltmgrd's full pipe; one reads answers; one keeps what fltmgrd says on stderr. The reader's end
 * is the one place where the process counts as gone and pending requests fail.
 */
final class ManagerProcess {
  private static final Logger LOG = LoggerFactory.getLogger(EmbeddedFilterManager.class);
  private static final int KEPT_ERROR_LINES = 100;

  /** For what must happen at once after a kill. */
  private static final Duration LAST_WAIT = Duration.ofSeconds(2);

  /** Ends the writer. No request is empty. */
  private static final String END_OF_REQUESTS = "";

  private final Process process;
  private final AtomicLong nextTag = new AtomicLong();
  private final Map<Long, Request> pending = new ConcurrentHashMap<>();
  private final BlockingQueue<String> outgoing = new LinkedBlockingQueue<>();
  private final Deque<String> errorLines = new ArrayDeque<>();
  private final CompletableFuture<String> ready = new CompletableFuture<>();
  private final CompletableFuture<Void> gone = new CompletableFuture<>();
  private final CompletableFuture<Void> childrenEnd;
  private final Thread errorReader;
  private volatile List<ProcessHandle> children = List.of();
  private volatile boolean closing;

  private ManagerProcess(Process process) {
    this.process = process;
    this.childrenEnd = process.onExit().thenRun(this::endChildren);
    this.errorReader = thread("errors", this::readErrors);
  }

  /** Starts the command. Does not wait for its ready line: {@link #awaitReady}. */
  static ManagerProcess start(List<String> command) throws FilterManagerException {
    Process process;
    try {
      process = new ProcessBuilder(command).start();
    } catch (IOException e) {
      throw new FilterManagerException(
          "start fltmgrd: " + command.get(0) + " could not be run: " + e.getMessage(), e);
    }
    ManagerProcess manager = new ManagerProcess(process);
    manager.errorReader.start();
    manager.thread("answers", manager::readAnswers).start();
    manager.thread("requests", manager::writeRequests).start();
    return manager;
  }

  /** Waits for the ready line and returns the socket's path in it. */
  String awaitReady(Duration limit) throws FilterManagerException {
    String socket = await(ready, limit, "start fltmgrd");
    rememberChildren();
    return socket;
  }

  /** Sends a request. The result completes on the reader thread, or fails when fltmgrd is gone. */
  CompletableFuture<Map<String, String>> request(String verb, String... arguments) {
    long tag = nextTag.incrementAndGet();
    StringBuilder line = new StringBuilder(64).append(tag).append(' ').append(verb);
    StringBuilder words = new StringBuilder(64).append(verb);
    for (String argument : arguments) {
      line.append(' ').append(PercentCode.encode(argument));
      words.append(' ').append(argument);
    }
    Request request = new Request(words.toString(), new CompletableFuture<>());
    pending.put(tag, request);
    outgoing.add(line.append('\n').toString());
    if (gone.isDone() || closing) {
      failPending();
    }
    return request.answer();
  }

  /** Sends a request and waits for its answer. */
  Map<String, String> call(Duration limit, String verb, String... arguments)
      throws FilterManagerException {
    return await(
        request(verb, arguments), limit, verb + " " + String.join(" ", List.of(arguments)));
  }

  <T> T await(CompletableFuture<T> future, Duration limit, String what)
      throws FilterManagerException {
    try {
      return future.get(limit.toNanos(), TimeUnit.NANOSECONDS);
    } catch (ExecutionException e) {
      if (e.getCause() instanceof FilterManagerException known) {
        // A new one, so that the trace shows the caller too.
        throw new FilterManagerException(known.getMessage(), known.status(), known);
      }
      throw new FilterManagerException(what + ": " + e.getCause(), e.getCause());
    } catch (TimeoutException e) {
      throw new FilterManagerException(
          what + ": no answer from fltmgrd (pid " + pid() + ") within " + limit + errorText(), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new FilterManagerException(what + ": interrupted while waiting for fltmgrd", e);
    }
  }

  private void rememberChildren() {
    List<ProcessHandle> now = process.descendants().toList();
    if (!now.isEmpty()) {
      children = now;
    }
  }

  /** The worker host must not outlive its supervisor: it may hold gated opens. */
  private void endChildren() {
    for (ProcessHandle child : children) {
      child.destroyForcibly();
    }
  }

  long pid() {
    return process.pid();
  }

  boolean isAlive() {
    return !gone.isDone() && process.isAlive();
  }

  /** What fltmgrd wrote to stderr, oldest first, the last {@value #KEPT_ERROR_LINES} lines. */
  List<String> errors() {
    synchronized (errorLines) {
      return new ArrayList<>(errorLines);
    }
  }

  /**
   * Ends fltmgrd by end-of-file on its stdin and waits; kills it and its children when the limit is
   * over. Returns whether it went by itself. The process is gone when this returns.
   */
  boolean stop(Duration limit) {
    boolean interrupted = Thread.interrupted();
    try {
      return endAndWait(limit);
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private boolean endAndWait(Duration limit) {
    closing = true;
    rememberChildren();
    outgoing.add(END_OF_REQUESTS);
    boolean orderly = awaitExit(limit);
    if (!orderly) {
      LOG.warn("fltmgrd (pid {}) did not end within {}: killed", pid(), limit);
      endChildren();
      process.destroyForcibly();
      awaitExit(LAST_WAIT);
    }
    quietly(childrenEnd);
    awaitChildren();
    quietly(gone);
    failPending();
    return orderly;
  }

  /** Not by onExit: an orphan counts as alive there until init has taken note of its end. */
  private void awaitChildren() {
    long limit = System.nanoTime() + LAST_WAIT.toNanos();
    for (ProcessHandle child : children) {
      while (runs(child) && System.nanoTime() - limit < 0) {
        LockSupport.parkNanos(1_000_000);
      }
    }
  }

  private static boolean runs(ProcessHandle process) {
    if (!process.isAlive()) {
      return false;
    }
    try {
      // "pid (name) state ...": a name may contain anything.
      String stat = Files.readString(Path.of("/proc", Long.toString(process.pid()), "stat"));
      char state = stat.charAt(stat.lastIndexOf(')') + 2);
      return state != 'Z' && state != 'X';
    } catch (IOException | IndexOutOfBoundsException e) {
      return false;
    }
  }

  private static void quietly(CompletableFuture<?> end) {
    try {
      end.get(LAST_WAIT.toMillis(), TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (ExecutionException | TimeoutException e) {
      LOG.warn("the end of fltmgrd could not be awaited", e);
    }
  }

  private boolean awaitExit(Duration limit) {
    try {
      return process.waitFor(limit.toNanos(), TimeUnit.NANOSECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  private Thread thread(String role, Runnable body) {
    Thread thread = new Thread(body, "filterport-host-" + role + "-" + process.pid());
    thread.setDaemon(true);
    return thread;
  }

  private void writeRequests() {
    try (OutputStream out = process.getOutputStream()) {
      while (true) {
        String line = outgoing.take();
        if (line.isEmpty()) {
          return;
        }
        out.write(line.getBytes(StandardCharsets.UTF_8));
        if (outgoing.isEmpty()) {
          out.flush();
        }
      }
    } catch (IOException e) {
      LOG.debug("fltmgrd (pid {}) takes no more requests: {}", pid(), e.toString());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void readAnswers() {
    try (BufferedReader in =
        new BufferedReader(
            new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
      for (String line = in.readLine(); line != null; line = in.readLine()) {
        if (line.startsWith("ready ")) {
          ready.complete(PercentCode.decode(line.substring("ready ".length())));
        } else {
          answer(line);
        }
      }
    } catch (IOException e) {
      LOG.debug("fltmgrd (pid {}) gives no more answers: {}", pid(), e.toString());
    } finally {
      awaitLastWords();
      gone.complete(null);
      outgoing.add(END_OF_REQUESTS);
      ready.completeExceptionally(new FilterManagerException("start fltmgrd: " + farewell()));
      failPending();
    }
  }

  private void answer(String line) {
    String[] words = line.split(" ", -1);
    Request request = null;
    if (words.length >= 2 && !words[0].isEmpty() && words[0].length() < 19) {
      try {
        request = pending.remove(Long.parseLong(words[0]));
      } catch (NumberFormatException e) {
        request = null;
      }
    }
    if (request == null) {
      LOG.warn("fltmgrd (pid {}) answered what nobody asked: {}", pid(), line);
    } else if (words[1].equals("ok")) {
      Map<String, String> values = new TreeMap<>();
      for (int i = 2; i < words.length; i++) {
        int equals = words[i].indexOf('=');
        if (equals > 0) {
          values.put(
              words[i].substring(0, equals), PercentCode.decode(words[i].substring(equals + 1)));
        }
      }
      request.answer().complete(values);
    } else {
      request.answer().completeExceptionally(refusal(request.words(), line, words));
    }
  }

  private static FilterManagerException refusal(String what, String line, String[] words) {
    int status = NtStatus.UNSUCCESSFUL;
    String text = line;
    if (words[1].equals("error") && words.length >= 3) {
      try {
        status = Integer.parseUnsignedInt(words[2].replaceFirst("^0[xX]", ""), 16);
        text = line.substring(words[0].length() + " error ".length() + words[2].length()).strip();
      } catch (NumberFormatException e) {
        text = line;
      }
    }
    String said = text.isEmpty() ? "" : ": " + PercentCode.decode(text);
    return new FilterManagerException(what + ": " + NtStatus.describe(status) + said, status, null);
  }

  private void readErrors() {
    try (BufferedReader in =
        new BufferedReader(
            new InputStreamReader(process.getErrorStream(), StandardCharsets.UTF_8))) {
      for (String line = in.readLine(); line != null; line = in.readLine()) {
        LOG.info("{}", line);
        synchronized (errorLines) {
          if (errorLines.size() == KEPT_ERROR_LINES) {
            errorLines.removeFirst();
          }
          errorLines.addLast(line);
        }
      }
    } catch (IOException e) {
      LOG.debug("stderr of fltmgrd (pid {}): {}", pid(), e.toString());
    }
  }

  private void awaitLastWords() {
    try {
      errorReader.join(1000);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void failPending() {
    for (Long tag : List.copyOf(pending.keySet())) {
      Request request = pending.remove(tag);
      if (request != null) {
        request
            .answer()
            .completeExceptionally(new FilterManagerException(request.words() + ": " + farewell()));
      }
    }
  }

  private String farewell() {
    if (closing) {
      return "the embedded Filter Manager is closed";
    }
    awaitExit(Duration.ofSeconds(1));
    return "fltmgrd (pid " + pid() + ") is gone, " + exitText() + errorText();
  }

  private String exitText() {
    if (process.isAlive()) {
      return "its output is closed";
    }
    int code = process.exitValue();
    return code > 128 ? "killed by signal " + (code - 128) : "exit status " + code;
  }

  private String errorText() {
    List<String> lines = errors();
    return lines.isEmpty()
        ? "; it said nothing on stderr"
        : "; it said: "
            + String.join(" | ", lines.subList(Math.max(0, lines.size() - 5), lines.size()));
  }

  private record Request(String words, CompletableFuture<Map<String, String>> answer) {}
}
