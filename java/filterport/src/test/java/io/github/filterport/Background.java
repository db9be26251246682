// SPDX-License-Identifier: Apache-2.0
package io.github.filterport;

import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;

/** Calls that block, each on a thread of its own that does not keep the JVM. */
final class Background {
  private Background() {}

  /** Calls; what it throws becomes the future's failure as it is. */
  static <T> CompletableFuture<T> call(Callable<T> task) {
    CompletableFuture<T> result = new CompletableFuture<>();
    Thread thread =
        new Thread(
            () -> {
              try {
                result.complete(task.call());
              } catch (Throwable e) {
                result.completeExceptionally(e);
              }
            });
    thread.setDaemon(true);
    thread.start();
    return result;
  }
}
