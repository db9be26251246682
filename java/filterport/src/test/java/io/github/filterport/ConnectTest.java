// SPDX-License-Identifier: Apache-2.0
package io.github.filterport;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

/** Connecting, and what is said when it does not work. */
class ConnectTest extends ConformanceFixture {
  @Test
  void CONN_04_aWrongPortNameIsNotFound() {
    assertThatThrownBy(() -> manager.connector("\\NoSuchPort").connect())
        .isInstanceOf(PortNotFoundException.class)
        .hasMessageContaining("FilterConnectCommunicationPort \\NoSuchPort")
        .hasMessageContaining("0x80070002 ERROR_FILE_NOT_FOUND, no such port")
        .hasMessageContaining("Load the driver");
  }

  @Test
  void CONN_05_tooManyConnectionsAreRefusedAndThereIsRoomAgainAfterwards() throws Exception {
    var port = driver.createPort(1, ConformanceDriver.Admits.ADMINISTRATORS);
    FilterPort first = driver.connector(port).connect();
    assertThatThrownBy(() -> driver.connector(port).connect())
        .isInstanceOf(ConnectionLimitException.class)
        .hasMessageContaining("0x800704D6 ERROR_CONNECTION_COUNT_LIMIT");
    first.close();
    driver.connector(port).await(Duration.ofSeconds(5)).connect().close();
  }

  @Test
  void CONN_12_theDriversRefusalIsTold() throws Exception {
    var port = driver.createPort();
    driver.onConnectReturn(port, ConformanceDriver.STATUS_ACCESS_DENIED);
    assertThatThrownBy(() -> driver.connector(port).connect())
        .isInstanceOf(PortAccessDeniedException.class)
        .hasMessageContaining("0x80070005 ERROR_ACCESS_DENIED");
  }

  @Test
  void OPEN_14_anOversizedContextIsRefused() throws Exception {
    var port = driver.createPort();
    for (int length : new int[] {Connector.MAX_CONTEXT + 1, 0x10000, 0x10001}) {
      assertThatThrownBy(() -> driver.connector(port).context(new byte[length]).connect())
          .isInstanceOf(FilterException.class)
          .hasMessageContaining("0x80070216 ERROR_ARITHMETIC_OVERFLOW");
    }
    driver.connector(port).context(new byte[Connector.MAX_CONTEXT]).connect().close();
  }

  @Test
  @EnabledOnOs(
      value = OS.WINDOWS,
      disabledReason = "on Linux there may be several: aWrongAddressOfTheManagerSaysWhatToDo")
  void windowsHasOneManager() {
    assertThatThrownBy(() -> FilterPort.connector("\\X").manager("C:\\nowhere").connect())
        .isInstanceOf(FilterException.class)
        .hasMessageContaining("0x80070032 ERROR_NOT_SUPPORTED, Windows has one Filter Manager")
        .hasMessageContaining("Connect without Connector.manager");
  }

  @Test
  @EnabledOnOs(
      value = OS.LINUX,
      disabledReason = "Windows has one Filter Manager, without an address")
  void aWrongAddressOfTheManagerSaysWhatToDo() {
    assertThatThrownBy(() -> FilterPort.connector("\\X").manager("/nowhere/ü").connect())
        .isInstanceOf(FilterException.class)
        .hasMessageContaining("\\X at /nowhere/ü")
        .hasMessageContaining("0x80070015 ERROR_NOT_READY, no Filter Manager answers")
        .hasMessageContaining("fltmgrd");
  }

  @Test
  void awaitGivesUpAtItsLimit() throws Exception {
    CompletableFuture<FilterPort> connecting =
        CompletableFuture.supplyAsync(
            () -> {
              try {
                return manager.connector("\\Java99999").await(Duration.ofMillis(100)).connect();
              } catch (FilterException e) {
                throw new UncheckedIOException(e);
              }
            });
    assertThatThrownBy(connecting::join).hasCauseInstanceOf(UncheckedIOException.class);
  }
}
