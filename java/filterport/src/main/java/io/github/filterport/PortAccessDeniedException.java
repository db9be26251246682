// SPDX-License-Identifier: Apache-2.0
package io.github.filterport;

/** The port's security descriptor, or its driver, does not admit this user (0x80070005). */
public final class PortAccessDeniedException extends FilterException {
  private static final long serialVersionUID = 1L;

  /** See {@link FilterException#FilterException(int, String, String)}. */
  public PortAccessDeniedException(int hresult, String call, String object) {
    super(hresult, call, object);
  }
}
