// SPDX-License-Identifier: Apache-2.0
package io.github.filterport.guard;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.OS;

/** Java's offsets against the C compiler's. */
class GuardProtocolTest {
  private static final Map<String, Class<?>> TWINS =
      Map.of(
          "FP_CONNECT", GuardProtocol.Connect.class,
          "FP_EVENT", GuardProtocol.Event.class,
          "FP_VERDICT", GuardProtocol.VerdictReply.class,
          "FP_COMMAND_HEADER", GuardProtocol.CommandHeader.class,
          "FP_HELLO", GuardProtocol.Hello.class,
          "FP_POLICY", GuardProtocol.PolicyCommand.class,
          "FP_LIMITS", GuardProtocol.Limits.class,
          "FP_OPEN_RING", GuardProtocol.OpenRing.class,
          "FP_COUNTERS", GuardProtocol.Counters.class);

  @Test
  void offsetsAreThoseOfTheHeader() throws Exception {
    Path program = Path.of(System.getProperty("filterport.natives", "build"), "bin", LAYOUT);
    assumeTrue(Files.isExecutable(program), () -> program + " is not built");
    assertThat(java()).isEqualTo(header(program));
  }

  private static final String LAYOUT =
      "filterport_layout" + (OS.WINDOWS.isCurrentOs() ? ".exe" : "");

  /** "struct.field offset" and "struct length" of every twin. */
  private static Map<String, Integer> java() throws IllegalAccessException {
    Map<String, Integer> layout = new TreeMap<>();
    for (Map.Entry<String, Class<?>> twin : TWINS.entrySet()) {
      for (Field field : twin.getValue().getDeclaredFields()) {
        if (!Modifier.isStatic(field.getModifiers()) || field.isSynthetic()) {
          continue;
        }
        String name = field.getName();
        String key = name.equals("LENGTH") ? "" : "." + name.replaceFirst("_OFFSET$", "");
        layout.put(twin.getKey() + key, field.getInt(null));
      }
    }
    return layout;
  }

  /** Lines {@code struct field offset size}; a field called sizeof stands for the whole. */
  private static Map<String, Integer> header(Path program) throws Exception {
    Map<String, Integer> layout = new TreeMap<>();
    Process process = new ProcessBuilder(program.toString()).start();
    try (BufferedReader lines =
        new BufferedReader(
            new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        String[] words = line.trim().split("\\s+", -1);
        if (words.length != 4) {
          continue;
        }
        boolean whole = words[1].equals("sizeof");
        layout.put(
            whole ? words[0] : words[0] + "." + constant(words[1]),
            Integer.parseInt(words[whole ? 3 : 2]));
      }
    }
    assertThat(process.waitFor()).isZero();
    return layout;
  }

  private static String constant(String field) {
    return field.replaceAll("(?<!^)(?=[A-Z])", "_").toUpperCase(Locale.ROOT);
  }
}
