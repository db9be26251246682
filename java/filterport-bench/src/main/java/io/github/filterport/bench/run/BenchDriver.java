// SPDX-License-Identifier: Apache-2.0
package io.github.filterport.bench.run;

import io.github.filterport.FilterException;
import io.github.filterport.FilterPort;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.HdrHistogram.Histogram;

/** The sending driver's control port; twin of native/common/protocol.h. */
final class BenchDriver implements AutoCloseable {
  static final String PORT = "\\BenchControl";
  private static final int MAGIC = 0x48434E42;
  private static final int ONE_WAY = 1;
  private static final int NO_HISTOGRAM = 2;
  private static final int RING = 4;
  private static final int RING_BATCH = 8;
  private static final int RUN_BYTES = 56;
  private static final int HISTOGRAM = 32;
  private static final int COUNTS = HISTOGRAM + 24;

  /** What the driver sends. */
  enum Kind {
    MESSAGE(0),
    EVENT(RING),
    EVENT_BATCH(RING_BATCH);

    private final int flag;

    Kind(int flag) {
      this.flag = flag;
    }
  }

  private final FilterPort port;
  private final ByteBuffer in = ByteBuffer.allocateDirect(RUN_BYTES).order(ByteOrder.LITTLE_ENDIAN);
  private final ByteBuffer out =
      ByteBuffer.allocateDirect(COUNTS + 8 * RawHistogram.BUCKETS).order(ByteOrder.LITTLE_ENDIAN);

  BenchDriver(FilterPort port) {
    this.port = port;
  }

  /** Sends to the client of that number; returns when the round is over. */
  synchronized Sample run(int client, Load load, Kind kind) throws IOException {
    in.clear();
    in.putInt(MAGIC).putInt(client).putInt(load.senders());
    in.putInt(kind.flag | (load.oneWay() ? ONE_WAY : 0) | (load.timed() ? 0 : NO_HISTOGRAM));
    in.putInt(load.length()).putInt(Load.REPLY);
    in.putLong(load.warmNanos()).putLong(load.nanos());
    in.putLong(load.messages()).putLong(load.intervalNanos());
    in.flip();
    out.clear();
    try {
      port.send(in, out);
    } catch (FilterException e) {
      throw new IOException("the benchmark driver refused " + load + ": " + e.getMessage(), e);
    }
    long sent = out.getLong(0);
    long wrong = out.getLong(8);
    int status = out.getInt(24);
    if (status != 0 || wrong != 0) {
      throw new IOException(
          String.format("client %d: status 0x%08x, %d wrong replies", client, status, wrong));
    }
    Histogram times = RawHistogram.empty();
    for (int bucket = 0; bucket < RawHistogram.BUCKETS; bucket++) {
      RawHistogram.add(times, bucket, out.getLong(COUNTS + 8 * bucket));
    }
    return new Sample(times, sent, out.getLong(16));
  }

  @Override
  public void close() {
    port.close();
  }
}
