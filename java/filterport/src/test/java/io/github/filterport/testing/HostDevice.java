// SPDX-License-Identifier: Apache-2.0
package io.github.filterport.testing;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.net.URLDecoder;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.TreeMap;

/**
 * The host device of our fltmgr.sys, see fltmgr/wine/wire.h: what fltmgrd's standard input is on
 * Linux. One request uses one handle, so that several threads may ask at once.
 */
public final class HostDevice {
  private static final String PATH = "\\\\.\\FilterportHost";
  private static final int LINE_MAX = 4096;

  private HostDevice() {}

  /** What it answered: {@code ok} with values by name, or an NTSTATUS with a text. */
  public record Answer(int status, Map<String, String> values, String text) {
    /** Whether it was {@code ok}. */
    public boolean ok() {
      return status == 0;
    }
  }

  /** Whether our fltmgr.sys is loaded. */
  public static boolean isThere() {
    try (RandomAccessFile device = new RandomAccessFile(PATH, "rw")) {
      return device.getFD().valid();
    } catch (IOException e) {
      return false;
    }
  }

  /**
   * Sends one command and waits for its end.
   *
   * @throws FileNotFoundException if the device is not there
   */
  public static Answer ask(String verb, String... arguments) throws IOException {
    StringBuilder line = new StringBuilder(verb);
    for (String argument : arguments) {
      line.append(' ').append(encode(argument));
    }
    try (RandomAccessFile device = new RandomAccessFile(PATH, "rw")) {
      device.write(line.toString().getBytes(StandardCharsets.UTF_8));
      byte[] answer = new byte[LINE_MAX];
      int length = device.read(answer);
      return parse(new String(answer, 0, Math.max(length, 0), StandardCharsets.UTF_8).strip());
    }
  }

  /** All but the equals sign of {@code key=value} arguments. */
  private static String encode(String argument) {
    return URLEncoder.encode(argument, StandardCharsets.UTF_8)
        .replace("+", "%20")
        .replace("%3D", "=");
  }

  private static Answer parse(String line) throws IOException {
    String[] words = line.split(" ", 3);
    if (words[0].equals("ok")) {
      Map<String, String> values = new TreeMap<>();
      for (String word : line.split(" ", -1)) {
        int equals = word.indexOf('=');
        if (equals > 0) {
          values.put(word.substring(0, equals), decode(word.substring(equals + 1)));
        }
      }
      return new Answer(0, values, "");
    }
    if (!words[0].equals("error") || words.length < 2) {
      throw new IOException("the host device answered \"" + line + "\"");
    }
    return new Answer(
        Long.decode(words[1]).intValue(), Map.of(), words.length > 2 ? decode(words[2]) : "");
  }

  private static String decode(String text) {
    return URLDecoder.decode(text.replace("+", "%2B"), StandardCharsets.UTF_8);
  }
}
