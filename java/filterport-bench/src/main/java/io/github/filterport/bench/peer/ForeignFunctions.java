// SPDX-License-Identifier: Apache-2.0
package io.github.filterport.bench.peer;

import java.lang.invoke.MethodHandle;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Optional;

/**
 * java.lang.foreign, final since JDK 22, reached by name, so that this compiles with 17. Only the
 * binding goes through reflection; what it yields are plain method handles.
 */
final class ForeignFunctions {
  private static final String PACKAGE = "java.lang.foreign.";

  private final Object linker;
  private final Object lookup;

  ForeignFunctions(Path library) throws ReflectiveOperationException {
    linker = type("Linker").getMethod("nativeLinker").invoke(null);
    Object arena = type("Arena").getMethod("global").invoke(null);
    lookup =
        type("SymbolLookup")
            .getMethod("libraryLookup", Path.class, type("Arena"))
            .invoke(null, library, arena);
  }

  private static Class<?> type(String name) throws ClassNotFoundException {
    return Class.forName(PACKAGE + name);
  }

  private static Object layout(Class<?> carrier) throws ReflectiveOperationException {
    String name =
        carrier == long.class ? "JAVA_LONG" : carrier == short.class ? "JAVA_SHORT" : "JAVA_INT";
    return type("ValueLayout").getField(name).get(null);
  }

  /** A function's handle; pointers are longs. */
  MethodHandle bind(String function, Class<?> result, Class<?>... parameters)
      throws ReflectiveOperationException {
    Object[] layouts =
        (Object[]) java.lang.reflect.Array.newInstance(type("MemoryLayout"), parameters.length);
    for (int i = 0; i < parameters.length; i++) {
      layouts[i] = layout(parameters[i]);
    }
    Object descriptor =
        type("FunctionDescriptor")
            .getMethod("of", type("MemoryLayout"), layouts.getClass())
            .invoke(null, layout(result), layouts);
    Object address =
        ((Optional<?>)
                type("SymbolLookup").getMethod("find", String.class).invoke(lookup, function))
            .orElseThrow(() -> new NoSuchMethodException(function));
    Object options = java.lang.reflect.Array.newInstance(type("Linker$Option"), 0);
    Method downcall =
        type("Linker")
            .getMethod(
                "downcallHandle",
                type("MemorySegment"),
                type("FunctionDescriptor"),
                options.getClass());
    return (MethodHandle) downcall.invoke(linker, address, descriptor, options);
  }

  static long address(ByteBuffer direct) {
    try {
      Object segment =
          type("MemorySegment").getMethod("ofBuffer", java.nio.Buffer.class).invoke(null, direct);
      return (long) type("MemorySegment").getMethod("address").invoke(segment);
    } catch (ReflectiveOperationException e) {
      throw new LinkageError("MemorySegment", e);
    }
  }

  static ByteBuffer view(long address, long bytes) {
    try {
      Class<?> segments = type("MemorySegment");
      Object segment = segments.getMethod("ofAddress", long.class).invoke(null, address);
      Object sized = segments.getMethod("reinterpret", long.class).invoke(segment, bytes);
      return (ByteBuffer) segments.getMethod("asByteBuffer").invoke(sized);
    } catch (InvocationTargetException e) {
      throw new LinkageError("MemorySegment", e.getCause());
    } catch (ReflectiveOperationException e) {
      throw new LinkageError("MemorySegment", e);
    }
  }
}
