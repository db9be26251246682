// SPDX-License-Identifier: Apache-2.0

/** Filter Manager communication ports from Java, on Windows, Linux and Wine. */
module io.github.filterport {
  requires static transitive org.jspecify;
  requires static jdk.jfr;
  requires org.slf4j;
  requires org.scijava.nativelib;

  exports io.github.filterport;
  exports io.github.filterport.guard;
}
