// SPDX-License-Identifier: Apache-2.0
package io.github.filterport;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import jdk.jfr.Recording;
import jdk.jfr.ValueDescriptor;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingFile;

/**
 * A flight recording of some of our events. Apart from the tests, because jdk.jfr may be missing.
 */
final class FlightLog implements AutoCloseable {
  private static final String OURS = "io.github.filterport.";

  private final Recording recording = new Recording();
  private final Set<String> wanted;

  private FlightLog(String... events) {
    wanted = Set.of(events);
  }

  /** Periodic events are written once, when the recording ends. */
  static FlightLog start(String... events) {
    FlightLog log = new FlightLog(events);
    for (String event : events) {
      log.recording.enable(OURS + event).with("period", "endChunk");
    }
    log.recording.start();
    return log;
  }

  /** Ends it: the fields of each of those events by name, and its own name as {@code event}. */
  List<Map<String, Object>> end(Path file) throws IOException {
    recording.stop();
    recording.dump(file);
    List<Map<String, Object>> events = new ArrayList<>();
    for (RecordedEvent event : RecordingFile.readAllEvents(file)) {
      String name = event.getEventType().getName();
      if (name.startsWith(OURS) && wanted.contains(name.substring(OURS.length()))) {
        Map<String, Object> fields = new HashMap<>();
        fields.put("event", name.substring(OURS.length()));
        for (ValueDescriptor field : event.getFields()) {
          Object value = event.getValue(field.getName());
          if (value != null) {
            fields.put(field.getName(), value);
          }
        }
        events.add(fields);
      }
    }
    return events;
  }

  @Override
  public void close() {
    recording.close();
  }
}
