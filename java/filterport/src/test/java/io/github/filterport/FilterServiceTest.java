// SPDX-License-Identifier: Apache-2.0
package io.github.filterport;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.filterport.testing.DriverServices;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** What FilterService would write, what an INF does, and what is said to bad input. */
class FilterServiceTest {
  private static final String GROUP = "FSFilter Content Screener";

  @TempDir private Path folder;

  private static Path bundledInf() {
    return Path.of(System.getProperty("filterport.drivers", "drivers"), "filterport.inf");
  }

  private static DriverPackage any() {
    return DriverPackage.of("scanner", Path.of("scanner.sys"), GROUP, "268999.5");
  }

  // ---- the same keys as an INF

  @Test
  void aPlanWritesWhatTheInfWrites() throws Exception {
    DriverPackage driver = DriverPackage.read(bundledInf());
    Map<String, Object> planned = byName(FilterService.install(driver).values());
    InfFile inf = InfFile.read(bundledInf());
    int compared = 0;
    for (String processor : List.of(".ntamd64", ".ntarm64")) {
      for (InfDriver section : InfDriver.services(inf, processor)) {
        assertThat(planned).isEqualTo(written(section, driver));
        compared++;
      }
    }
    assertThat(compared).as("service sections in the INF").isGreaterThanOrEqualTo(3);
  }

  /** What Windows makes of a service section, by the names that the registry has. */
  private static Map<String, Object> written(InfDriver section, DriverPackage driver) {
    assertThat(section.service()).isEqualTo(driver.service());
    Map<String, String> settings = new TreeMap<>(section.settings());
    Map<String, Object> values = byName(section.values());
    values.put("\\Type", Integer.decode(settings.remove("ServiceType")));
    values.put("\\Start", Integer.decode(settings.remove("StartType")));
    values.put("\\ErrorControl", Integer.decode(settings.remove("ErrorControl")));
    values.put("\\DisplayName", settings.remove("DisplayName"));
    values.put("\\Description", settings.remove("Description"));
    values.put("\\Group", settings.remove("LoadOrderGroup"));
    values.put("\\DependOnService", List.of(settings.remove("Dependencies")));
    assertThat(settings.remove("ServiceBinary"))
        .matches("%1[23]%\\\\" + driver.image().getFileName());
    values.put("\\ImagePath", driver.image().toAbsolutePath().toString());
    assertThat(settings).as("settings that the registry has under no known name").isEmpty();
    return values;
  }

  private static Map<String, Object> byName(List<RegistryValue> values) {
    Map<String, Object> all = new TreeMap<>();
    for (RegistryValue value : values) {
      assertThat(all.put(value.key() + "\\" + value.name(), value.data())).isNull();
    }
    return all;
  }

  @Test
  void readsTheBundledInf() throws Exception {
    DriverPackage driver = DriverPackage.read(bundledInf());
    assertThat(driver.service()).isEqualTo("filterport");
    assertThat(driver.image()).isEqualTo(bundledInf().resolveSibling("filterport.sys"));
    assertThat(driver.group()).isEqualTo(GROUP);
    assertThat(driver.instance()).isEqualTo("filterport Instance");
    assertThat(driver.altitude()).matches("[0-9.]+");
  }

  @Test
  void aPlanIsReadable() {
    assertThat(FilterService.install(any().withDescription("scans")).toString())
        .startsWith("HKLM\\SYSTEM\\CurrentControlSet\\Services\\scanner\n  Type = 0x2\n")
        .contains("\n  DependOnService = \"[FltMgr]\"\n")
        .contains("\n  Instances\\scanner Instance\\Altitude = \"268999.5\"\n");
  }

  // ---- bad input

  private String changed(String from, String to) throws IOException {
    String text = Files.readString(bundledInf());
    assertThat(text).contains(from);
    return text.replace(from, to);
  }

  private void refused(String inf, String reason) throws IOException {
    Path file = Files.writeString(folder.resolve("x.inf"), inf);
    assertThatThrownBy(() -> DriverPackage.read(file)).hasMessageContaining(reason);
  }

