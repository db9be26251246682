// SPDX-License-Identifier: Apache-2.0
package io.github.filterport;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The codes that a caller of fltlib meets: name, meaning, and what to do. */
final class Hresult {
  static final String CONNECT = "FilterConnectCommunicationPort";
  static final String SEND = "FilterSendMessage";
  static final String GET = "FilterGetMessage";
  static final String REPLY = "FilterReplyMessage";

  static final int ERROR_FILE_NOT_FOUND = 0x80070002;
  static final int ERROR_ACCESS_DENIED = 0x80070005;
  static final int ERROR_INVALID_HANDLE = 0x80070006;
  static final int ERROR_INVALID_DATA = 0x8007000D;
  static final int ERROR_NOT_SUPPORTED = 0x80070032;
  static final int ERROR_INSUFFICIENT_BUFFER = 0x8007007A;
  static final int ERROR_MOD_NOT_FOUND = 0x8007007E;
  static final int ERROR_CONNECTION_COUNT_LIMIT = 0x800704D6;
  static final int ERROR_NOT_READY = 0x80070015;

  private Hresult() {}

  static final class Entry {
    final String symbol;
    final String meaning;
    final String advice;

    Entry(String symbol, String meaning, String advice) {
      this.symbol = symbol;
      this.meaning = meaning;
      this.advice = advice;
    }
  }

  private static Entry entry(String symbol, String meaning, String advice) {
    return new Entry(symbol, meaning, advice);
  }

  private static final Map<Integer, Entry> ENTRIES =
      Map.ofEntries(
          Map.entry(0x80004001, entry("E_NOTIMPL", "not available here", "")),
          Map.entry(
              ERROR_FILE_NOT_FOUND,
              entry(
                  "ERROR_FILE_NOT_FOUND",
                  "no such port",
                  "Load the driver, and compare the name: it starts with a backslash and its case"
                      + " counts.")),
          Map.entry(
              0x80070003,
              entry("ERROR_PATH_NOT_FOUND", "no such directory", "Use a plain name as \\Name.")),
          Map.entry(
              ERROR_ACCESS_DENIED,
              entry(
                  "ERROR_ACCESS_DENIED",
                  "access denied",
                  "Run elevated, or change the port's security descriptor.")),
          Map.entry(
              ERROR_INVALID_HANDLE,
              entry(
                  "ERROR_INVALID_HANDLE",
                  "the other end of the port is closed",
                  "The driver disconnected or was unloaded: close this connection and connect"
                      + " again.")),
          Map.entry(
              0x80070008,
              entry("ERROR_NOT_ENOUGH_MEMORY", "out of memory", "Use fewer or smaller receives.")),
          Map.entry(
              ERROR_INVALID_DATA,
              entry(
                  "ERROR_INVALID_DATA",
                  "the driver's event ring is not in order",
                  "Compare the driver's version with this library's; close the connection.")),
          Map.entry(
              0x8007000E,
              entry("E_OUTOFMEMORY", "out of memory", "Use fewer or smaller receives.")),
          Map.entry(
              ERROR_NOT_SUPPORTED,
              entry(
                  "ERROR_NOT_SUPPORTED",
                  "the driver takes no messages on this port",
                  "Only the driver can send here.")),
          Map.entry(
              0x80070057,
              entry(
                  "ERROR_INVALID_PARAMETER",
                  "invalid parameter",
                  "The driver or the Filter Manager refused the contents.")),
          Map.entry(
              0x80070079, entry("ERROR_SEM_TIMEOUT", "timed out", "The driver gave up waiting.")),
          Map.entry(
              ERROR_INSUFFICIENT_BUFFER,
              entry(
                  "ERROR_INSUFFICIENT_BUFFER",
                  "buffer too small",
                  "Give more room: ReceiveOptions.withMaxPayload for messages, a larger buffer for"
                      + " an answer.")),
          Map.entry(
              0x8007007B,
              entry("ERROR_INVALID_NAME", "not a port name", "Use a plain name as \\Name.")),
          Map.entry(
              ERROR_MOD_NOT_FOUND,
              entry(
                  "ERROR_MOD_NOT_FOUND",
                  "fltlib is not there",
                  "Windows has it in System32; on Linux libfltlib.so lies beside"
                      + " libfilterport.so.")),
          Map.entry(
              0x8007007F,
              entry(
                  "ERROR_PROC_NOT_FOUND",
                  "fltlib lacks a function",
                  "Use the fltlib of the same version.")),
          Map.entry(
              0x800700A1,
              entry("ERROR_BAD_PATHNAME", "not a port name", "Port names start with a backslash.")),
          Map.entry(
              0x800700EA,
              entry(
                  "ERROR_MORE_DATA",
                  "longer than the receiver's buffer",
                  "Look at Message.replyCapacity().")),
          Map.entry(0x80070102, entry("WAIT_TIMEOUT", "timed out", "The driver gave up waiting.")),
          Map.entry(
              0x80070103,
              entry("ERROR_NO_MORE_ITEMS", "nothing more", "The driver has no more entries.")),
          Map.entry(
              0x80070216,
              entry(
                  "ERROR_ARITHMETIC_OVERFLOW",
                  "too long",
                  "A connection context may have at most " + Connector.MAX_CONTEXT + " bytes.")),
          Map.entry(
              0x800703E3,
              entry("ERROR_OPERATION_ABORTED", "cancelled", "The connection was being closed.")),
          Map.entry(0x800703E5, entry("ERROR_IO_PENDING", "still pending", "")),
          Map.entry(
              0x800703E6,
              entry("ERROR_NOACCESS", "invalid address or alignment", "Align the buffer.")),
          Map.entry(
              0x8007045A, entry("ERROR_DLL_INIT_FAILED", "fltlib could not be initialised", "")),
          Map.entry(
              ERROR_NOT_READY,
              entry(
                  "ERROR_NOT_READY",
                  "no Filter Manager answers",
                  "Start fltmgrd, or name its socket by FILTERPORT_MANAGER or Connector.manager.")),
          Map.entry(
              ERROR_CONNECTION_COUNT_LIMIT,
              entry(
                  "ERROR_CONNECTION_COUNT_LIMIT",
                  "the port has all the connections it admits",
                  "Close another client, or wait for it: Connector.await.")),
          Map.entry(
              0x80070522,
              entry("ERROR_PRIVILEGE_NOT_HELD", "a privilege is missing", "Run elevated.")),
          Map.entry(
              0x800705AA,
              entry(
                  "ERROR_NO_SYSTEM_RESOURCES",
                  "insufficient resources",
                  "Use fewer or smaller receives.")),
          Map.entry(
              0x800705AD,
              entry(
                  "ERROR_WORKING_SET_QUOTA",
                  "memory cannot be locked",
                  "Raise the limit of locked memory (ulimit -l), or do not require pinning.")),
          Map.entry(
              0x801F0020,
              entry(
                  "ERROR_FLT_NO_WAITER_FOR_REPLY",
                  "nobody waits for this reply",
                  "The sender timed out or was answered before: carry on.")));

