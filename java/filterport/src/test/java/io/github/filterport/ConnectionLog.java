// SPDX-License-Identifier: Apache-2.0
package io.github.filterport;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;

/** What a pump told about its connections. */
final class ConnectionLog implements ConnectionListener {
  final AtomicInteger made = new AtomicInteger();
  final AtomicInteger lost = new AtomicInteger();
  final CountDownLatch failed = new CountDownLatch(1);

  @Override
  public void onConnected(FilterPort port) {
    made.incrementAndGet();
  }

  @Override
  public void onDisconnected(FilterPort port) {
    lost.incrementAndGet();
  }

  @Override
  public void onConnectFailed(FilterException cause, Duration pause) {
    failed.countDown();
  }

  void awaitConnections(int count) {
    while (made.get() < count) {
      Thread.onSpinWait();
    }
  }
}
