// SPDX-License-Identifier: Apache-2.0
package io.github.filterport.bench.run;

import io.github.filterport.bench.peer.AeronClient;
import io.github.filterport.bench.peer.AeronSender;
import io.github.filterport.bench.peer.ChronicleClient;
import io.github.filterport.bench.peer.ChronicleSender;
import io.github.filterport.bench.peer.FltlibClient;
import io.github.filterport.bench.peer.JavaClient;
import io.github.filterport.bench.peer.RingClient;
import io.github.filterport.bench.peer.SocketClient;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

/** Starts the processes that are measured. */
public final class Launcher {
  /** How clients of the port wait: the default's limit. */
  public static final long ADAPTIVE = 20_000;

  /** How clients of the port wait: not spinning. */
  public static final long BLOCK = 0;

  private final Manager manager;
  private final Path natives;
  private final Path folder;
  private final AtomicInteger numbers = new AtomicInteger();

  /**
   * Peers of one run.
   *
   * @param folder for sockets and the like; short, since a socket's path is
   */
  public Launcher(Manager manager, Path natives, Path folder) {
    this.manager = manager;
    this.natives = natives;
    this.folder = folder;
  }

  /** What a client of the port is started with. */
  public record ClientOptions(
      int connections, int inFlight, int readers, long spinNanos, long handlerNanos) {
    /** One connection, four receives, one reader. */
    public static ClientOptions waiting(long spinNanos) {
      return new ClientOptions(1, 4, 1, spinNanos, 0);
    }

    /** With that many receives. */
    public ClientOptions withInFlight(int count) {
      return new ClientOptions(connections, count, readers, spinNanos, handlerNanos);
    }
  }

  private static String policy(long spinNanos) {
    return spinNanos == 0 ? "block" : "adaptive";
  }

  private List<String> arguments(ClientOptions options, int number) {
    return List.of(
        manager.embedded().address(),
        Integer.toString(number),
        Integer.toString(options.connections()),
        Integer.toString(options.inFlight()),
        Integer.toString(options.readers()),
        Long.toString(options.spinNanos()),
        Long.toString(options.handlerNanos()));
  }

  private int number(int connections) {
    return numbers.getAndAdd(connections);
  }

  List<String> java(Path executable, Class<?> main, String... arguments) {
    List<String> command =
        new ArrayList<>(
            List.of(
                executable.toString(),
                "-Xmx512m",
                "-cp",
                System.getProperty("java.class.path"),
                "-Dfilterport.library.path=" + natives.resolve("lib"),
                "-Dbench.fltlib=" + natives.resolve("lib/libfltlib.so"),
                "-Djna.tmpdir=" + folder));
    if (executable.equals(Jdk.of25().orElse(null))) {
      command.add("--enable-native-access=ALL-UNNAMED");
    }
    command.add(main.getName());
    command.addAll(Arrays.asList(arguments));
    return command;
  }

  private Path program(String name) {
    return natives.resolve("bin").resolve(name);
  }

  private PortSubject port(String name, int number, List<String> command) throws IOException {
    return new PortSubject(name, manager, PeerProcess.start(name, command), number);
  }

  /** The Java client under test. */
  public PortSubject javaClient(ClientOptions options) throws IOException {
    int number = number(options.connections());
    return port(
        "java-" + policy(options.spinNanos()),
        number,
        java(Jdk.own(), JavaClient.class, arguments(options, number).toArray(String[]::new)));
  }

  /** The same in C: the limit for the Java client. */
  public PortSubject nativeClient(ClientOptions options) throws IOException {
    int number = number(options.connections());
    List<String> command = new ArrayList<>(List.of(program("bench_client").toString()));
    command.addAll(arguments(options, number));
    return port("c-" + policy(options.spinNanos()), number, command);
  }

  /** JNA's direct mapping on the same libfltlib. */
  public PortSubject jna(long spinNanos) throws IOException {
    return foreign("jna", Jdk.own(), spinNanos);
  }

  /** java.lang.foreign on the same libfltlib. */
  public PortSubject foreignFunctions(Path jdk25, long spinNanos) throws IOException {
    return foreign("ffm", jdk25, spinNanos);
  }

  private PortSubject foreign(String kind, Path jvm, long spinNanos) throws IOException {
    int number = number(1);
    return port(
        kind + "-" + policy(spinNanos),
        number,
        java(
            jvm,
            FltlibClient.class,
            kind,
            manager.embedded().address(),
            Integer.toString(number),
            "4",
            Long.toString(spinNanos)));
  }

