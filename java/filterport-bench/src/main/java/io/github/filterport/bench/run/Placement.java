// SPDX-License-Identifier: Apache-2.0
package io.github.filterport.bench.run;

/**
 * On which cores the sending and the answering process run. Unpinned medians are bimodal and prove
 * nothing, so almost everything is measured pinned.
 */
public enum Placement {
  /** Both on core 0. */
  SAME_CORE("same core", "0", "0"),
  /** Sender on core 0, client on core 1. */
  TWO_CORES("two cores", "0", "1"),
  /** Both wherever the scheduler puts them, on the first two cores. */
  FREE("unpinned", "0,1", "0,1");

  private final String words;
  private final String sender;
  private final String client;

  Placement(String words, String sender, String client) {
    this.words = words;
    this.sender = sender;
    this.client = client;
  }

  /** For tables. */
  public String words() {
    return words;
  }

  /** For ids. */
  public String id() {
    return words.replace(' ', '-');
  }

  String senderCores() {
    return sender;
  }

  String clientCores() {
    return client;
  }
}
