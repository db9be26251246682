// SPDX-License-Identifier: Apache-2.0
package io.github.filterport.bench.result;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/**
 * One run. As JSON it follows {@code docs/performance/results.schema.json}.
 *
 * @param format name and version of that schema
 * @param smoke whether it was the short run that proves nothing about speed
 */
public record Results(
    String format,
    String started,
    double seconds,
    boolean smoke,
    Machine machine,
    List<Measurement> measurements,
    List<Reading> readings,
    List<Absent> absent,
    List<Target> targets) {
  /** Of {@link #format}. */
  public static final String FORMAT = "filterport-bench-1";

  private static final ObjectMapper MAPPER =
      new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);

  /** Writes it as JSON. */
  public void write(Path file) throws IOException {
    MAPPER.writeValue(file.toFile(), this);
  }

  /** Reads what {@link #write} wrote. */
  public static Results read(Path file) throws IOException {
    return MAPPER.readValue(file.toFile(), Results.class);
  }
}
