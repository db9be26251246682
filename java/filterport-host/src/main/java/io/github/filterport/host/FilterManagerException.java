// SPDX-License-Identifier: Apache-2.0
package io.github.filterport.host;

import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * The embedded Filter Manager refused a request, could not be started, or is gone.
 *
 * <p>The message names the request, its object, the status in number and words, and what fltmgrd
 * said about it.
 */
public class FilterManagerException extends IOException {
  private static final long serialVersionUID = 1L;

  private final int status;

  FilterManagerException(String message) {
    this(message, NtStatus.UNSUCCESSFUL, null);
  }

  FilterManagerException(String message, @Nullable Throwable cause) {
    this(message, NtStatus.UNSUCCESSFUL, cause);
  }

  FilterManagerException(String message, int status, @Nullable Throwable cause) {
    super(message, cause);
    this.status = status;
  }

  /**
   * The NTSTATUS with which fltmgrd refused the request. STATUS_UNSUCCESSFUL (0xC0000001) if the
   * request got no answer, because fltmgrd did not start, is gone, or did not answer in time.
   */
  public int status() {
    return status;
  }
}