  static String hex(int code) {
    return String.format("0x%08X", code);
  }

  private static final Entry ONE_MANAGER =
      entry(
          "ERROR_NOT_SUPPORTED",
          "Windows has one Filter Manager",
          "Connect without Connector.manager.");

  private static @Nullable Entry entry(int hresult, String call) {
    if (hresult == ERROR_NOT_SUPPORTED && call.equals(CONNECT)) {
      return ONE_MANAGER;
    }
    Entry ofServices = ServiceErrors.concerns(call) ? ServiceErrors.ENTRIES.get(hresult) : null;
    return ofServices != null ? ofServices : ENTRIES.get(hresult);
  }

  static String symbol(int hresult, String call) {
    Entry entry = entry(hresult, call);
    return entry == null ? hex(hresult) : entry.symbol;
  }

  static String advice(int hresult, String call) {
    Entry entry = entry(hresult, call);
    if (entry == null) {
      return "";
    }
    if (hresult == 0x80070057 && call.equals(CONNECT)) {
      return "The driver's connect callback refused the context.";
    }
    return entry.advice;
  }

  static String text(int hresult, String call, String object) {
    Entry entry = entry(hresult, call);
    StringBuilder text = new StringBuilder(call);
    if (!object.isEmpty()) {
      text.append(' ').append(object);
    }
    text.append(": ").append(hex(hresult));
    if (entry != null) {
      text.append(' ').append(entry.symbol).append(", ").append(entry.meaning).append('.');
      String advice = advice(hresult, call);
      if (!advice.isEmpty()) {
        text.append(' ').append(advice);
      }
    }
    return text.toString();
  }
}
