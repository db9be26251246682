// SPDX-License-Identifier: Apache-2.0
package io.github.filterport.bench.peer;

import io.github.filterport.Event;
import io.github.filterport.EventHandler;
import io.github.filterport.EventReader;
import io.github.filterport.FilterPort;
import io.github.filterport.WaitPolicy;
import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * Reads the benchmark driver's event ring in batches, looks at each event and commits each batch.
 *
 * <pre>RingClient MANAGER NUMBER</pre>
 */
public final class RingClient implements EventHandler {
  private static final int BATCH = 1024;

  private long events;
  private long sum;

  private RingClient() {}

  /** See the class. */
  public static void main(String[] args) throws IOException {
    byte[] connect = Numbers.connect(Integer.parseInt(args[1]));
    FilterPort port =
        FilterPort.connector(Numbers.PORT).manager(args[0]).context(connect).connect();
    EventReader reader = port.openEvents(ByteBuffer.wrap(connect), WaitPolicy.adaptive());
    RingClient client = new RingClient();
    Thread thread = new Thread(() -> client.poll(reader), "reader");
    thread.start();
    PeerConsole console = new PeerConsole();
    console.ready();
    console.serve(thread);
    System.err.println(client.events + " events, sum " + client.sum + " " + port.isConnected());
  }

  private void poll(EventReader reader) {
    while (reader.poll(this, BATCH, EventReader.FOREVER) >= 0) {
      reader.commit();
    }
  }

  @Override
  public void onEvent(Event event) {
    events++;
    sum += event.payload().getInt(0);
  }
}