  @Test
  void anInfThatSaysMoreOrLessIsRefused() throws Exception {
    refused("", "no AddService");
    refused(
        changed(
            "HKR,\"Instances\",", "HKR,\"Parameters\",\"Level\",0x00010001,7\nHKR,\"Instances\","),
        "would not write Parameters\\Level = 0x7; install it by its INF");
    refused(changed("HKR,\"Instances\",", "HKLM,\"Instances\","), "writes to HKLM");
    refused(changed("LoadOrderGroup", "; "), "has no LoadOrderGroup");
    refused(changed("0x00010001,0xB", "0x00010001,many"), "many is no number");
    refused(changed("\"DefaultInstance\"", "\"Other\""), "writes no Instances\\DefaultInstance");
    assertThatThrownBy(() -> DriverPackage.read(folder.resolve("absent.inf")))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("absent.inf");
  }

  @Test
  void namesAndAltitudesAreChecked() {
    Path image = Path.of("a.sys");
    assertThatThrownBy(() -> DriverPackage.of("", image, GROUP, "1"))
        .hasMessage("service must have 1 to 256 characters, got \"\"");
    assertThatThrownBy(() -> DriverPackage.of("a\\b", image, GROUP, "1"))
        .hasMessageContaining("without slashes, got a\\b");
    assertThatThrownBy(() -> DriverPackage.of("a", image, GROUP, "high"))
        .hasMessage("altitude must be a decimal number as 268888.25, got high");
    assertThatThrownBy(() -> DriverPackage.of("a", image, "two\nlines", "1"))
        .hasMessage("group must be one line of plain text");
    assertThatThrownBy(() -> FilterService.named(" ")).isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  @EnabledOnOs(value = OS.LINUX, disabledReason = "Windows has services")
  void onLinuxEachCallSaysWhatToUse() {
    FilterService service = FilterService.named("scanner");
    for (Call call :
        List.<Call>of(
            FilterService.install(any())::apply,
            service::start,
            service::stop,
            service::state,
            service::uninstall)) {
      assertThatThrownBy(call::run)
          .isInstanceOf(FilterException.class)
          .hasMessageContaining(" scanner: 0x80070078 ERROR_CALL_NOT_IMPLEMENTED")
          .hasMessageContaining("Linux has no services")
          .hasMessageContaining("EmbeddedFilterManager.loadDriver");
    }
  }

  private interface Call {
    void run() throws Exception;
  }

  // ---- on Windows

  private static final String NOT_WINDOWS = "services are Windows'";

  @Test
  @EnabledOnOs(value = OS.WINDOWS, disabledReason = NOT_WINDOWS)
  void aServiceThatIsNotThereSaysSo() throws Exception {
    FilterService service = FilterService.named("filterport-absent");
    assertThat(service.state()).isEqualTo(FilterService.State.NOT_INSTALLED);
    for (Call call : List.<Call>of(service::start, service::stop, service::uninstall)) {
      assertThatThrownBy(call::run)
          .isInstanceOf(FilterException.class)
          .hasMessageContaining("0x80070424 ERROR_SERVICE_DOES_NOT_EXIST, no such service")
          .hasMessageContaining("FilterService.install");
    }
  }

  @Test
  @EnabledOnOs(value = OS.WINDOWS, disabledReason = NOT_WINDOWS)
  void anImageThatIsNotThereChangesNothing() {
    DriverPackage driver = any().withImage(folder.resolve("absent.sys"));
    assertThatThrownBy(() -> FilterService.install(driver).apply())
        .isInstanceOf(FilterException.class)
        .hasMessageContaining("absent.sys: 0x80070002 ERROR_FILE_NOT_FOUND")
        .hasMessageContaining("the driver's image is not there");
    assertThat(registry("scanner")).isEmpty();
  }

  @Test
  @EnabledOnOs(value = OS.WINDOWS, disabledReason = NOT_WINDOWS)
  void installsExactlyThePlanAndTakesItAllAway() throws Exception {
    DriverPackage driver =
        any()
            .withImage(Files.createFile(folder.resolve("a b ü.sys")))
            .withDescription("für alle")
            .withSupportedFeatures(11);
    FilterService.Plan plan = FilterService.install(driver);
    assertThat(registry("scanner")).isEmpty();
    FilterService service = plan.apply();
    try {
      assertThat(service.state()).isEqualTo(FilterService.State.STOPPED);
      String registry = registry("scanner");
      for (RegistryValue value : plan.values()) {
        String data =
            value.data() instanceof Integer number
                ? "0x" + Integer.toHexString(number)
                : value.data() instanceof List<?> list
                    ? String.valueOf(list.get(0))
                    : "" + value.data();
        // reg.exe writes in the console's code page.
        String name = value.name().toLowerCase(Locale.ROOT);
        assertThat(registry)
            .as(value.toString())
            .containsPattern("(?i) " + name + " +REG_\\w+ +" + pattern(data));
      }
      assertThatThrownBy(plan::apply)
          .hasMessageContaining("0x80070431 ERROR_SERVICE_EXISTS")
          .hasMessageContaining("Uninstall it first");
      service.stop();
      assertThat(service.state()).isEqualTo(FilterService.State.STOPPED);
    } finally {
      service.uninstall();
    }
    assertThat(service.state()).isEqualTo(FilterService.State.NOT_INSTALLED);
    assertThat(registry("scanner")).isEmpty();
  }

  private static String pattern(String data) {
    StringBuilder pattern = new StringBuilder();
    data.chars()
        .forEach(c -> pattern.append(c < 127 && c != '\\' && c != '.' ? "" + (char) c : "."));
    return pattern.toString();
  }

  /** What reg.exe shows below a service's key; empty if there is none. */
  private static String registry(String service) {
    try {
      Process reg =
          new ProcessBuilder(
                  "reg", "query", "HKLM\\SYSTEM\\CurrentControlSet\\Services\\" + service, "/s")
              .redirectError(ProcessBuilder.Redirect.DISCARD)
              .start();
      String output =
          new String(
              reg.getInputStream().readAllBytes(), java.nio.charset.StandardCharsets.ISO_8859_1);
      return reg.waitFor() == 0 ? output : "";
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  @EnabledOnOs(value = OS.WINDOWS, disabledReason = NOT_WINDOWS)
  void startsAndStopsADriver() throws Exception {
    try (TestManager manager = TestManager.start("flood")) {
      FilterService service = FilterService.named("flood");
      assertThat(service.state()).isEqualTo(FilterService.State.RUNNING);
      service.start();
      assertThatThrownBy(service::uninstall)
          .hasMessageContaining("0x80070420 ERROR_SERVICE_ALREADY_RUNNING, the driver is loaded")
          .hasMessageContaining("Stop the service first");
      manager.connector(FloodDriver.PORT).connect().close();
      service.stop();
      service.stop();
      assertThat(service.state()).isEqualTo(FilterService.State.STOPPED);
      assertThatThrownBy(() -> manager.connector(FloodDriver.PORT).connect())
          .isInstanceOf(PortNotFoundException.class);
      service.start();
      manager.connector(FloodDriver.PORT).connect().close();
    }
  }

  /**
   * Under Wine each group has a process of its own, and one of them at a time is the Filter
   * Manager.
   */
  @Test
  @EnabledOnOs(value = OS.WINDOWS, disabledReason = NOT_WINDOWS)
  void aDriverStartsWhileTheFilterManagerOfTheLastOneEnds() throws Exception {
    DriverPackage driver = DriverServices.driverPackage("conformance").withGroup(GROUP);
    try (TestManager manager = TestManager.start("flood")) {
      FilterService next = FilterService.install(driver).apply();
      try {
        CompletableFuture<FilterService.State> started =
            Background.call(
                () -> {
                  next.start();
                  return next.state();
                });
        while (next.state() == FilterService.State.STOPPED && !started.isDone()) {
          Thread.onSpinWait();
        }
        manager.unload("flood");
        assertThat(started.get(30, TimeUnit.SECONDS)).isEqualTo(FilterService.State.RUNNING);
        next.stop();
      } finally {
        next.uninstall();
      }
    }
  }
}