  /** Two processes and two words: sleeping each time, or only spinning. */
  public Subject futex(boolean spins) throws IOException {
    String name = spins ? "futex-spin" : "futex";
    PeerProcess sender = PeerProcess.start(name, List.of(program("bench_futex").toString()));
    return new PairSubject(name, spins ? "spin" : "sleep", sender, null);
  }

  /** Unix-domain sockets, both sides in C. */
  public Subject socketC() throws IOException {
    PeerProcess sender = PeerProcess.start("socket-c", List.of(program("bench_socket").toString()));
    return new PairSubject("socket-c", "-", sender, null);
  }

  /** Unix-domain sockets, the client with the JDK's channels. */
  public Subject socketJdk() throws IOException {
    String path = folder.resolve("jdk.sock").toString();
    PeerProcess client = PeerProcess.start("socket-jdk", java(Jdk.own(), SocketClient.class, path));
    try {
      PeerProcess sender =
          PeerProcess.start("socket-jdk", List.of(program("bench_socket").toString(), path));
      return new PairSubject("socket-jdk", "-", sender, client);
    } catch (IOException e) {
      client.close();
      throw e;
    }
  }

  /** Aeron IPC between two JVMs; both ends busy, or backing off as Agrona does by default. */
  public Subject aeron(String idle) throws IOException {
    String name = "aeron-" + idle;
    String directory = folder.resolve(name).toString();
    PeerProcess sender =
        PeerProcess.start(name, agrona(java(Jdk.own(), AeronSender.class, directory, idle)));
    try {
      return new PairSubject(
          name,
          "-",
          sender,
          PeerProcess.start(name, agrona(java(Jdk.own(), AeronClient.class, directory, idle))));
    } catch (IOException e) {
      sender.close();
      throw e;
    }
  }

  /** A Java reader of the event ring, into which the driver writes one event after the other. */
  public Subject ring() throws IOException {
    int number = number(1);
    return new RingSubject(
        port(
            "ring",
            number,
            java(
                Jdk.own(),
                RingClient.class,
                manager.embedded().address(),
                Integer.toString(number))),
        BenchDriver.Kind.EVENT,
        true);
  }

  /** The same reader; the driver writes 32 events at once. */
  public Subject ringBatches(Subject ring) {
    return new RingSubject(((RingSubject) ring).reader(), BenchDriver.Kind.EVENT_BATCH, false);
  }

  /** Chronicle Queue, in memory if the machine has a /dev/shm. */
  public Subject chronicle() throws IOException {
    Path memory = Path.of("/dev/shm");
    Path directory =
        Files.createTempDirectory(Files.isWritable(memory) ? memory : folder, "bench-chronicle-");
    PeerProcess client =
        PeerProcess.start(
            "chronicle", opened(java(Jdk.own(), ChronicleClient.class, directory.toString())));
    try {
      PeerProcess sender =
          PeerProcess.start(
              "chronicle", opened(java(Jdk.own(), ChronicleSender.class, directory.toString())));
      return new QueueSubject("chronicle", sender, client, () -> Folders.delete(directory));
    } catch (IOException e) {
      client.close();
      Folders.delete(directory);
      throw e;
    }
  }

  /** What Chronicle's documentation asks for on Java 17. */
  private static List<String> opened(List<String> command) {
    command.addAll(
        1,
        List.of(
            "--add-exports=java.base/jdk.internal.ref=ALL-UNNAMED",
            "--add-exports=java.base/sun.nio.ch=ALL-UNNAMED",
            "--add-exports=jdk.unsupported/sun.misc=ALL-UNNAMED",
            "--add-exports=jdk.compiler/com.sun.tools.javac.file=ALL-UNNAMED",
            "--add-opens=jdk.compiler/com.sun.tools.javac=ALL-UNNAMED",
            "--add-opens=java.base/java.lang=ALL-UNNAMED",
            "--add-opens=java.base/java.lang.reflect=ALL-UNNAMED",
            "--add-opens=java.base/java.io=ALL-UNNAMED",
            "--add-opens=java.base/java.util=ALL-UNNAMED",
            "--add-opens=java.base/sun.nio.ch=ALL-UNNAMED",
            "-Dchronicle.analytics.disable=true",
            "-Dorg.slf4j.simpleLogger.defaultLogLevel=error"));
    return command;
  }

  private static List<String> agrona(List<String> command) {
    command.add(1, "--add-opens=java.base/jdk.internal.misc=ALL-UNNAMED");
    return command;
  }
}
