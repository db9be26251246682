// SPDX-License-Identifier: Apache-2.0

/**
 * The Filter Manager for Linux in a jar: {@link io.github.filterport.host.EmbeddedFilterManager}
 * starts it, loads minifilters into it and gives it volumes to filter.
 */
module io.github.filterport.host {
  requires transitive io.github.filterport;
  requires static org.jspecify;
  requires org.slf4j;

  exports io.github.filterport.host;
}
