// SPDX-License-Identifier: Apache-2.0
package io.github.filterport;

/** The port has as many connections as it admits (0x800704D6). Try again later. */
public final class ConnectionLimitException extends FilterException {
  private static final long serialVersionUID = 1L;

  /** See {@link FilterException#FilterException(int, String, String)}. */
  public ConnectionLimitException(int hresult, String call, String object) {
    super(hresult, call, object);
  }
}
