// SPDX-License-Identifier: Apache-2.0
package io.github.filterport.bench;

import io.github.filterport.bench.measure.Allocation;
import io.github.filterport.bench.measure.Connections;
import io.github.filterport.bench.measure.Crowd;
import io.github.filterport.bench.measure.EventRing;
import io.github.filterport.bench.measure.Findings;
import io.github.filterport.bench.measure.GatedOpens;
import io.github.filterport.bench.measure.OpenLoop;
import io.github.filterport.bench.measure.RoundTrip;
import io.github.filterport.bench.measure.Scenario;
import io.github.filterport.bench.measure.Setting;
import io.github.filterport.bench.measure.SystemCalls;
import io.github.filterport.bench.measure.Throughput;
import io.github.filterport.bench.measure.WindowsBackEnd;
import io.github.filterport.bench.report.Charts;
import io.github.filterport.bench.report.Markdown;
import io.github.filterport.bench.report.SchemaCheck;
import io.github.filterport.bench.report.TargetTable;
import io.github.filterport.bench.result.Machine;
import io.github.filterport.bench.result.Results;
import io.github.filterport.bench.run.Folders;
import io.github.filterport.bench.run.Launcher;
import io.github.filterport.bench.run.Manager;
import java.io.IOException;
import java.lang.management.GarbageCollectorMXBean;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Measures everything and says which targets are met. */
@Command(
    name = "bench",
    mixinStandardHelpOptions = true,
    description = "Measures the hot path beside its peers.")
public final class BenchCommand implements Callable<Integer> {
  private static final String RESULTS = "results.json";

  @Option(names = "--natives", required = true, description = "Native build tree.")
  private Path natives = Path.of("build/linux");

  @Option(
      names = "--out",
      description = "Folder for results.json and the tables (default: ${DEFAULT-VALUE}).")
  private Path out = Path.of("build/bench");

  @Option(
      names = "--rounds",
      description = "Rounds of each measurement (default: ${DEFAULT-VALUE}).")
  private int rounds = 11;

  @Option(names = "--millis", description = "Length of a round (default: ${DEFAULT-VALUE}).")
  private int millis = 250;

  @Option(names = "--only", split = ",", description = "Names of the parts to run.")
  private List<String> only = List.of();

  @Option(names = "--smoke", description = "Everything once and short: shows that it runs.")
  private boolean smoke;

  @Option(names = "--schema", description = "Fail unless results.json follows this schema.")
  private @Nullable Path schema;

  @Option(names = "--report-only", description = "Tables and plots of the results in --out again.")
  private boolean reportOnly;

  private static List<Scenario> scenarios() {
    return List.of(
        new RoundTrip(),
        new Throughput(),
        new OpenLoop(),
        new Crowd(),
        new GatedOpens(),
        new EventRing(),
        new Connections(),
        new Allocation(),
        new SystemCalls(),
        new WindowsBackEnd());
  }

  /** Runs the command line and exits. */
  public static void main(String[] args) {
    System.exit(new CommandLine(new BenchCommand()).execute(args));
  }

  @Override
  public Integer call() throws IOException {
    if (reportOnly) {
      report(Results.read(out.resolve(RESULTS)));
      return 0;
    }
    if (smoke) {
      rounds = 1;
      millis = 20;
    }
    Files.createDirectories(out);
    Path folder = Files.createTempDirectory("bench-");
    Instant started = Instant.now();
    long begin = System.nanoTime();
    Machine machine = Machine.here(System.getProperty("bench.jdk25.version", "none"), collectors());
    Findings findings = new Findings();
    try (Manager manager = Manager.start(natives)) {
      Setting setting =
          new Setting(
              manager,
              new Launcher(manager, natives, folder),
              findings,
              natives,
              folder,
              rounds,
              millis,
              smoke);
      for (Scenario scenario : scenarios()) {
        if (only.isEmpty() || only.contains(scenario.name())) {
          measure(scenario, setting, begin);
        }
      }
    } finally {
      Folders.delete(folder);
    }
    Results results =
        new Results(
            Results.FORMAT,
            started.toString(),
            (System.nanoTime() - begin) / 1e9,
            smoke,
            machine,
            findings.measurements(),
            findings.readings(),
            findings.absent(),
            TargetTable.of(findings));
    results.write(out.resolve(RESULTS));
    if (schema != null) {
      SchemaCheck.check(out.resolve(RESULTS), schema);
    }
    report(results);
    return 0;
  }

  private static void measure(Scenario scenario, Setting setting, long begin) throws IOException {
    System.out.printf("%4.0f s  %s%n", (System.nanoTime() - begin) / 1e9, scenario.name());
    scenario.run(setting);
  }

  private void report(Results results) throws IOException {
    String table = Markdown.targets(results.targets());
    Files.writeString(out.resolve("targets.md"), table, StandardCharsets.UTF_8);
    Files.writeString(out.resolve("figures.md"), Markdown.figures(results), StandardCharsets.UTF_8);
    Charts.write(results, out);
    System.out.println();
    System.out.print(table);
    System.out.println(Markdown.verdict(results));
  }

  private static String collectors() {
    return ManagementFactory.getGarbageCollectorMXBeans().stream()
        .map(GarbageCollectorMXBean::getName)
        .collect(Collectors.joining(", "));
  }
}
