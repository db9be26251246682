// SPDX-License-Identifier: Apache-2.0
package io.github.filterport;

import java.util.Objects;

/** A message handler threw; the cause is what it threw. */
public final class HandlerException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** Wraps what the handler threw. */
  public HandlerException(String message, Throwable cause) {
    super(message, Objects.requireNonNull(cause, "cause"));
  }
}
