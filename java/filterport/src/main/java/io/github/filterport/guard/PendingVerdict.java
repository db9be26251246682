// SPDX-License-Identifier: Apache-2.0
package io.github.filterport.guard;

import io.github.filterport.ReplyOutcome;

/** A question that is answered outside its {@link Decider}, once, by any thread. */
public interface PendingVerdict {
  /** See {@link FileEvent#sequence()}. */
  long sequence();

  /**
   * Answers; does not block. Later calls return {@link ReplyOutcome#ALREADY_ANSWERED}.
   *
   * @return {@link ReplyOutcome#NO_WAITER} if the opener no longer waits
   */
  ReplyOutcome complete(Verdict verdict);
}
