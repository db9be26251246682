// SPDX-License-Identifier: Apache-2.0
package io.github.filterport;

/** There is no port of that name: usually the driver is not loaded (0x80070002). */
public final class PortNotFoundException extends FilterException {
  private static final long serialVersionUID = 1L;

  /** See {@link FilterException#FilterException(int, String, String)}. */
  public PortNotFoundException(int hresult, String call, String object) {
    super(hresult, call, object);
  }
}
