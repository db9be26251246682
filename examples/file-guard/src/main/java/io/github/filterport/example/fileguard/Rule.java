// SPDX-License-Identifier: Apache-2.0
package io.github.filterport.example.fileguard;

import io.github.filterport.guard.FileEvent;
import io.github.filterport.guard.Verdict;
import java.nio.charset.StandardCharsets;

/** Why a file is allowed or denied. */
enum Rule {
  /** Its first bytes are the test marker, whatever it is called. */
  CONTENT(Verdict.DENY, "content begins with the test marker"),
  /** It is called something.exe, whatever is in it. */
  NAME(Verdict.DENY, "name ends with .exe"),
  /** Neither. */
  CLEAN(Verdict.ALLOW, "nothing against it");

  /** Harmless, like the EICAR file, and our own: no scanner but this one knows it. */
  static final String MARKER = "FILTERPORT-TEST-MARKER-deny-me";

  private static final byte[] MARKER_BYTES = MARKER.getBytes(StandardCharsets.US_ASCII);

  private final Verdict verdict;
  private final String reason;

  Rule(Verdict verdict, String reason) {
    this.verdict = verdict;
    this.reason = reason;
  }

  static Rule of(FileEvent event) {
    if (event.contentStartsWith(MARKER_BYTES)) {
      return CONTENT;
    }
    return event.pathEndsWith(".exe") ? NAME : CLEAN;
  }

  Verdict verdict() {
    return verdict;
  }

  String reason() {
    return reason;
  }
}
