// SPDX-License-Identifier: Apache-2.0
package io.github.filterport.host;

/**
 * How an open through a {@link DirectVolume} ended.
 *
 * @param status the NTSTATUS of the operation after all callbacks: 0 is success, negative an error
 */
public record OpenOutcome(int status) {
  /** The NTSTATUS of a denied open. */
  public static final int STATUS_ACCESS_DENIED = 0xC0000022;

  /** Whether the file was opened. */
  public boolean opened() {
    return status >= 0;
  }

  /** Whether a filter refused the open: {@link #STATUS_ACCESS_DENIED}. */
  public boolean denied() {
    return status == STATUS_ACCESS_DENIED;
  }

  @Override
  public String toString() {
    return (opened() ? "opened" : denied() ? "denied" : "failed") + " " + NtStatus.describe(status);
  }
}
