// SPDX-License-Identifier: Apache-2.0
package io.github.filterport;

/** The driver's end of the connection is closed (0x80070006). Connect again. */
public final class PortDisconnectedException extends FilterException {
  private static final long serialVersionUID = 1L;

  /** See {@link FilterException#FilterException(int, String, String)}. */
  public PortDisconnectedException(int hresult, String call, String object) {
    super(hresult, call, object);
  }
}
