// SPDX-License-Identifier: Apache-2.0
package io.github.filterport;

import java.lang.reflect.Method;

/**
 * com.sun.management.ThreadMXBean's counter, without a dependency of the module on jdk.management.
 */
final class ThreadAllocation {
  private ThreadAllocation() {}

  /** Bytes that the thread has allocated since it began. */
  static long of(Thread thread) {
    try {
      Object bean =
          Class.forName("java.lang.management.ManagementFactory")
              .getMethod("getThreadMXBean")
              .invoke(null);
      Method counter =
          Class.forName("com.sun.management.ThreadMXBean")
              .getMethod("getThreadAllocatedBytes", long.class);
      return (long) counter.invoke(bean, thread.getId());
    } catch (ReflectiveOperationException e) {
      throw new LinkageError("this JVM does not count allocation", e);
    }
  }
}
