// SPDX-License-Identifier: Apache-2.0
package io.github.filterport.host;

import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** A direct volume: opens that tests issue run through the driver's callbacks. */
interface TestVolume {
  CompletableFuture<OpenOutcome> openAsync(String path, OpenAccess... access);

  OpenOutcome open(String path, OpenAccess... access) throws IOException;

  /** The same volume; opens are made in the name of that process. */
  TestVolume as(long pid);

  /** The file that an event's path names; null if it is not on this volume. */
  @Nullable Path file(String eventPath);
}
