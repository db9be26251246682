// SPDX-License-Identifier: Apache-2.0
package io.github.filterport.host;

/** What an open through a {@link DirectVolume} asks for. */
public enum OpenAccess {
  /** Read the file's data. */
  READ('r'),
  /** Write the file's data. */
  WRITE('w'),
  /** Create the file if it does not exist. */
  CREATE('c'),
  /** Execute the file. */
  EXECUTE('x');

  private final char letter;

  OpenAccess(char letter) {
    this.letter = letter;
  }

  /** Letters as fltmgrd reads them; none means read. */
  static String letters(OpenAccess... access) {
    if (access.length == 0) {
      return "r";
    }
    StringBuilder letters = new StringBuilder(access.length);
    for (OpenAccess one : access) {
      if (letters.indexOf(String.valueOf(one.letter)) < 0) {
        letters.append(one.letter);
      }
    }
    return letters.toString();
  }
}
