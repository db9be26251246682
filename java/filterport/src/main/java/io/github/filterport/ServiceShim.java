// SPDX-License-Identifier: Apache-2.0
package io.github.filterport;

/**
 * The native methods about services, registered by the shim when it is loaded; twin of
 * jni/entry_service.cpp. Text ends in a zero. What comes back has an HRESULT in its low half, 0 for
 * success, and in its high half which of {@link #CALLS} has failed.
 */
final class ServiceShim {
  /** In the order of jni/service.h. */
  private static final String[] CALLS = {
    "OpenSCManagerW",
    "CreateServiceW",
    "OpenServiceW",
    "StartServiceW",
    "ControlService",
    "DeleteService",
    "QueryServiceStatus",
    "RegCreateKeyExW",
    "RegSetValueExW",
  };

  private ServiceShim() {}

  /** dependencies: each ends in a zero, and all of them in one more. */
  static native long create(
      char[] name, char[] displayName, char[] image, char[] group, char[] dependencies);

  /** key: below HKEY_LOCAL_MACHINE. */
  static native long setValue(char[] key, char[] name, int type, byte[] data);

  static native long delete(char[] name);

  static native long start(char[] name);

  /** Asks it to stop. */
  static native long stop(char[] name);

  /** out: SERVICE_STOPPED and so on. */
  static native long state(char[] name, int[] out);

  static int hresult(long result) {
    return (int) result;
  }

  static void check(long result, String object) throws FilterException {
    int hresult = hresult(result);
    if (hresult < 0) {
      throw FilterException.of(hresult, CALLS[(int) (result >>> 32)], object);
    }
  }
}
