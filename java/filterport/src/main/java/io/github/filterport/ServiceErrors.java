// SPDX-License-Identifier: Apache-2.0
package io.github.filterport;

import java.util.Map;
import java.util.Set;

/**
 * The codes that a caller of {@link FilterService} meets: the same numbers mean other things here.
 */
final class ServiceErrors {
  static final String INSTALL = "FilterService.install";
  static final String UNINSTALL = "FilterService.uninstall";

  static final int SERVICE_REQUEST_TIMEOUT = 0x8007041D;
  static final int SERVICE_ALREADY_RUNNING = 0x80070420;
  static final int SERVICE_DOES_NOT_EXIST = 0x80070424;
  static final int SERVICE_CANNOT_ACCEPT_CTRL = 0x80070425;
  static final int SERVICE_NOT_ACTIVE = 0x80070426;
  static final int SERVICE_EXISTS = 0x80070431;

  private static final Set<String> CALLS =
      Set.of(
          INSTALL,
          UNINSTALL,
          "OpenSCManagerW",
          "CreateServiceW",
          "OpenServiceW",
          "StartServiceW",
          "ControlService",
          "DeleteService",
          "QueryServiceStatus",
          "RegCreateKeyExW",
          "RegSetValueExW");

  private ServiceErrors() {}

  static boolean concerns(String call) {
    return CALLS.contains(call);
  }

  static final Map<Integer, Hresult.Entry> ENTRIES =
      Map.ofEntries(
          entry(
              0x80070078,
              "ERROR_CALL_NOT_IMPLEMENTED",
              "Linux has no services",
              "There fltmgrd loads drivers: EmbeddedFilterManager.loadDriver, or fltmgrd --load."),
          entry(
              Hresult.ERROR_FILE_NOT_FOUND,
              "ERROR_FILE_NOT_FOUND",
              "the driver's image is not there",
              "Name the .sys file by DriverPackage.image; a driver's imports must be there too."),
          entry(
              0x80070003,
              "ERROR_PATH_NOT_FOUND",
              "the folder of the driver's image is not there",
              "Name the .sys file by DriverPackage.image."),
          entry(
              Hresult.ERROR_ACCESS_DENIED,
              "ERROR_ACCESS_DENIED",
              "access denied",
              "Run as administrator."),
          entry(
              0x80070057,
              "ERROR_INVALID_PARAMETER",
              "invalid parameter",
              "Compare the DriverPackage's values with a minifilter's INF."),
          entry(0x8007007B, "ERROR_INVALID_NAME", "not the name of a service", ""),
          entry(
              0x800700C1,
              "ERROR_BAD_EXE_FORMAT",
              "the image is no driver for this processor",
              "Use the .sys that was built for it."),
          entry(
              0x80070241,
              "ERROR_INVALID_IMAGE_HASH",
              "Windows does not trust the driver's signature",
              "Have it signed; for tests sign it yourself and switch test signing on (bcdedit /set"
                  + " testsigning on, then restart)."),
          entry(
              0x8007041C,
              "ERROR_INVALID_SERVICE_CONTROL",
              "the driver cannot be unloaded",
              "It has no unload routine: restart the machine."),
          entry(
              SERVICE_REQUEST_TIMEOUT,
              "ERROR_SERVICE_REQUEST_TIMEOUT",
              "the driver is still being unloaded",
              "A callback of it may wait for an answer: end its clients, then ask for the state"
                  + " again."),
          entry(
              SERVICE_ALREADY_RUNNING,
              "ERROR_SERVICE_ALREADY_RUNNING",
              "the driver is loaded",
              "Stop the service first."),
          entry(
              0x80070422,
              "ERROR_SERVICE_DISABLED",
              "the service is disabled",
              "Set its start type back to demand."),
          entry(
              SERVICE_DOES_NOT_EXIST,
              "ERROR_SERVICE_DOES_NOT_EXIST",
              "no such service",
              "Install it: FilterService.install, or its INF."),
          entry(
              SERVICE_CANNOT_ACCEPT_CTRL,
              "ERROR_SERVICE_CANNOT_ACCEPT_CTRL",
              "the service is just starting or stopping",
              "Ask for its state, then try again."),
          entry(
              0x8007042C,
              "ERROR_SERVICE_DEPENDENCY_FAIL",
              "the Filter Manager does not start",
              "Look at the service FltMgr."),
          entry(
              0x80070430,
              "ERROR_SERVICE_MARKED_FOR_DELETE",
              "the service is being deleted",
              "Close the tools that show services, or restart the machine."),
          entry(
              SERVICE_EXISTS,
              "ERROR_SERVICE_EXISTS",
              "a service of that name is installed",
              "Uninstall it first, or give the DriverPackage another name."),
          entry(
              0x80070433,
              "ERROR_SERVICE_DEPENDENCY_DELETED",
              "the service FltMgr is not there",
              "Minifilters need the Filter Manager."),
          entry(
              0x80070436,
              "ERROR_DUPLICATE_SERVICE_NAME",
              "the name is in use, perhaps as a display name",
              "Give the DriverPackage another name."),
          entry(
              0x800704FB,
              "ERROR_DRIVER_BLOCKED",
              "Windows refuses this driver",
              "Look at the event log, Code Integrity."),
          entry(
              0x801F0011,
              "ERROR_FLT_INSTANCE_ALTITUDE_COLLISION",
              "another minifilter has this altitude",
              "Give the DriverPackage an altitude of its own."));

  private static Map.Entry<Integer, Hresult.Entry> entry(
      int code, String symbol, String meaning, String advice) {
    return Map.entry(code, new Hresult.Entry(symbol, meaning, advice));
  }
}
