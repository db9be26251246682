// SPDX-License-Identifier: Apache-2.0
package io.github.filterport.bench.peer;

import io.aeron.Aeron;
import io.aeron.Image;
import io.aeron.Publication;
import io.aeron.Subscription;
import org.agrona.concurrent.BackoffIdleStrategy;
import org.agrona.concurrent.BusySpinIdleStrategy;
import org.agrona.concurrent.IdleStrategy;
import org.agrona.concurrent.UnsafeBuffer;

/** One end of two Aeron IPC streams: requests of 256 bytes, replies of 16. */
final class AeronIpc implements AutoCloseable {
  static final int REQUEST = 256;
  private static final String CHANNEL = "aeron:ipc?term-length=1m";
  private static final int REQUESTS = 1001;
  private static final int REPLIES = 1002;

  private final Aeron aeron;
  private final Publication publication;
  private final Subscription subscription;

  private AeronIpc(Aeron aeron, Publication publication, Subscription subscription) {
    this.aeron = aeron;
    this.publication = publication;
    this.subscription = subscription;
  }

  static AeronIpc sender(String folder) {
    return open(folder, REQUESTS, REPLIES);
  }

  static AeronIpc client(String folder) {
    return open(folder, REPLIES, REQUESTS);
  }

  private static AeronIpc open(String folder, int publish, int subscribe) {
    Aeron aeron = Aeron.connect(new Aeron.Context().aeronDirectoryName(folder));
    return new AeronIpc(
        aeron,
        aeron.addExclusivePublication(CHANNEL, publish),
        aeron.addSubscription(CHANNEL, subscribe));
  }

  /** busy: spins only; back-off: Agrona's default, which spins, yields, then parks up to 1 ms. */
  static IdleStrategy idle(String kind) {
    return kind.equals("busy") ? new BusySpinIdleStrategy() : new BackoffIdleStrategy();
  }

  /** Waits until the other end is there. */
  Image awaitOther() {
    BackoffIdleStrategy idle = new BackoffIdleStrategy();
    while (!publication.isConnected() || subscription.imageCount() == 0) {
      idle.idle();
    }
    return subscription.imageAtIndex(0);
  }

  void offer(UnsafeBuffer buffer, int length, IdleStrategy idle) {
    while (publication.offer(buffer, 0, length) < 0) {
      idle.idle();
    }
  }

  @Override
  public void close() {
    aeron.close();
  }
}
