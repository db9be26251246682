// SPDX-License-Identifier: Apache-2.0
package io.github.filterport;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * A value below a service's registry key, {@code
 * HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Services\<service>}.
 *
 * @param key subkey, empty for the service's own
 * @param name the value's name
 * @param data an Integer (REG_DWORD), a String (REG_SZ), or a List of Strings (REG_MULTI_SZ)
 */
public record RegistryValue(String key, String name, Object data) {
  private static final int REG_SZ = 1;
  private static final int REG_DWORD = 4;
  private static final int REG_MULTI_SZ = 7;

  /** Checks the type of the data. */
  public RegistryValue {
    if (!(data instanceof Integer || data instanceof String || data instanceof List)) {
      throw new IllegalArgumentException(
          "data must be an Integer, a String or a List, got " + data.getClass().getName());
    }
  }

  int type() {
    return data instanceof Integer ? REG_DWORD : data instanceof String ? REG_SZ : REG_MULTI_SZ;
  }

  /** The data as the registry stores it. */
  byte[] bytes() {
    if (data instanceof Integer number) {
      return ByteBuffer.allocate(4).order(ByteOrder.LITTLE_ENDIAN).putInt(number).array();
    }
    String text;
    if (data instanceof List<?> list) {
      StringBuilder all = new StringBuilder();
      list.forEach(one -> all.append(one).append('\0'));
      text = all.toString();
    } else {
      text = (String) data;
    }
    return (text + '\0').getBytes(StandardCharsets.UTF_16LE);
  }

  @Override
  public String toString() {
    String value =
        data instanceof Integer number ? String.format("0x%X", number) : "\"" + data + "\"";
    return (key.isEmpty() ? "" : key + "\\") + name + " = " + value;
  }
}
