// SPDX-License-Identifier: Apache-2.0
package io.github.filterport;

/** Decides on one message. */
@FunctionalInterface
public interface MessageHandler {
  /**
   * Called for each message on the thread that polls.
   *
   * @param message valid until this method returns; see {@link Message#tryDefer} for longer
   * @throws Exception goes to the error handler; a message without a reply gets the fallback reply
   */
  void onMessage(Message message) throws Exception;
}
