// SPDX-License-Identifier: Apache-2.0
package io.github.filterport.bench.report;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.networknt.schema.JsonSchema;
import com.networknt.schema.JsonSchemaFactory;
import com.networknt.schema.SpecVersion;
import com.networknt.schema.ValidationMessage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.stream.Collectors;

/** Whether results are what the schema says. */
public final class SchemaCheck {
  private SchemaCheck() {}

  /** Fails with every deviation. */
  public static void check(Path results, Path schema) throws IOException {
    JsonSchema rules =
        JsonSchemaFactory.getInstance(SpecVersion.VersionFlag.V202012)
            .getSchema(Files.readString(schema));
    Set<ValidationMessage> deviations =
        rules.validate(new ObjectMapper().readTree(results.toFile()));
    if (!deviations.isEmpty()) {
      throw new IOException(
          results
              + " does not follow "
              + schema
              + ":\n"
              + deviations.stream()
                  .map(ValidationMessage::getMessage)
                  .collect(Collectors.joining("\n")));
    }
  }
}
