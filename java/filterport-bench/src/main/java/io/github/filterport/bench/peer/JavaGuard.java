// SPDX-License-Identifier: Apache-2.0
package io.github.filterport.bench.peer;

import io.github.filterport.FilterPort;
import io.github.filterport.guard.FileGuard;
import io.github.filterport.guard.Policy;
import io.github.filterport.guard.Verdict;
import java.io.IOException;

/**
 * A decider of the bundled minifilter that allows each open: FileGuard as users use it.
 *
 * <pre>JavaGuard MANAGER each|remember</pre>
 *
 * <p>remember: its verdicts need not be asked for again while the file's content is the same.
 */
public final class JavaGuard {
  private JavaGuard() {}

  /** See the class. */
  public static void main(String[] args) throws IOException {
    FileGuard guard = FileGuard.connect(FilterPort.connector(FileGuard.PORT).manager(args[0]));
    boolean remember = args[1].equals("remember");
    if (remember) {
      guard.policy(Policy.defaults().withCache(true));
    }
    guard.decide(event -> remember ? Verdict.ALLOW_CACHED : Verdict.ALLOW);
    PeerConsole console = new PeerConsole();
    console.ready();
    console.serve(Thread.currentThread());
    guard.close();
  }
}
