// SPDX-License-Identifier: Apache-2.0
package io.github.filterport.host;

import io.github.filterport.Connector;
import io.github.filterport.FilterPort;
import io.github.filterport.testing.DriverServices;
import io.github.filterport.testing.HostDevice;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.jspecify.annotations.Nullable;

/** Under Wine: the bundled driver as a service, opens through our fltmgr.sys's host device. */
final class ServiceGuarded implements Guarded {
  private final DriverServices services;
  private final Path folder;

  private ServiceGuarded(DriverServices services, Path folder) {
    this.services = services;
    this.folder = folder;
  }

  static ServiceGuarded start(Path folder) throws IOException {
    Guarded.fill(folder);
    return new ServiceGuarded(DriverServices.start("filterport"), folder);
  }

  @Override
  public TestVolume volume() throws IOException {
    HostDevice.Answer answer =
        succeeded("volume", HostDevice.ask("volume", "direct", folder.toString()));
    return new DeviceVolume(
        answer.values().getOrDefault("volume", ""),
        answer.values().getOrDefault("device", ""),
        folder,
        OPENER);
  }

  private static HostDevice.Answer succeeded(String what, HostDevice.Answer answer)
      throws IOException {
    if (!answer.ok()) {
      throw new IOException(what + ": " + NtStatus.describe(answer.status()) + " " + answer.text());
    }
    return answer;
  }

  @Override
  public Connector connector(String port) {
    return FilterPort.connector(port);
  }

  @Override
  public void close() {
    services.close();
  }

  private record DeviceVolume(String id, String device, Path folder, long pid)
      implements TestVolume {
    @Override
    public OpenOutcome open(String path, OpenAccess... access) throws IOException {
      HostDevice.Answer answer =
          succeeded(
              "open " + path,
              HostDevice.ask(
                  "open",
                  id,
                  folder.resolve(path).toString(),
                  OpenAccess.letters(access),
                  "pid=" + pid,
                  "uid=0"));
      return new OpenOutcome(Long.decode(answer.values().getOrDefault("status", "0")).intValue());
    }

    @Override
    public CompletableFuture<OpenOutcome> openAsync(String path, OpenAccess... access) {
      CompletableFuture<OpenOutcome> outcome = new CompletableFuture<>();
      Thread opener =
          new Thread(
              () -> {
                try {
                  outcome.complete(open(path, access));
                } catch (IOException e) {
                  outcome.completeExceptionally(
                      new CompletionException(new UncheckedIOException(e)));
                }
              },
              "opener");
      opener.setDaemon(true);
      opener.start();
      return outcome;
    }

    @Override
    public TestVolume as(long process) {
      return new DeviceVolume(id, device, folder, process);
    }

    @Override
    public @Nullable Path file(String eventPath) {
      return eventPath.startsWith(device + "\\")
          ? folder.resolve(eventPath.substring(device.length() + 1))
          : null;
    }
  }
}
