// SPDX-License-Identifier: Apache-2.0
package io.github.filterport.host;

import io.github.filterport.host.EmbeddedFilterManager.Options;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;

/** A script that speaks fltmgrd's line protocol: for what a healthy fltmgrd never does. */
final class FakeManager {
  private FakeManager() {}

  /** Options that start it; {@code manner} is its way to misbehave, "" for none. */
  static Options options(Path folder, String manner) throws IOException {
    Path script = folder.resolve("fake-fltmgrd");
    try (InputStream in = FakeManager.class.getResourceAsStream("/fake-fltmgrd")) {
      Files.copy(in, script);
    }
    Path wrapper = folder.resolve("fake");
    Files.writeString(wrapper, "#!/bin/sh\nFAKE=" + manner + " exec bash " + script + " \"$@\"\n");
    Files.setPosixFilePermissions(wrapper, PosixFilePermissions.fromString("rwx------"));
    return Options.defaults().withExecutable(wrapper);
  }
}
