// SPDX-License-Identifier: Apache-2.0
package io.github.filterport.testing;

import java.security.Provider;
import java.security.SecureRandomSpi;
import java.util.SplittableRandom;

/**
 * Random numbers for names of temporary files, good for tests alone. The JDK's own generator asks
 * for the network adapters to seed itself; JDK 25 does so by a function that Wine 8 lacks, and
 * dies. Named in the security properties of the JVMs that run under Wine.
 */
public final class WineRandom extends Provider {
  private static final long serialVersionUID = 1L;

  /** For the list of providers. */
  public WineRandom() {
    super("WineRandom", "1", "Names for temporary files under Wine");
    put("SecureRandom.WineRandom", Generator.class.getName());
  }

  /** Seeded by the clock and the process. */
  public static final class Generator extends SecureRandomSpi {
    private static final long serialVersionUID = 1L;
    private static final SplittableRandom NUMBERS =
        new SplittableRandom(System.nanoTime() ^ ProcessHandle.current().pid() << 40);

    @Override
    protected void engineSetSeed(byte[] seed) {
      // one clock is enough
    }

    @Override
    protected void engineNextBytes(byte[] bytes) {
      synchronized (NUMBERS) {
        NUMBERS.nextBytes(bytes);
      }
    }

    @Override
    protected byte[] engineGenerateSeed(int count) {
      byte[] seed = new byte[count];
      engineNextBytes(seed);
      return seed;
    }
  }
}
