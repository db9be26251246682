// SPDX-License-Identifier: Apache-2.0
package io.github.filterport.example.fileguard;

import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The command line.
 *
 * @param folder what to guard
 * @param record where verdicts are written
 * @param list paths for this program to open itself, through a direct volume; null: guard what
 *     others open, through fanotify
 * @param outcomes where the outcomes of those opens are written
 */
record Arguments(Path folder, Path record, @Nullable Path list, @Nullable Path outcomes) {
  static final String USAGE = "usage: file-guard FOLDER RECORD [--direct LIST OUTCOMES]";

  static Arguments of(String[] args) {
    Deque<String> words = new ArrayDeque<>(List.of(args));
    if (words.size() != 2 && words.size() != 5) {
      throw new IllegalArgumentException(USAGE);
    }
    Path folder = Path.of(words.remove());
    Path record = Path.of(words.remove());
    if (words.isEmpty()) {
      return new Arguments(folder, record, null, null);
    }
    if (!words.remove().equals("--direct")) {
      throw new IllegalArgumentException(USAGE);
    }
    return new Arguments(folder, record, Path.of(words.remove()), Path.of(words.remove()));
  }
}
