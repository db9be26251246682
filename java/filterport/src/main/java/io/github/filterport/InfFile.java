// SPDX-License-Identifier: Apache-2.0
package io.github.filterport;

import java.io.IOException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * The text of an INF: sections of lines {@code key = value, value…}, with its strings put in.
 * Directory numbers ({@code %12%}) stay as they are.
 */
final class InfFile {
  /** One line; the key is empty where there is no equals sign. */
  record Line(String key, List<String> values) {
    String value(int index) {
      return index < values.size() ? values.get(index) : "";
    }
  }

  private final Path path;
  private final Map<String, List<String>> raw = new LinkedHashMap<>();
  private final Map<String, String> strings = new LinkedHashMap<>();

  private InfFile(Path path) {
    this.path = path;
  }

  static InfFile read(Path path) throws IOException {
    InfFile inf = new InfFile(path);
    inf.split(text(Files.readAllBytes(path)));
    for (Line line : inf.section("Strings")) {
      inf.strings.put(lower(line.key()), line.value(0));
    }
    return inf;
  }

  private static String text(byte[] bytes) {
    boolean wide = bytes.length >= 2 && bytes[0] == (byte) 0xFF && bytes[1] == (byte) 0xFE;
    Charset charset = wide ? StandardCharsets.UTF_16LE : StandardCharsets.UTF_8;
    String text = new String(bytes, charset);
    return text.startsWith("\uFEFF") ? text.substring(1) : text;
  }

  private void split(String text) {
    List<String> section = raw.computeIfAbsent("", name -> new ArrayList<>());
    StringBuilder continued = new StringBuilder();
    for (String physical : text.split("\\R", -1)) {
      String line = continued + withoutComment(physical).strip();
      continued.setLength(0);
      if (line.startsWith("[") && line.endsWith("]")) {
        section =
            raw.computeIfAbsent(
                lower(line.substring(1, line.length() - 1)), name -> new ArrayList<>());
      } else if (line.endsWith("\\") && !line.endsWith("\"\\")) {
        continued.append(line, 0, line.length() - 1);
      } else if (!line.isEmpty()) {
        section.add(line);
      }
    }
  }

  private static String withoutComment(String line) {
    boolean quoted = false;
    for (int i = 0; i < line.length(); i++) {
      char c = line.charAt(i);
      if (c == '"') {
        quoted = !quoted;
      } else if (c == ';' && !quoted) {
        return line.substring(0, i);
      }
    }
    return line;
  }

  private static String lower(String name) {
    return name.toLowerCase(Locale.ROOT);
  }

  Path path() {
    return path;
  }

  /** Names in the file's order, in lower case. */
  List<String> sections() {
    return List.copyOf(raw.keySet());
  }

  /** Lines of a section, empty if there is none; names are not case-sensitive. */
  List<Line> section(String name) {
    List<Line> lines = new ArrayList<>();
    for (String line : raw.getOrDefault(lower(name), List.of())) {
      int equals = outsideQuotes(line, '=');
      String key = equals < 0 ? "" : expand(line.substring(0, equals).strip());
      lines.add(new Line(key, values(line.substring(equals + 1))));
    }
    return lines;
  }

  private static int outsideQuotes(String line, char wanted) {
    boolean quoted = false;
    for (int i = 0; i < line.length(); i++) {
      char c = line.charAt(i);
      if (c == '"') {
        quoted = !quoted;
      } else if (c == wanted && !quoted) {
        return i;
      }
    }
    return -1;
  }

  private List<String> values(String text) {
    List<String> values = new ArrayList<>();
    String rest = text;
    for (int comma = outsideQuotes(rest, ','); comma >= 0; comma = outsideQuotes(rest, ',')) {
      values.add(expand(rest.substring(0, comma).strip()));
      rest = rest.substring(comma + 1);
    }
    values.add(expand(rest.strip()));
    return values;
  }

  /** Takes quotes away (two stand for one) and puts strings in. */
  private String expand(String text) {
    StringBuilder expanded = new StringBuilder();
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c == '"') {
        if (i > 0 && text.charAt(i - 1) == '"' && i + 1 < text.length()) {
          expanded.append('"');
        }
      } else if (c == '%') {
        int end = text.indexOf('%', i + 1);
        String name = end < 0 ? "" : text.substring(i + 1, end);
        if (name.isEmpty()) {
          expanded.append('%');
          i = end < 0 ? i : end;
        } else {
          expanded.append(strings.getOrDefault(lower(name), "%" + name + "%"));
          i = end;
        }
      } else {
        expanded.append(c);
      }
    }
    return expanded.toString();
  }
}
