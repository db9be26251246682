// SPDX-License-Identifier: Apache-2.0
package io.github.filterport.guard;

import org.jspecify.annotations.Nullable;

/** Decides on file operations; see {@link FileGuard#decide}. */
@FunctionalInterface
public interface Decider {
  /**
   * Called for each question, on a thread of the guard, while the opener waits. With more than one
   * thread ({@link FileGuard.Options#threads()}) it is called by several at once.
   *
   * <p>It may open files itself, also guarded ones: the deciding process is exempt, unless {@link
   * FileGuard.Options#exempt()} says otherwise.
   *
   * @param event valid until this returns; {@link FileEvent#tryDefer} for longer
   * @return the verdict; null after {@link FileEvent#tryDefer}, and otherwise to say that there is
   *     none, which {@link Policy#onFailure()} then decides
   * @throws Exception goes to the error handler; {@link Policy#onFailure()} decides
   */
  @Nullable Verdict decide(FileEvent event) throws Exception;
}
