// SPDX-License-Identifier: Apache-2.0
package io.github.filterport.host;

/** Words for the NTSTATUS values that fltmgrd answers with. */
final class NtStatus {
  static final int UNSUCCESSFUL = 0xC0000001;

  private NtStatus() {}

  /** Number and, where known, symbol: {@code 0xC0000022 STATUS_ACCESS_DENIED}. */
  static String describe(int status) {
    String symbol = symbol(status);
    String number = String.format("0x%08X", status);
    return symbol.isEmpty() ? number : number + " " + symbol;
  }

  static String symbol(int status) {
    return switch (status) {
      case 0 -> "STATUS_SUCCESS";
      case 0x00000102 -> "STATUS_TIMEOUT";
      case UNSUCCESSFUL -> "STATUS_UNSUCCESSFUL";
      case 0xC0000002 -> "STATUS_NOT_IMPLEMENTED";
      case 0xC0000008 -> "STATUS_INVALID_HANDLE";
      case 0xC000000D -> "STATUS_INVALID_PARAMETER";
      case 0xC000000F -> "STATUS_NO_SUCH_FILE";
      case 0xC0000010 -> "STATUS_INVALID_DEVICE_REQUEST";
      case 0xC0000022 -> "STATUS_ACCESS_DENIED";
      case 0xC0000033 -> "STATUS_OBJECT_NAME_INVALID";
      case 0xC0000034 -> "STATUS_OBJECT_NAME_NOT_FOUND";
      case 0xC0000035 -> "STATUS_OBJECT_NAME_COLLISION";
      case 0xC000003A -> "STATUS_OBJECT_PATH_NOT_FOUND";
      case 0xC0000056 -> "STATUS_DELETE_PENDING";
      case 0xC0000061 -> "STATUS_PRIVILEGE_NOT_HELD";
      case 0xC000007B -> "STATUS_INVALID_IMAGE_FORMAT";
      case 0xC000009A -> "STATUS_INSUFFICIENT_RESOURCES";
      case 0xC00000B5 -> "STATUS_IO_TIMEOUT";
      case 0xC00000BA -> "STATUS_FILE_IS_A_DIRECTORY";
      case 0xC00000BB -> "STATUS_NOT_SUPPORTED";
      case 0xC0000120 -> "STATUS_CANCELLED";
      case 0xC0000135 -> "STATUS_DLL_NOT_FOUND";
      case 0xC0000139 -> "STATUS_ENTRYPOINT_NOT_FOUND";
      case 0xC000010E -> "STATUS_IMAGE_ALREADY_LOADED";
      case 0xC01C0013 -> "STATUS_FLT_FILTER_NOT_FOUND";
      case 0xC01C0014 -> "STATUS_FLT_VOLUME_NOT_FOUND";
      case 0xC01C0015 -> "STATUS_FLT_INSTANCE_NOT_FOUND";
      default -> "";
    };
  }
}
