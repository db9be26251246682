// SPDX-License-Identifier: Apache-2.0
package io.github.filterport;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** fltmgrd dies, hangs, comes back, or does not like who asks. */
@Timeout(120)
@EnabledOnOs(
    value = OS.LINUX,
    disabledReason = "fltmgrd is a process of Linux; FaultTest loses drivers everywhere")
class FltmgrdFaultTest {
  private static final FileAttribute<Set<PosixFilePermission>> OPEN_TO_ALL =
      PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwxr-xr-x"));

  @Test
  void aKilledFilterManagerEndsEveryCallClearly() throws Exception {
    try (FltmgrdManager manager = FltmgrdManager.start("conformance");
        ConformanceDriver driver = new ConformanceDriver(manager)) {
      BusyConnection busy = new BusyConnection(driver);
      manager.kill();
      busy.everyCallEndsClearly();
      manager.awaitExit();
    }
  }

  @Test
  void aFrozenFilterManagerEndsEveryCallWhenItsSupervisorSeesIt() throws Exception {
    try (FltmgrdManager manager = FltmgrdManager.start("conformance");
        ConformanceDriver driver = new ConformanceDriver(manager)) {
      BusyConnection busy = new BusyConnection(driver);
      manager.freeze();
      busy.everyCallEndsClearly();
      manager.awaitExit();
    }
  }

  @Test
  void closeIsBoundedWhileTheFilterManagerIsFrozen() throws Exception {
    try (FltmgrdManager manager = FltmgrdManager.start("flood")) {
      FilterPort port = manager.connector(FloodDriver.PORT).connect();
      MessageReader reader =
          port.openReaders(1, ReceiveOptions.defaults().withCloseTimeout(Duration.ofMillis(200)))
              .get(0);
      manager.freeze();
      port.close();
      assertThat(reader.poll(m -> {}, 1)).isEqualTo(MessageReader.CLOSED);
      manager.awaitExit();
    }
  }

  @Test
  void aPumpConnectsAgainWhenTheFilterManagerComesBack() throws Exception {
    ConnectionLog listener = new ConnectionLog();
    FltmgrdManager first = FltmgrdManager.start("flood");
    try (MessagePump pump =
        first
            .connector(FloodDriver.PORT)
            .pump()
            .threads(3)
            .listener(listener)
            .start(FloodDriver::answer)) {
      try (FilterPort sender = first.connector(FloodDriver.PORT).connect()) {
        assertThat(sender.isConnected()).isTrue();
      }
      first.kill();
      first.awaitExit();
      listener.failed.await();
      assertThat(pump.isRunning()).isTrue();
      try (FltmgrdManager second = FltmgrdManager.startAt(first.folder(), "flood")) {
        listener.awaitConnections(2);
        assertThat(second.request("counters")).startsWith("ok");
        assertThat(listener.lost.get()).isEqualTo(1);
        assertThat(pump.failure()).isNull();
        assertThat(pump.stop(Duration.ofSeconds(10))).isTrue();
      }
    } finally {
      first.close();
    }
  }

  @Test
  void aPumpStopsWhileItTriesToConnectAgain() throws Exception {
    ConnectionLog listener = new ConnectionLog();
    MessagePump pump;
    try (FltmgrdManager manager = FltmgrdManager.start("flood")) {
      pump =
          manager
              .connector(FloodDriver.PORT)
              .pump()
              .threads(2)
              .listener(listener)
              .start(FloodDriver::answer);
      manager.kill();
      manager.awaitExit();
    }
    listener.failed.await();
    assertThat(pump.stop(Duration.ofSeconds(10))).isTrue();
    pump.awaitTermination();
  }

  @Test
  void OBJ_04_anotherUserHasNoRightToThePort(@TempDir Path folder) throws Exception {
    Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxr-xr-x"));
    assumeTrue(System.getProperty("user.name").equals("root"), "becoming another user takes root");
    try (FltmgrdManager manager = FltmgrdManager.start("conformance");
        ConformanceDriver driver = new ConformanceDriver(manager)) {
      Files.setPosixFilePermissions(manager.folder(), PosixFilePermissions.fromString("rwxr-xr-x"));
      var closed = driver.createPort(4, ConformanceDriver.Admits.ADMINISTRATORS);
      var open = driver.createPort(4, ConformanceDriver.Admits.EVERYBODY);
      Path socket = manager.folder().resolve("fltmgrd.sock");
      assertThat(asNobody(folder).run(closed.name(), socket.toString()))
          .contains("PortAccessDeniedException: FilterConnectCommunicationPort " + closed.name())
          .contains("0x80070005 ERROR_ACCESS_DENIED, access denied. Run elevated");
      assertThat(asNobody(folder).run(open.name(), socket.toString())).contains("connected true");
    }
  }

  private static ChildJvm asNobody(Path folder) throws Exception {
    return new ChildJvm(ConnectProbe.class)
        .under("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups")
        .copiedTo(Files.createTempDirectory(folder, "cp-", OPEN_TO_ALL))
        .property("java.io.tmpdir", "/tmp");
  }
}
