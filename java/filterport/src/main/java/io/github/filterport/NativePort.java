// SPDX-License-Identifier: Apache-2.0
package io.github.filterport;

import java.lang.ref.Cleaner;
import java.nio.ByteBuffer;
import java.nio.charset.Charset;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** A connection through the shim. */
final class NativePort implements PortBackend {
  /** Safety net for what was never closed, and the moment when no buffer of an arena is left. */
  static final Cleaner CLEANER = Cleaner.create();

  private final NativeResources resources;
  private final String name;

  private NativePort(long handle, String name) {
    this.name = name;
    resources = new NativeResources(handle, name);
    CLEANER.register(this, resources::closeForgotten);
  }

  static NativePort connect(Connector connector) throws FilterException {
    FilterportNative.ensureAvailable();
    String manager = connector.managerAddress();
    long[] out = new long[1];
    int result =
        Shim.connect(
            zeroTerminated(connector.name()),
            connector.contextBytes(),
            manager == null ? null : manager.getBytes(fileNames()),
            out);
    if (result < 0) {
      throw FilterException.of(result, Hresult.CONNECT, connector.toString());
    }
    return new NativePort(out[0], connector.name());
  }

  private static char[] zeroTerminated(String text) {
    return Arrays.copyOf(text.toCharArray(), text.length() + 1);
  }

  /** How Java writes file names. */
  private static Charset fileNames() {
    String encoding = System.getProperty("sun.jnu.encoding");
    return encoding != null && Charset.isSupported(encoding)
        ? Charset.forName(encoding)
        : Charset.defaultCharset();
  }

  @Override
  public long send(
      ByteBuffer in,
      int inOffset,
      int inLength,
      @Nullable ByteBuffer out,
      int outOffset,
      int outLength) {
    return Shim.send(resources.port(), in, inOffset, inLength, out, outOffset, outLength);
  }

  @Override
  public Receives openReceives(int readers, ReceiveOptions options) throws FilterException {
    return NativeReceives.open(resources, name, readers, options);
  }

  @Override
  public void close() {
    resources.closePort();
  }
}
