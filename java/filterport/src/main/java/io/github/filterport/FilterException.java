// SPDX-License-Identifier: Apache-2.0
package io.github.filterport;

import java.io.IOException;

/**
 * A call of fltlib failed. The text names the call, what it was about, the code in words and
 * number, and what to do. Subclasses exist only where a caller would act differently.
 */
public class FilterException extends IOException {
  private static final long serialVersionUID = 1L;

  private final int hresult;
  private final String call;
  private final String object;

  /**
   * For fakes and for layers above; the library itself makes the fitting subclass.
   *
   * @param hresult the failing HRESULT
   * @param call the function that returned it, for instance {@code FilterSendMessage}
   * @param object what it was about, for instance the port's name; may be empty
   */
  public FilterException(int hresult, String call, String object) {
    super(Hresult.text(hresult, call, object));
    this.hresult = hresult;
    this.call = call;
    this.object = object;
  }

  /** The code, for instance 0x80070005. */
  public final int hresult() {
    return hresult;
  }

  /**
   * The code's name, for instance {@code ERROR_ACCESS_DENIED}; its number in hex if it has none.
   */
  public final String symbol() {
    return Hresult.symbol(hresult, call);
  }

  /** The function that failed. */
  public final String call() {
    return call;
  }

  /** What the call was about, for instance the port's name; may be empty. */
  public final String object() {
    return object;
  }

  /** What to do; empty if nothing is known. */
  public final String advice() {
    return Hresult.advice(hresult, call);
  }

  /** The exception that fits the code. */
  static FilterException of(int hresult, String call, String object) {
    switch (hresult) {
      case Hresult.ERROR_INVALID_HANDLE:
        return new PortDisconnectedException(hresult, call, object);
      default:
        break;
    }
    if (call.equals(Hresult.CONNECT)) {
      switch (hresult) {
        case Hresult.ERROR_FILE_NOT_FOUND:
          return new PortNotFoundException(hresult, call, object);
        case Hresult.ERROR_ACCESS_DENIED:
          return new PortAccessDeniedException(hresult, call, object);
        case Hresult.ERROR_CONNECTION_COUNT_LIMIT:
          return new ConnectionLimitException(hresult, call, object);
        default:
          break;
      }
    }
    return new FilterException(hresult, call, object);
  }
}
